"""Subscriptions as a transport asks for them, without one: who asks, and what each is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from events import log
from events.fact_stream import LogWatch
from events.outbox import publish
from events.postgres import PostgresBus
from resolvers.context import Context
from resolvers.streams import mark, observed
from schema import build_schema
from server.operation import Operations
from server.streams import Sent, Sharing, Streams
from tests.ask import EXECUTOR, Api


class Door:
    """One process: what its subscriptions share."""

    def __init__(self, api: Api, watch: LogWatch) -> None:
        self.api = api
        self.watch = watch
        self.operations = Operations(build_schema(EXECUTOR))
        self.streams = Streams(self.operations, Sharing(observed, mark))

    @asynccontextmanager
    async def subscribed(
        self, query: str, *, viewer: int | None = None, site: str = "http://chorus", **variables: Any
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
        async with aclosing(self.streams.events(operation, variables, ctx)) as events:
            yield Sending(events)


class Sending:
    """What one subscriber is sent."""

    def __init__(self, events: Any) -> None:
        self._events = events

    async def sent(self) -> Sent:
        async with asyncio.timeout(10):
            return await anext(self._events)

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
