"""A stream of facts tells each once, in order: what was missed first, then what comes; or that it cannot."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

import events.fact_stream
from db.database import Database
from db.errors import DatabaseUnavailable
from events import log
from events.bus import Fact
from events.cursor import BadCursor
from events.fact_stream import LogWatch, Source, fact_stream
from events.outbox import Event, publish_all
from events.postgres import PostgresBus
from events.watch import SLICE, Audience, Listener, Place, Told
from tests.ask import Api
from tests.events.following import EVERYTHING, Stream, community, happen, listening, watching, write
from tests.until import until


async def test_a_checkpoint_and_then_what_happens_from_now_on(api: Api) -> None:
    await happen(api, 1, 2)
    async with watching(api) as watch, listening(watch, community()) as stream:
        begin = await stream.next()
        assert (begin["__typename"], begin["sequence"], begin["occurred_at"]) == ("StreamCheckpoint", 2, api.now)
        await happen(api, 3, sound=2)
        await happen(api, 4)
        told = await stream.next()
        assert (told["video"], told["sequence"], told["occurred_at"]) == (4, 4, api.now)


async def test_what_was_missed_is_told_first_page_by_page(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.fact_stream, "PAGE", 3)
    async with watching(api) as watch:
        async with listening(watch, community()) as stream:
            await stream.next()
        cursor = stream.cursor
        for video in range(1, 11):
            await happen(api, video, sound=1 + video % 2)
        async with listening(watch, community(), cursor) as one, listening(watch, EVERYTHING) as other:
            assert (await one.next())["sequence"] == 0
            assert (await other.next())["sequence"] == 10
            assert await one.videos(5) == [2, 4, 6, 8, 10]
            await happen(api, 12)
            assert await one.videos(1) == await other.videos(1) == [12]
        async with listening(watch, community(), one.cursor) as stream:
            assert (await stream.next())["sequence"] == 11


async def test_no_gap_and_no_duplicate_whenever_somebody_goes_and_comes_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.fact_stream, "PAGE", 7)
    rng, total = random.Random(1), 150
    sounds = [rng.choice([1, 1, 2]) for _ in range(total)]
    wanted = {
        source: [sequence for sequence, sound in enumerate(sounds, start=1) if source.topic.key in (None, sound)]
        for source in (community(), community(2), EVERYTHING)
    }

    async def write_all() -> None:
        for video, sound in enumerate(sounds, start=1):
            await happen(api, video, sound=sound)

    async def follow(watches: list[LogWatch], source: Source) -> list[int]:
        sequences: list[int] = []
        cursor = Place(1, 0, source.name).sign(api.cursors)
        while True:
            # Another process each time: its watch may be behind what the cursor says.
            async with listening(rng.choice(watches), source, cursor) as stream:
                await stream.next()
                for _ in range(rng.randint(0, 9)):
                    sequences.append((await stream.next())["sequence"])
                    if sequences[-1] >= wanted[source][-1]:
                        return sequences
                cursor = stream.cursor

    other = Database(api.database.dsn)
    async with watching(api) as first, PostgresBus(other) as bus:
        watches = [first, LogWatch(bus, api.cursors)]
        writing = asyncio.create_task(write_all())
        seen = await asyncio.gather(*(follow(watches, source) for source in wanted for _ in range(2)))
        await writing
    await other.close()
    assert seen == [sequences for sequences in wanted.values() for _ in range(2)]


async def test_a_transaction_that_commits_late_holds_back_and_loses_nothing(api: Api) -> None:
    async with watching(api) as watch, listening(watch, community()) as stream:
        await stream.next()
        async with api.database.transaction() as late:
            await publish_all(late, [Event("VIDEO_POSTED", api.now, {"sound_id": 1, "video_id": 1})])
            for video in (2, 3, 4):
                await happen(api, video)
            assert (await log.head(api.database)).sequence == 0
            await publish_all(late, [Event("VIDEO_POSTED", api.now, {"sound_id": 1, "video_id": 5})])
        await happen(api, 6)
        assert await stream.videos(6) == [1, 2, 3, 4, 5, 6]


async def test_for_whom_there_is_no_more_room_the_log_is_read_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", 5)
    async with watching(api) as watch, listening(watch, community()) as slow, listening(watch, community()) as quick:
        await joined(api, slow, quick)
        for video in range(2, 30):
            await happen(api, video)
            assert await quick.videos(1) == [video]
        (audience,) = watch.audiences.values()
        assert len(audience.listeners) == 1
        assert await slow.videos(28) == list(range(2, 30))
        waiting = asyncio.create_task(slow.videos(1))
        await happen(api, 30)
        assert await waiting == [30]
        assert len(audience.listeners) == 2


async def test_who_does_not_keep_up_is_told_so_and_can_go_on_from_there(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", 5)
    monkeypatch.setattr(events.fact_stream, "LONGEST", 0.0)
    async with watching(api) as watch:
        async with listening(watch, community()) as slow, listening(watch, community()) as quick:
            await joined(api, slow, quick)
            for video in range(2, 9):
                await happen(api, video)
                assert await quick.videos(1) == [video]
            assert await slow.videos(5) == [2, 3, 4, 5, 6]
            cursor = await slow.ends("OVERFLOW")
        async with listening(watch, community(), cursor) as stream:
            assert (await stream.next())["sequence"] == 8


async def joined(api: Api, *streams: Stream) -> None:
    """Each of them has heard the first video."""
    for stream in streams:
        assert await stream.kind() == "StreamCheckpoint"
    hearing = [asyncio.create_task(stream.videos(1)) for stream in streams]
    await asyncio.sleep(0)
    await happen(api, 1)
    for one in hearing:
        assert await one == [1]


async def test_after_a_late_commit_whoever_reads_gets_all_of_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", 20)
    monkeypatch.setattr(events.fact_stream, "PAGE", 10)
    async with watching(api) as watch, listening(watch, community()) as stream:
        await stream.next()
        async with api.database.transaction() as late:
            await publish_all(late, [Event("VIDEO_POSTED", api.now, {"sound_id": 1, "video_id": 1})])
            await write(api, *range(2, 301))
        hearing = asyncio.create_task(stream.videos(300))
        while await log.move(api.database, api.now):
            pass
        assert await hearing == list(range(1, 301))


async def test_a_new_epoch_ends_what_is_heard_and_what_is_asked_for(api: Api) -> None:
    await happen(api, 1, 2, 3)
    async with watching(api, quiet=0.05) as watch:
        async with listening(watch, community()) as stream:
            assert await stream.kind() == "StreamCheckpoint"
            cursor = stream.cursor
            await api.sql("update log_head set epoch = 2, sequence = 2")
            while (last := await stream.next())["__typename"] == "StreamCheckpoint":
                pass
            assert (last["__typename"], last["reason"], last["sequence"]) == ("ResyncRequired", "EPOCH_CHANGED", 2)
        async with listening(watch, community(), cursor) as stream:
            await stream.ends("EPOCH_CHANGED")
        async with listening(watch, community(), last["stream_cursor"]) as stream:
            assert await stream.kind() == "StreamCheckpoint"


async def test_a_new_epoch_is_heard_of_by_who_was_still_reading_the_old_one(api: Api) -> None:
    await happen(api, 1, 2, 3)
    async with watching(api, quiet=0.05) as watch, listening(watch, community()) as stream:
        assert await stream.kind() == "StreamCheckpoint"
        await api.sql("update log_head set epoch = 2, sequence = 2")
        await until(lambda: asyncio.sleep(0, watch.epoch == 2))
        await stream.ends("EPOCH_CHANGED")


async def test_a_log_that_is_shorter_than_a_cursor_is_another_one(api: Api) -> None:
    await happen(api, 1, 2, 3)
    async with watching(api) as watch:
        ahead = Place(1, 4, "community|1").sign(api.cursors)
        async with listening(watch, community(), ahead) as stream:
            await stream.ends("EPOCH_CHANGED")


async def test_another_filter_and_what_is_too_old_ask_to_begin_again(api: Api) -> None:
    await happen(api, 1, 2, 3)
    await api.sql("update log_head set floor = 2")
    async with watching(api) as watch:
        for source, sequence, reason in ((community(2), 3, "FILTER_CHANGED"), (community(1), 1, "TOO_OLD")):
            cursor = Place(1, sequence, "community|1").sign(api.cursors)
            async with listening(watch, source, cursor) as stream:
                resync = await stream.ends(reason)
            async with listening(watch, source, resync) as stream:
                assert (await stream.next())["sequence"] == 3
        async with listening(watch, community(), Place(1, 2, "community|1").sign(api.cursors)) as stream:
            assert await stream.kind() == "StreamCheckpoint"
            assert await stream.videos(1) == [3]


async def test_a_cursor_that_no_stream_gave_is_refused(api: Api) -> None:
    async with watching(api) as watch:
        for wrong in ("nonsense", api.cursors.sign("a list", [1, 0, "community|1", 0])):
            async with listening(watch, community(), wrong) as stream:
                with pytest.raises(BadCursor):
                    await stream.next()


async def test_where_it_is_quiet_a_checkpoint_says_how_far_all_is_known(api: Api) -> None:
    async with watching(api, quiet=0.05) as watch, listening(watch, community()) as stream:
        await stream.next()
        await happen(api, 1, 2, sound=2)
        while (checkpoint := await stream.next())["sequence"] == 0:
            assert checkpoint["__typename"] == "StreamCheckpoint"
        assert (checkpoint["__typename"], checkpoint["sequence"]) == ("StreamCheckpoint", 2)


async def test_counts_are_told_once_what_happened_is_counted(api: Api) -> None:
    async with watching(api, quiet=0.05) as watch, listening(watch, community(counted=True)) as stream:
        await stream.next()
        await happen(api, 1, 2)
        assert await stream.videos(2) == [1, 2]
        assert await stream.kind() == "StreamCheckpoint"
        await api.sql("update consumers set position = 2 where name = 'counts'")
        while (told := await stream.next())["__typename"] == "StreamCheckpoint":
            pass
        assert (told["__typename"], told["sequence"]) == ("Counts", 2)
        assert await stream.kind() == "StreamCheckpoint"


async def test_many_listeners_cost_one_read_of_each_fact(api: Api) -> None:
    async with watching(api) as watch:
        streams = [fact_stream(watch, community(), None) for _ in range(50)]
        for stream in streams:
            await anext(stream)
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(0)
        sent = api.database.statements = []
        await happen(api, 1)
        told = await asyncio.gather(*waiting)
        api.database.statements = None
        assert sent.count("log_after") == 1
        assert all(one is told[0] for one in told)
        for stream in streams:
            await stream.aclose()


async def test_those_who_come_back_share_what_they_are_told(api: Api) -> None:
    await happen(api, 1)
    cursor = Place(1, 0, "community|1").sign(api.cursors)
    async with watching(api) as watch:
        told = []
        async with listening(watch, community()) as stays:
            await stays.next()
            for _ in range(3):
                async with aclosing(fact_stream(watch, community(), cursor)) as stream:
                    told.append([await anext(stream) for _ in range(2)][1])
        assert all(one is told[0] for one in told)


class Slow(PostgresBus):
    """A bus that gives out no page of the log until it may."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def of(self, *args: Any) -> Sequence[Fact]:
        found = await super().of(*args)
        self.asked.set()
        await self.may.wait()
        return found


async def test_many_who_come_back_at_once_cost_one_read_of_what_they_missed(api: Api) -> None:
    await happen(api, 1, 2)
    cursor = Place(1, 0, "community|1").sign(api.cursors)
    async with Slow(api.database) as bus, AsyncExitStack() as stack:
        watch = LogWatch(bus, api.cursors, clock=lambda: api.now)
        streams = [await stack.enter_async_context(listening(watch, community(), cursor)) for _ in range(20)]
        assert [await stream.kind() for stream in streams] == ["StreamCheckpoint"] * 20
        sent = api.database.statements = []
        hearing = [asyncio.create_task(stream.videos(2)) for stream in streams]
        await bus.asked.wait()
        bus.may.set()
        assert await asyncio.gather(*hearing) == [[1, 2]] * 20
        api.database.statements = None
    assert sent.count("log_of_sound") == 1


async def test_what_is_read_for_somebody_who_has_gone_is_told_to_nobody(api: Api) -> None:
    await happen(api, 1, 2)
    cursor = Place(1, 0, "community|1").sign(api.cursors)
    async with Slow(api.database) as bus:
        watch = LogWatch(bus, api.cursors, clock=lambda: api.now)
        async with listening(watch, community(), cursor) as goes:
            await goes.next()
            hearing = asyncio.create_task(goes.next())
            await bus.asked.wait()
            hearing.cancel()
            await asyncio.wait([hearing])
        bus.may.set()
        for video in (1, 2):
            async with listening(watch, community(), cursor) as stream:
                assert await stream.kind() == "StreamCheckpoint"
                assert await stream.videos(1) == [video]
                cursor = stream.cursor


class Failing(PostgresBus):
    """A bus whose head cannot be read for a while."""

    error: Exception | None = None

    async def head(self) -> log.Head:
        if self.error is not None:
            raise self.error
        return await super().head()


async def test_listeners_wait_while_the_database_does_not_answer_and_then_miss_nothing(api: Api) -> None:
    async with Failing(api.database) as bus:
        watch = LogWatch(bus, api.cursors, clock=lambda: api.now)
        async with listening(watch, community()) as stream:
            await stream.next()
            waiting = asyncio.create_task(stream.videos(3))
            bus.error = DatabaseUnavailable()
            await happen(api, 1, 2)
            await asyncio.sleep(0.05)
            assert not waiting.done()
            bus.error = None
            await happen(api, 3)
            assert await waiting == [1, 2, 3]


async def test_what_the_watch_fails_with_ends_its_streams_and_the_next_begin_anew(api: Api) -> None:
    async with Failing(api.database) as bus:
        watch = LogWatch(bus, api.cursors, clock=lambda: api.now)
        async with listening(watch, community()) as stream, listening(watch, community(2)) as other:
            await stream.next(), await other.next()
            waiting = asyncio.create_task(stream.next())
            bus.error = ZeroDivisionError()
            await happen(api, 1)
            with pytest.raises(ZeroDivisionError):
                await waiting
            with pytest.raises(ZeroDivisionError):
                await other.next()
        bus.error = None
        async with listening(watch, community()) as stream:
            assert (await stream.next())["sequence"] == 1
            await happen(api, 2)
            assert await stream.videos(1) == [2]


async def test_what_is_told_to_many_is_told_in_slices() -> None:
    class Counting(Listener):
        def tell(self, _: Told | None) -> None:
            told.append(1)

    told: list[int] = []
    turns: list[int] = []
    watch = LogWatch(None, None)
    audience: Any = Audience("many")
    audience.listeners = {Counting() for _ in range(3 * SLICE + 1)}

    async def beside() -> None:
        while len(told) < 3 * SLICE + 1:
            turns.append(len(told))
            await asyncio.sleep(0)

    task = asyncio.create_task(beside())
    await watch.tell(audience)
    await task
    assert turns == [1, SLICE, 2 * SLICE, 3 * SLICE]


async def test_nothing_is_left_when_the_last_listener_has_gone(api: Api) -> None:
    before = asyncio.all_tasks()
    async with watching(api) as watch:
        async with listening(watch, community()) as stream:
            await stream.next()
        await until(lambda: asyncio.sleep(0, len(asyncio.all_tasks() - before) == 1))  # the bus
        assert (watch.audiences, watch._concerned) == ({}, {})
