"""Readers are woken when there is something to read, and after a lost connection again."""

import asyncio

from events import log
from events.bus import CHARTS, Bus
from events.outbox import publish
from events.postgres import PostgresBus
from tests.ask import Api
from tests.until import until


async def write(api: Api) -> None:
    async with api.database.transaction() as tx:
        await publish(tx, "SOUND_CREATED", api.now, {"sound_id": 1})


async def listening(api: Api) -> None:
    """Returns once a bus of this database listens."""
    listens = "application_name = 'chorus bus' and datname = current_database() and query like 'LISTEN%'"
    await until(lambda: api.sql(f"select from pg_stat_activity where {listens}"))


async def test_a_moved_batch_wakes_who_listens_to_the_log_and_nobody_else(api: Api) -> None:
    async with PostgresBus(api.database) as bus:
        contract: Bus = bus
        with contract.listen(log.CHANNEL) as of_log, contract.listen(CHARTS) as of_charts:
            await listening(api)
            await asyncio.sleep(0.05)
            await of_log.wait(0)
            await of_charts.wait(0)
            await write(api)
            await log.move(api.database, api.now)
            assert await of_log.wait(5)
            assert not await of_charts.wait(0.05)
        head = await contract.head()
        assert [row["type"] for row in await contract.after(head.sequence - 1, 10)] == ["SOUND_CREATED"]


async def test_who_listens_is_woken_after_the_connection_was_lost(api: Api) -> None:
    async with PostgresBus(api.database) as bus:
        with bus.listen(log.CHANNEL) as wakeups:
            await listening(api)
            await asyncio.sleep(0.05)
            await wakeups.wait(0)
            await api.sql(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chorus bus' and datname = current_database()"
            )
            await write(api)
            await log.move(api.database, api.now)
            assert await wakeups.wait(5)  # it may have missed something, so it says so
            await listening(api)
            await wakeups.wait(0.1)
            await write(api)
            await log.move(api.database, api.now)
            assert await wakeups.wait(5)


async def test_any_number_of_wakeups_between_two_waits_is_one(api: Api) -> None:
    bus = PostgresBus(api.database)
    with bus.listen(CHARTS) as wakeups:
        wakeups.wake()
        wakeups.wake()
        assert await wakeups.wait(0)
        assert not await wakeups.wait(0)
