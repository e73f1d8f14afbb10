"""The backends that the suite of the bus holds to its contract. One more is one more entry."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from events import log
from events.bus import CHARTS, Bus
from events.outbox import Event, publish_all
from events.postgres import PostgresBus
from tests.ask import Api
from tests.until import PATIENCE


class Backend(NamedTuple):
    """A bus that is open, and what a test does behind its back: facts happen, connections are lost."""

    bus: Bus
    happen: Callable[[Sequence[Event]], Awaitable[None]]
    lose: Callable[[], Awaitable[None]]


@asynccontextmanager
async def postgres(api: Api) -> AsyncIterator[Backend]:
    """NOTIFY and the log."""
    listens = "application_name = 'chorus bus' and datname = current_database()"

    async def happen(events: Sequence[Event]) -> None:
        async with api.database.transaction() as tx:
            await publish_all(tx, events)
        while await log.move(api.database, api.now):
            pass

    async def lose() -> None:
        await api.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where {listens}")

    async with PostgresBus(api.database) as bus:
        with bus.listen(CHARTS) as wakeups:
            assert await wakeups.wait(PATIENCE)  # once it listens it says so, on all channels at once
        yield Backend(bus, happen, lose)


BACKENDS: dict[str, Callable[[Api], AbstractAsyncContextManager[Backend]]] = {"postgres": postgres}
