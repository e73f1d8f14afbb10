"""What a listener to a chart is told: a checkpoint, the chart, what changes with each new version, and a checkpoint where it is quiet."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from db.errors import DatabaseUnavailable
from events.chart_stream import ChartSource, ChartWatch, chart_stream
from events.cursor import BadCursor
from events.log import Head
from events.postgres import PostgresBus
from events.watch import Told
from tests.ask import Api
from tests.trending.scene import arrange, later, post, settle, worker
from tests.until import PATIENCE, until
from trending.charts import ChartKey, chart_reader, version_reader
from trending.counters import GLOBAL
from trending.demand import Demand

RISING = ChartKey(GLOBAL, 0, "HOUR", "BREAKOUT")
Stream = Callable[..., Any]


@asynccontextmanager
async def watching(api: Api, quiet: float = 60.0) -> AsyncIterator[tuple[ChartWatch, Stream]]:
    """A watch over a bus, and a way to open streams on it."""
    async with PostgresBus(api.database) as bus:
        watch = charts(api, bus, quiet=quiet)

        def stream(key: ChartKey = RISING, first: int = 50, after: str | None = None) -> Any:
            return aclosing(chart_stream(watch, source(key, first), after))

        yield watch, stream


def charts(api: Api, bus: PostgresBus, quiet: float = 60.0) -> ChartWatch:
    clock = lambda: api.now  # noqa: E731
    read, version = chart_reader(api.database, Demand(), clock), version_reader(api.database, clock)
    return ChartWatch(bus, api.cursors, read, version, clock=clock, quiet=quiet)


def source(key: ChartKey = RISING, first: int = 50) -> ChartSource:
    return ChartSource(f"{key}|{first}", key, first, lambda update: update)


async def told(updates: Any) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        one: Told = await anext(updates)
        return one.update


async def burst(api: Api, sound: int, *, creators: range = range(1, 16)) -> None:
    for creator in creators:
        await post(api, sound, creator)


def ranks(update: Mapping[str, Any], part: str = "entries") -> list[tuple[int, int, int | None, int, bool]]:
    columns = ("sound_id", "rank", "previous_rank", "peak_rank", "is_new")
    return [tuple(entry[column] for column in columns) for entry in update[part]]


async def test_a_checkpoint_then_the_chart_then_each_new_version(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream), stream() as updates:
        checkpoint, snapshot = await told(updates), await told(updates)
        assert checkpoint["__typename"] == "StreamCheckpoint"
        assert (snapshot["__typename"], ranks(snapshot)) == ("TrendingSnapshot", [(1, 1, None, 1, True)])
        assert (
            snapshot["chart"].items()
            >= {"window": "HOUR", "kind": "BREAKOUT", "region": None, "niche_id": None, "as_of": api.now}.items()
        )
        assert snapshot["sequence"] == 15
        api.now += timedelta(seconds=10)
        await burst(api, 2, creators=range(1, 31))
        await settle(api, by)
        second = await told(updates)
        assert second["__typename"] == "TrendingDelta"
        assert (ranks(second, "entered"), ranks(second, "moved")) == ([(2, 1, None, 1, True)], [(1, 2, 1, 1, False)])
        assert second["chart"]["version"] == snapshot["chart"]["version"] + 1
        assert [update["sequence"] for update in (checkpoint, snapshot, second)] == [15, 15, 45]


async def test_many_listeners_cost_one_read_a_version(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream):
        streams = [stream() for _ in range(50)]
        for updates in streams:
            assert [(await told(updates.thing))["__typename"] for _ in range(2)] == [
                "StreamCheckpoint",
                "TrendingSnapshot",
            ]
        await burst(api, 2)
        sent = api.database.statements = []
        await later(api, by, seconds=5)
        seen = [await told(updates.thing) for updates in streams]
        api.database.statements = None
        assert all(update["chart"] is seen[0]["chart"] for update in seen)
        assert sent.count("chart_slice") == 1
        for updates in streams:
            await updates.thing.aclose()


async def test_a_checkpoint_where_it_is_quiet_says_how_far_the_log_was_counted(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await settle(api, by)
    async with watching(api, quiet=0.05) as (watch, stream), stream() as updates:
        first, empty, quiet = await told(updates), await told(updates), await told(updates)
        assert [first["__typename"], empty["__typename"], quiet["__typename"]] == [
            "StreamCheckpoint",
            "TrendingSnapshot",
            "StreamCheckpoint",
        ]
        assert (empty["entries"], empty["chart"]["version"]) == ([], 0)
        await post(api, 1, 1)
        await settle(api, by)

        async def counted() -> bool:
            return watch.counted.sequence == 1

        await until(counted)
        while (quiet := await told(updates))["sequence"] == 0:
            pass
        assert (quiet["sequence"], quiet["occurred_at"]) == (1, api.now)


async def test_sequences_never_fall(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api, quiet=0.02) as (_, stream), stream() as updates:
        sequences = [(await told(updates))["sequence"] for _ in range(4)]
        await burst(api, 2)
        await later(api, by, seconds=5)
        sequences += [(await told(updates))["sequence"] for _ in range(4)]
        assert sequences == sorted(sequences)


async def test_who_comes_back_is_told_what_changed_since(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api, quiet=0.05) as (_, stream):
        async with stream() as updates:
            checkpoint, snapshot = await told(updates), await told(updates)
        async with stream(after=snapshot["stream_cursor"]) as updates:
            assert await kinds(updates) == ["StreamCheckpoint", "StreamCheckpoint"]
        async with stream(after=checkpoint["stream_cursor"]) as updates:
            assert await kinds(updates) == ["StreamCheckpoint", "TrendingSnapshot"]
        await burst(api, 2, creators=range(1, 31))
        await later(api, by, seconds=5)
        async with stream(after=snapshot["stream_cursor"]) as updates:
            assert (await told(updates))["__typename"] == "StreamCheckpoint"
            delta = await told(updates)
            assert delta["__typename"] == "TrendingDelta"
            assert [entry["sound_id"] for entry in delta["entered"] + delta["moved"]] == [2, 1]
            assert delta["left"] == []


async def test_a_version_that_is_not_kept_and_one_of_another_epoch_are_answered_with_the_chart(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream):
        async with stream() as updates:
            await told(updates)
            first = (await told(updates))["stream_cursor"]
        await burst(api, 2)
        await later(api, by, seconds=5)
        async with stream() as updates:
            await told(updates)
            second = (await told(updates))["stream_cursor"]
        await api.sql("delete from chart_versions c where followed_at is not null")
        await api.sql("update log_head set epoch = 2")
        for cursor in (first, second):
            async with stream(after=cursor) as updates:
                assert await kinds(updates) == ["StreamCheckpoint", "TrendingSnapshot"]


async def kinds(updates: Any) -> list[str]:
    """Of the next two updates."""
    return [(await told(updates))["__typename"] for _ in range(2)]


async def test_a_sound_that_leaves_is_named_in_the_delta(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream), stream(first=1) as updates:
        await told(updates), await told(updates)
        await burst(api, 2, creators=range(1, 31))
        await later(api, by, seconds=5)
        delta = await told(updates)
        assert ([entry["sound_id"] for entry in delta["entered"]], delta["moved"], delta["left"]) == ([2], [], [1])


async def test_who_is_slow_is_told_how_the_newest_version_differs(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream), stream() as quick, stream() as slow:
        for updates in (quick, slow):
            assert await kinds(updates) == ["StreamCheckpoint", "TrendingSnapshot"]
        for sound in (2, 3):
            await burst(api, sound, creators=range(1, 20 + 5 * sound))
            await later(api, by, seconds=5)
            assert [entry["sound_id"] for entry in (await told(quick))["entered"]] == [sound]
        delta = await told(slow)
        assert [entry["sound_id"] for entry in delta["entered"]] == [3, 2]
        assert [(entry["sound_id"], entry["rank"]) for entry in delta["moved"]] == [(1, 3)]


async def test_a_cursor_of_another_chart_asks_to_begin_again_and_nonsense_is_refused(api: Api) -> None:
    async with watching(api) as (_, stream):
        async with stream(RISING._replace(window="DAY")) as updates:
            cursor = (await told(updates))["stream_cursor"]
        async with stream(after=cursor) as updates:
            resync = await told(updates)
            assert (resync["__typename"], resync["reason"]) == ("ResyncRequired", "FILTER_CHANGED")
            with pytest.raises(StopAsyncIteration):
                await told(updates)
        async with stream(after=resync["stream_cursor"]) as updates:
            assert await kinds(updates) == ["StreamCheckpoint", "TrendingSnapshot"]
        async with stream(after="nonsense") as updates:
            with pytest.raises(BadCursor):
                await told(updates)


async def test_a_stream_shows_as_many_entries_as_were_asked_for(api: Api) -> None:
    await arrange(api)
    for sound in (1, 2, 3):
        await burst(api, sound)
    await settle(api)
    async with watching(api) as (_, stream), stream(first=2) as few, stream() as all_of_them:
        await told(few), await told(all_of_them)
        assert len((await told(few))["entries"]) == 2
        assert len((await told(all_of_them))["entries"]) == 3


async def never(_key: Any, _version: int) -> None:
    """No older version is kept."""


async def test_listeners_wait_while_the_database_does_not_answer(api: Api) -> None:
    failing = [True]

    async def read(known: Mapping[Any, int]) -> tuple[Head, dict[Any, Any]]:
        if failing[0]:
            raise DatabaseUnavailable
        return Head(1, 7), {
            key: {"version": 3, "sequence": 7, "as_of": api.now, "entries": []}
            for key, version in known.items()
            if version != 3
        }

    async with PostgresBus(api.database) as bus:
        stream = chart_stream(ChartWatch(bus, api.cursors, read, never), source(), None)
        first = asyncio.create_task(told(stream))
        await asyncio.sleep(0.05)
        assert not first.done()
        failing[0] = False
        assert (await first)["sequence"] == 7
        assert (await told(stream))["chart"]["version"] == 3


async def test_what_the_watch_fails_with_ends_its_streams(api: Api) -> None:
    async def read(_: Mapping[Any, int]) -> tuple[Head, dict[Any, Any]]:
        raise ZeroDivisionError

    async with PostgresBus(api.database) as bus:
        stream = chart_stream(ChartWatch(bus, api.cursors, read, never), source(), None)
        with pytest.raises(ZeroDivisionError):
            await told(stream)


async def test_nobody_is_left_watching_when_the_last_listener_has_gone(api: Api) -> None:
    before = asyncio.all_tasks()
    async with PostgresBus(api.database) as bus:
        watch = charts(api, bus)
        async with aclosing(chart_stream(watch, source(), None)) as updates:
            await told(updates)
            async with aclosing(chart_stream(watch, source(), None)) as others:
                await told(others)
            assert len(asyncio.all_tasks() - before) == 2  # the bus and the watch
        await until(lambda: asyncio.sleep(0, len(asyncio.all_tasks() - before) == 1))
        assert watch.audiences == {}
        async with aclosing(chart_stream(watch, source(), None)) as updates:
            await told(updates)
            assert (await told(updates))["chart"]["version"] == 0


async def test_who_listens_to_a_niche_that_does_not_exist_disturbs_nobody(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    async with (
        watching(api) as (_, stream),
        stream() as updates,
        stream(ChartKey(GLOBAL, 99999, "HOUR", "BREAKOUT")) as odd,
    ):
        for listened in (updates, odd):
            assert [(await told(listened))["__typename"] for _ in range(2)] == ["StreamCheckpoint", "TrendingSnapshot"]
        await burst(api, 1)
        await settle(api, by)
        assert ranks(await told(updates), "entered") == [(1, 1, None, 1, True)]


async def test_asking_for_a_niche_that_does_not_exist_does_not_end_the_writing_down(api: Api) -> None:
    demand = Demand()
    demand.ask(GLOBAL, 99999, api.now)
    await demand.write(api.database)
