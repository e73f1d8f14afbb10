"""What a listener to a chart is told: a checkpoint, the chart, each new version, and a checkpoint where it is quiet."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from db.errors import DatabaseUnavailable
from events.cursor import BadCursor
from events.log import Head
from events.postgres import PostgresBus
from events.streams import ChartWatch, trending_stream
from tests.ask import Api
from tests.trending.scene import arrange, later, post, settle, worker
from tests.until import until
from trending.charts import ChartKey, chart_reader
from trending.counters import GLOBAL
from trending.demand import Demand

RISING = ChartKey(GLOBAL, 0, "HOUR", "BREAKOUT")
Stream = Callable[..., Any]


@asynccontextmanager
async def watching(api: Api) -> AsyncIterator[tuple[ChartWatch, Stream]]:
    """A watch over a bus, and a way to open streams on it."""
    async with PostgresBus(api.database) as bus:
        watch = ChartWatch(bus, chart_reader(api.database, Demand(), lambda: api.now))

        def stream(key: ChartKey = RISING, **options: Any) -> Any:
            wish: dict[str, Any] = {"first": 50, "clock": lambda: api.now} | options
            return aclosing(trending_stream(watch, api.cursors, key, **wish))

        yield watch, stream


async def told(updates: Any) -> dict[str, Any]:
    async with asyncio.timeout(10):
        update: dict[str, Any] = await anext(updates)
        return update


async def burst(api: Api, sound: int, *, creators: range = range(1, 16)) -> None:
    for creator in creators:
        await post(api, sound, creator)


def ranks(update: Mapping[str, Any]) -> list[tuple[int, int, int | None, int, bool]]:
    columns = ("sound_id", "rank", "previous_rank", "peak_rank", "is_new")
    return [tuple(entry[column] for column in columns) for entry in update["entries"]]


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
        assert ranks(second) == [(2, 1, None, 1, True), (1, 2, 1, 1, False)]
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
    async with watching(api) as (watch, stream), stream(quiet=0.05) as updates:
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
    async with watching(api) as (_, stream), stream(quiet=0.02) as updates:
        sequences = [(await told(updates))["sequence"] for _ in range(4)]
        await burst(api, 2)
        await later(api, by, seconds=5)
        sequences += [(await told(updates))["sequence"] for _ in range(4)]
        assert sequences == sorted(sequences)


async def test_who_comes_back_gets_the_chart_only_if_it_is_another(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    async with watching(api) as (_, stream):
        async with stream() as updates:
            checkpoint, snapshot = await told(updates), await told(updates)
        async with stream(after=snapshot["cursor"], quiet=0.05) as updates:
            assert [(await told(updates))["__typename"] for _ in range(2)] == ["StreamCheckpoint", "StreamCheckpoint"]
        async with stream(after=checkpoint["cursor"]) as updates:
            assert [(await told(updates))["__typename"] for _ in range(2)] == ["StreamCheckpoint", "TrendingSnapshot"]
        await api.sql("update log_head set epoch = 2")
        async with stream(after=snapshot["cursor"]) as updates:
            assert [(await told(updates))["__typename"] for _ in range(2)] == ["StreamCheckpoint", "TrendingSnapshot"]


async def test_a_cursor_of_another_chart_is_refused(api: Api) -> None:
    async with watching(api) as (_, stream):
        async with stream(RISING._replace(window="DAY")) as updates:
            cursor = (await told(updates))["cursor"]
        for wrong in (cursor, "nonsense"):
            async with stream(after=wrong) as updates:
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
        watch = ChartWatch(bus, read)
        stream = trending_stream(watch, api.cursors, RISING, first=5, clock=lambda: api.now)
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
        stream = trending_stream(ChartWatch(bus, read), api.cursors, RISING, first=5, clock=lambda: api.now)
        with pytest.raises(ZeroDivisionError):
            await told(stream)


async def test_nobody_is_left_watching_when_the_last_listener_has_gone(api: Api) -> None:
    before = asyncio.all_tasks()
    async with PostgresBus(api.database) as bus:
        watch = ChartWatch(bus, chart_reader(api.database, Demand(), lambda: api.now))
        with watch.listen(RISING) as listener:
            await listener.first()
            with watch.listen(RISING):
                pass
            assert len(asyncio.all_tasks() - before) == 2  # the bus and the watch
        await until(lambda: asyncio.sleep(0, len(asyncio.all_tasks() - before) == 1))
        with watch.listen(RISING) as listener:
            assert (await listener.first())["version"] == 0


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
        assert ranks(await told(updates)) == [(1, 1, None, 1, True)]


async def test_asking_for_a_niche_that_does_not_exist_does_not_end_the_writing_down(api: Api) -> None:
    demand = Demand()
    demand.ask(GLOBAL, 99999, api.now)
    await demand.write(api.database)
