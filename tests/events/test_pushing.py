"""Who keeps up is told at once; who has no room is woken, and misses nothing."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

import events.fact_stream
import events.watch
from events.bus import Topic
from events.chart_stream import ChartAudience, ChartListener, ChartSource, ChartWatch
from events.cursor import Cursors
from events.fact_stream import FactAudience, FactListener, LogWatch, Source
from events.watch import Told
from server.streams import Subscription
from tests.ask import Api
from tests.events.asking import Door, Sending, door, happen
from tests.trending.scene import arrange
from tests.until import until

VIDEOS = """subscription { communityActivity(soundId: "sound_1") {
  __typename ... on VideoPosted { videoId } ... on ResyncRequired { reason } } }"""
LOADED = VIDEOS.replace("videoId", "videoId video { caption }")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Narrow(Sending):
    """One who has no room at times."""

    def __init__(self) -> None:
        super().__init__()
        self.room = asyncio.Event()
        self.room.set()

    def push(self, payload: bytes, cursor: str | None) -> bool:
        return self.room.is_set() and super().push(payload, cursor)

    async def send(self, payload: bytes, cursor: str | None) -> None:
        await self.room.wait()
        super().push(payload, cursor)


async def posted(api: Api, *videos: int) -> None:
    for video in videos:
        await happen(api, "VIDEO_POSTED", sound_id=1, video_id=video)


async def opened(stack: AsyncExitStack, process: Door, *kinds: type[Sending], query: str = VIDEOS) -> list[Any]:
    sendings = [await stack.enter_async_context(process.subscribed(query, outlet=kind())) for kind in kinds]
    for one in sendings:
        assert (await one.next())["__typename"] == "StreamCheckpoint"
    return sendings


async def videos(sending: Sending, count: int) -> list[str]:
    return [(await sending.next())["videoId"] for _ in range(count)]


@pytest.mark.parametrize(("query", "waiting"), [(VIDEOS, 0), (LOADED, 3)])
async def test_of_many_one_has_a_turn_where_something_is_loaded_and_the_others_are_pushed_to(
    api: Api, monkeypatch: pytest.MonkeyPatch, query: str, waiting: int
) -> None:
    monkeypatch.setattr(events.watch, "SLICE", 1)
    monkeypatch.setattr(events.watch, "SETTLING", 10.0)
    turns: list[Subscription] = []
    proceed = Subscription.proceed

    async def counted(one: Subscription, resume: Callable[[], None]) -> bool:
        turns.append(one)
        return await proceed(one, resume)

    await arrange(api)
    async with door(api) as process, AsyncExitStack() as stack:
        sendings = await opened(stack, process, *[Sending] * 20, query=query)
        await posted(api, 9)  # until then nobody knows on what of them an answer depends
        assert [await videos(one, 1) for one in sendings] == [["video_1_9"]] * 20
        monkeypatch.setattr(Subscription, "proceed", counted)
        for video in (1, 2, 3):
            await posted(api, video)
            assert [await videos(one, 1) for one in sendings] == [[f"video_1_{video}"]] * 20
    assert len(turns) == waiting


@pytest.mark.parametrize("most_waiting", [1000, 3])  # with 3 the log has to be read again
async def test_who_has_no_room_gets_all_of_it_later_in_order_and_is_pushed_to_again(
    api: Api, monkeypatch: pytest.MonkeyPatch, most_waiting: int
) -> None:
    monkeypatch.setattr(events.watch, "SLICE", 1)
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", most_waiting)
    await arrange(api)
    async with door(api) as process, AsyncExitStack() as stack:
        # Two that are slow, because one may be the one who has a turn before the others are pushed to.
        *slow, quick = await opened(stack, process, Narrow, Narrow, Sending)
        await posted(api, 1)
        assert [await videos(one, 1) for one in (*slow, quick)] == [["video_1_1"]] * 3
        for one in slow:
            one.room.clear()
        for video in range(2, 9):
            await posted(api, video)
            assert await videos(quick, 1) == [f"video_1_{video}"]
        assert [one.waits for one in slow] == [0, 0]
        for one in slow:
            one.room.set()
            assert await videos(one, 7) == [f"video_1_{video}" for video in range(2, 9)]
        await posted(api, 9)
        assert [await videos(one, 1) for one in (*slow, quick)] == [["video_1_9"]] * 3


async def test_who_has_no_room_for_too_long_is_told_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", 3)
    monkeypatch.setattr(events.fact_stream, "LONGEST", 0.0)
    await arrange(api)
    async with door(api) as process, AsyncExitStack() as stack:
        slow, quick = await opened(stack, process, Narrow, Sending)
        slow.room.clear()
        for video in range(1, 9):
            await posted(api, video)
            assert await videos(quick, 1) == [f"video_1_{video}"]
        (audience,) = process.watch.audiences.values()
        await until(lambda: asyncio.sleep(0, len(audience.listeners) == 1))
        slow.room.set()
        heard = [await slow.next() for _ in range(5)]
        assert [one.get("videoId") for one in heard[:4]] == [f"video_1_{video}" for video in range(1, 5)]
        assert heard[4] == {"__typename": "ResyncRequired", "reason": "OVERFLOW"}


def test_whoever_left_is_told_nothing_by_who_tells_at_the_moment() -> None:
    audience = FactAudience(Source("everything", Topic(frozenset()), lambda _: None))
    taken: list[Told] = []

    def take(told: Told) -> bool:
        taken.append(told)
        return True

    with audience.joined(FactListener(audience, 0)) as listener:
        listener.rest(lambda: None, take)
        listener.tell(told(1))
    listener.tell(told(2))
    assert [one.update["sequence"] for one in taken] == [1]


def told(sequence: int) -> Told:
    return Told({"stream_cursor": "", "sequence": sequence}, since=sequence - 1)


async def test_a_chart_is_offered_as_long_as_it_is_taken_and_then_conflated() -> None:
    watch = ChartWatch(Any, Cursors(["s" * 32]), Any, Any, clock=lambda: NOW)  # type: ignore[arg-type]
    audience = ChartAudience(ChartSource("rising", "rising", 2, lambda update: update))
    taken: list[Told] = []
    woken: list[int] = []

    def take_one(told: Told) -> bool:
        if taken:
            return False
        taken.append(told)
        return True

    async def newest(version: int, *sounds: int) -> None:
        entries = [{"sound_id": sound, "rank": rank} for rank, sound in enumerate(sounds, start=1)]
        audience.take({"version": version, "sequence": version, "as_of": NOW, "entries": entries})
        await watch.news(audience, listener.version)
        await watch.tell(audience)

    audience.take({"version": 1, "sequence": 1, "as_of": NOW, "entries": []})
    listener = ChartListener(watch, audience, 1)
    with audience.joined(listener):
        listener.rest(lambda: woken.append(1), take_one)
        await newest(2, 7)
        assert (taken[0].update["entered"], woken) == ([{"sound_id": 7, "rank": 1}], [])
        await newest(3, 8, 7)
        await newest(4, 8)
        assert (len(taken), woken, listener.version) == (1, [1], 2)
        rest = await watch.news(audience, listener.version)
    assert rest is not None
    assert (rest.update["entered"], rest.update["left"]) == ([{"sound_id": 8, "rank": 1}], [7])


def test_those_who_come_at_once_share_a_checkpoint_for_a_second() -> None:
    now = [0.0]
    watch = LogWatch(Any, Cursors(["s" * 32]), clock=lambda: datetime.fromtimestamp(now[0], UTC))
    audience = FactAudience(Source("everything", Topic(frozenset()), lambda _: None))
    first = watch.checkpoint(audience, 5)
    assert watch.checkpoint(audience, 5) is first
    assert watch.checkpoint(audience, 6) is not first
    now[0] = 1.0
    assert watch.checkpoint(audience, 6).update["occurred_at"].timestamp() == 1.0
