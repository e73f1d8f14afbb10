"""`chorus recount`: nothing in a busy world at any moment, and exactly what was spoiled."""

import asyncio

import pytest
from typer.testing import CliRunner

from cli import cli
from events import log
from tests.ask import Api
from tests.test_facts import ACTS, Crowd, set_scene
from tests.trending.scene import catch_up
from tests.until import until
from trending import counting, plays, recount

SPOILED = {
    "sounds.saves": "update sounds set save_count = save_count + 1 where id = 2",
    "users.following": "update users set following_count = following_count + 3 where id = 1",
    "tracks.plays": "update tracks set play_count = play_count + 1",
    "trend_counters.sums": "update trend_counters set trusted[3] = trusted[3] + 0.00001 where region = 'GLOBAL' and niche_id = 0",
}


@pytest.fixture
async def busy(api: Api) -> Api:
    """A world in which people did everything once or more, of which nothing is counted yet."""
    await set_scene(api)
    await plays.keep(api.database, api.now, 0)
    crowd = Crowd(api, 3)
    for act in [*ACTS, *ACTS]:
        await act(crowd)
    listened = {"eventId": "a", "subjectId": "track_1", "playedAt": api.now.isoformat(), "durationMs": 100}
    await crowd.ask("recordPlays", 1, plays=[listened])
    return api


async def test_what_waits_is_counted_beside_what_is_stored_and_nothing_is_changed(busy: Api) -> None:
    waiting = await busy.sql("select * from outbox order by id")
    assert {"VIDEO_POSTED", "VIDEO_REMOVED", "PLAYS_RECORDED"} < {row["type"] for row in waiting}
    assert await recount.differences(busy.database, busy.now) == {}
    assert await busy.sql("select * from outbox order by id") == waiting
    assert (await busy.sql("select sum(video_count) from sounds"))[0][0] == 0
    await catch_up(busy)
    assert await recount.differences(busy.database, busy.now) == {}
    assert (await busy.sql("select play_count from tracks"))[0][0] == 1
    assert (await busy.sql("select sum(video_count) from sounds"))[0][0] > 0


@pytest.mark.parametrize("waits", [False, True])
async def test_what_was_spoiled_is_named_exactly(busy: Api, waits: bool) -> None:
    await catch_up(busy)
    if waits:
        crowd = Crowd(busy, 4)
        for act in ACTS:
            await act(crowd)
    for statement in SPOILED.values():
        await busy.sql(statement)
    found = await recount.differences(busy.database, busy.now)
    # The sums of a scope are those of its sounds: they differ with them.
    assert set(found) - {"trend_scopes"} == set(SPOILED)
    assert [tuple(row) for row in found["sounds.saves"]] == [(2,)]


async def test_it_is_exact_at_any_moment_while_facts_come_and_are_counted(busy: Api) -> None:
    async def act(seed: int) -> None:
        crowd = Crowd(busy, seed)
        while True:
            await crowd.random.choice(ACTS)(crowd)

    async def work() -> None:
        while True:
            await log.move(busy.database, busy.now, 20)
            await counting.count(busy.database, busy.now, 20)
            await plays.count(busy.database)

    before = (await log.head(busy.database)).counted
    tasks = [asyncio.create_task(task) for task in (act(1), act(2), act(3), work())]
    for _ in range(3):
        assert await recount.differences(busy.database, busy.now) == {}
    await busy.sql(SPOILED["sounds.saves"])
    assert set(await recount.differences(busy.database, busy.now)) == {"sounds.saves"}

    async def counted() -> bool:
        assert not any(task.done() for task in tasks)
        return (await log.head(busy.database)).counted > before

    await until(counted)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_the_command_prints_a_table_and_fails_where_something_differs(busy: Api) -> None:
    asked = ["recount", "--database-url", busy.database.dsn]
    sound = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    assert (sound.exit_code, sound.stdout) == (0, "Every count and sum is what the facts say.\n")
    await busy.sql(SPOILED["sounds.saves"])
    spoiled = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    assert spoiled.exit_code == 1
    assert "sounds.saves" in spoiled.stdout
    assert "tracks.plays" not in spoiled.stdout
