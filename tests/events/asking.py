"""Subscriptions as a transport asks for them, without one: who asks, and what each is sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

from events import log
from events.fact_stream import LogWatch
from events.outbox import publish
from events.postgres import PostgresBus
from resolvers.context import Context
from resolvers.sharing import beside, mark, observed, standing
from schema import build_schema
from server.errors import request_error
from server.operation import Operations
from server.sharing import Sharing
from server.streams import Streams, Subscription
from tests.ask import EXECUTOR, Api
from tests.until import PATIENCE


class Door:
    """One process: what its subscriptions share."""

    def __init__(self, api: Api, watch: LogWatch) -> None:
        self.api = api
        self.watch = watch
        self.operations = Operations(build_schema(EXECUTOR))
        self.streams = Streams(self.operations, Sharing(observed, mark, beside, standing))

    @asynccontextmanager
    async def subscribed(
        self,
        query: str,
        *,
        viewer: int | None = None,
        site: str = "http://chorus",
        outlet: "Sending | None" = None,
        **variables: Any,
    ) -> AsyncIterator["Sending"]:
        """What a subscription sends, for the time of the block."""
        api = self.api
        ctx = Context(
            db=api.database,
            cursors=api.cursors,
            now=api.now,
            clock=lambda: api.now,
            viewer=viewer,
            subject=f"test|{viewer}" if viewer else None,
            site=lambda: site,
        )
        ctx.facts = self.watch
        operation = await self.operations.find(query, None)
        sending = outlet or Sending()
        sending.begin(lambda: self.streams.subscribe(operation, variables, ctx, sending))
        try:
            yield sending
        finally:
            await sending.leave()


class Sent(NamedTuple):
    payload: bytes
    cursor: str | None


class Sending:
    """What one subscriber is sent."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[Sent | Exception] = asyncio.Queue()

    def begin(self, subscribe: Callable[[], Awaitable[Subscription]]) -> None:
        self._task = asyncio.create_task(self._follow(subscribe))

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    def push(self, payload: bytes, cursor: str | None) -> bool:
        self._sent.put_nowait(Sent(payload, cursor))
        return True

    async def send(self, payload: bytes, cursor: str | None) -> None:
        raise AssertionError("there is always room here")

    async def _follow(self, subscribe: Callable[[], Awaitable[Subscription]]) -> None:
        woken = asyncio.Event()
        try:
            async with aclosing(await subscribe()) as subscription:
                while not await subscription.proceed(woken.set):
                    await woken.wait()
                    woken.clear()
        except Exception as error:  # noqa: BLE001  whoever waits for it raises it
            self._sent.put_nowait(request_error(error))

    @property
    def waits(self) -> int:
        """How many it was sent that nobody has looked at."""
        return self._sent.qsize()

    async def sent(self) -> Sent:
        async with asyncio.timeout(PATIENCE):
            sent = await self._sent.get()
        if isinstance(sent, Exception):
            raise sent
        return sent

    async def next(self) -> dict[str, Any]:
        """The update that is sent next."""
        body = json.loads((await self.sent()).payload)
        assert "errors" not in body, body
        (update,) = body["data"].values()
        return update  # type: ignore[no-any-return]


@asynccontextmanager
async def door(api: Api) -> AsyncIterator[Door]:
    async with PostgresBus(api.database) as bus:
        yield Door(api, LogWatch(bus, api.cursors, clock=lambda: api.now))


async def happen(api: Api, type: str, **body: Any) -> None:
    """A fact stands in the log."""
    async with api.database.transaction() as tx:
        await publish(tx, type, api.now, body)
    await moved(api)


async def moved(api: Api) -> None:
    """What happened stands in the log."""
    while await log.move(api.database, api.now):
        pass
