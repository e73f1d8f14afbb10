"""Videos that are posted, and who follows the stream of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from events import log
from events.bus import Fact, Topic
from events.fact_stream import LogWatch, Source, fact_stream
from events.outbox import Event, publish_all
from events.postgres import PostgresBus
from events.watch import Told
from tests.ask import Api
from tests.until import PATIENCE

TYPES = frozenset({"VIDEO_POSTED", "VIDEO_REMOVED"})


def update(fact: Fact) -> dict[str, Any]:
    return {"__typename": "Update", "video": fact["body"]["video_id"]}


def community(sound: int = 1, *, counted: bool = False) -> Source:
    counts = (lambda: {"__typename": "Counts"}) if counted else None
    return Source(f"community|{sound}", Topic(TYPES, "sound_id", sound), update, counts)


EVERYTHING = Source("everything", Topic(TYPES), update)


async def happen(api: Api, *videos: int, sound: int = 1) -> None:
    """Videos are posted with a sound, and stand in the log."""
    await write(api, *videos, sound=sound)
    while await log.move(api.database, api.now):
        pass


async def write(api: Api, *videos: int, sound: int = 1) -> None:
    posted = [Event("VIDEO_POSTED", api.now, {"sound_id": sound, "video_id": video}) for video in videos]
    async with api.database.transaction() as tx:
        await publish_all(tx, posted)


@asynccontextmanager
async def watching(api: Api, **options: Any) -> AsyncIterator[LogWatch]:
    async with PostgresBus(api.database) as bus:
        yield LogWatch(bus, api.cursors, clock=lambda: api.now, **options)


@asynccontextmanager
async def listening(watch: LogWatch, source: Source, after: str | None = None) -> AsyncIterator["Stream"]:
    async with aclosing(fact_stream(watch, source, after)) as told:
        yield Stream(told)


class Stream:
    """A stream, and the last update that it told."""

    def __init__(self, told: Any) -> None:
        self._told = told
        self.cursor = ""

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            one: Told = await anext(self._told)
        self.cursor = one.cursor
        return one.update

    async def kind(self) -> str:
        return (await self.next())["__typename"]  # type: ignore[no-any-return]

    async def videos(self, count: int) -> list[int]:
        """The next updates, which are all of videos."""
        return [(await self.next())["video"] for _ in range(count)]

    async def ends(self, reason: str) -> str:
        """The cursor of a ResyncRequired, which must be next and last."""
        last = await self.next()
        assert (last["__typename"], last["reason"]) == ("ResyncRequired", reason)
        with pytest.raises(StopAsyncIteration):
            await self.next()
        return last["stream_cursor"]  # type: ignore[no-any-return]
