"""Counts are what the facts say: once each, whatever workers do and wherever they die. Properties numbered as in the method."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import asyncpg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.database import Lent, Transaction
from db.errors import DatabaseUnavailable
from events import log
from events.outbox import Event, publish, publish_all
from tests.ask import Api
from tests.trending.examples import examples
from tests.trending.scene import OLD, YOUNG, arrange, assert_counts_are_the_facts, post, settle
from tests.until import until
from trending import counting
from trending.counters import GLOBAL, Uses, sum_by_scope, sum_by_sound
from trending.counting import EPOCH, MICROSECOND, Overtaken, add_sums
from trending.score import HALF_LIVES

HOUR = timedelta(hours=1)

DELETE = "mutation ($id: ID!) { deleteVideo(input: {videoId: $id}) { __typename } }"
CHANGE = """mutation ($id: ID!, $niches: [ID!]) { updateVideo(input: {videoId: $id, nicheIds: $niches, caption: "#rain"}) { __typename } }"""


async def post_many(api: Api, number: int, seed: int = 1) -> None:
    """Posts at random, old accounts and young ones, over some days; some of it is changed or taken away again."""
    rng = random.Random(seed)
    for _ in range(number):
        api.now += timedelta(seconds=rng.choice([0, 1, 60, 3600, 40_000]))
        await post(
            api,
            sound=rng.randint(1, 4),
            creator=rng.choice([rng.randint(1, 6), rng.randint(1, OLD + YOUNG)]),
            niches=tuple(rng.sample(range(1, 5), rng.randint(0, 3))),
            region=rng.choice(["DE", "FR", "ZZ"]),
            caption=" ".join(rng.sample(["#dance", "#Hamburg", "hello", "#rain"], rng.randint(0, 4))),
        )
        if rng.random() < 0.3:
            videos = await api.sql("select 'video_' || sound_id || '_' || id, creator_id from videos order by id")
            video, creator = rng.choice(videos)
            chosen = {"niches": [f"niche_{rng.randint(1, 5)}"]} if rng.random() < 0.5 else {}
            await api.get(CHANGE if chosen else DELETE, viewer=creator, id=video, **chosen)


async def test_counts_are_the_facts_in_batches_of_any_size(api: Api) -> None:
    await arrange(api)
    for seed, limit in enumerate((1, 7, 100)):
        await post_many(api, 25, seed)
        while await log.move(api.database, api.now):
            pass
        while await counting.count(api.database, api.now, limit):
            pass
        await assert_counts_are_the_facts(api)


async def test_facts_that_are_not_counted_move_the_position_too(api: Api) -> None:
    async with api.database.transaction() as tx:
        await publish_all(tx, [Event("SOUND_CREATED", api.now, {"sound_id": 1})] * 3)
    await log.move(api.database, api.now)
    assert await counting.count(api.database, api.now) == 3
    assert await counting.count(api.database, api.now) == 0


async def test_the_first_video_is_the_earliest_whatever_came_into_the_log_first(api: Api) -> None:
    await arrange(api)
    async with api.database.transaction() as slow:
        await slow.connection.execute("select pg_current_xact_id()")
        api.now += timedelta(seconds=5)
    await post(api, 1, 2)
    await settle(api)
    api.now -= timedelta(seconds=5)
    await post(api, 1, 3)
    api.now += timedelta(seconds=9)
    await settle(api)
    (row,) = await api.sql("select first_video_id, founder_id from sounds where id = 1")
    assert tuple(row) == (2, 3)
    await assert_counts_are_the_facts(api)


async def test_two_that_believe_to_be_the_worker_count_nothing_twice(api: Api) -> None:
    await arrange(api)
    await post_many(api, 12)
    await log.move(api.database, api.now)
    async with api.database.transaction() as held:
        await held.connection.execute("select from consumers for update")
        both = [asyncio.create_task(counting.count(api.database, api.now)) for _ in range(2)]

        async def both_wait() -> bool:
            waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            return len(await api.sql(waiting)) == 2

        await until(both_wait)
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(map(type, answers), key=str) == sorted([int, Overtaken], key=str)
    await assert_counts_are_the_facts(api)


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The connection dies after the statement with this number, counted down; nothing dies below zero."""
    countdown = [-1]
    fetch = Lent.fetch

    async def dying(self: Lent, *args: Any) -> Any:
        rows = await fetch(self, *args)
        countdown[0] -= 1
        if countdown[0] == 0:
            self.connection.terminate()
            raise DatabaseUnavailable
        return rows

    monkeypatch.setattr(Lent, "fetch", dying)
    return countdown


async def test_killed_between_any_two_statements_it_counts_exactly_once(api: Api, kill: list[int]) -> None:
    await arrange(api)
    await post_many(api, 8)
    await log.move(api.database, api.now)
    kills = 0
    while True:
        kill[0] = kills + 1
        try:
            await counting.count(api.database, api.now)
            break
        except (DatabaseUnavailable, asyncpg.InterfaceError):
            kills += 1
        kill[0] = -1
        (row,) = await api.sql(
            "select (select position from consumers where name = 'counts') + (select count(*) from trend_counters) + (select sum(video_count) from sounds)"
        )
        assert row[0] == 0
    kill[0] = -1
    assert kills == 17  # four reads, thirteen writes
    await assert_counts_are_the_facts(api)
    assert await counting.count(api.database, api.now) == 0


async def test_15_a_video_dated_in_the_future_counts_as_of_now(api: Api) -> None:
    await arrange(api)
    body = {
        "sound_id": 1,
        "video_id": 1,
        "creator_id": 1,
        "region": "DE",
        "niche_ids": [],
        "hashtags": [],
        "weight": 1,
        "trusted": True,
        "new_creator": True,
    }
    async with api.database.transaction() as tx:
        await publish(tx, "VIDEO_POSTED", api.now + timedelta(days=3), body)
    await log.move(api.database, api.now)
    await counting.count(api.database, api.now)
    for row in await api.sql("select at, trusted from trend_counters union all select at, trusted from trend_scopes"):
        assert (row["at"], row["trusted"]) == (api.now, [1, 1, 1, 1])


Video = tuple[int, str, tuple[int, ...], int, float, bool]
videos = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(["DE", "FR"]),
        st.sets(st.integers(1, 3), max_size=2).map(lambda niches: tuple(sorted(niches))),
        st.integers(0, 400 * 24 * 3600 * 10**6),  # microseconds: more than a year
        st.floats(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
State = dict[tuple[int, str, int], tuple[int, Any, Any, int, int]]


async def state_after(api: Api, *batches: tuple[int, list[Video]]) -> State:
    """What the tables hold after these batches, each +1 or -1 and its videos: key, time, sums, numbers of videos. Nothing stays."""
    async with api.database.transaction() as tx:
        for sign, batch in batches:
            if batch:
                await _add(tx, sign, batch, api)
        rows = await tx.connection.fetch(
            "select sound_id, region, niche_id, at, trusted, young, trusted_videos, young_videos from trend_counters union all"
            " select 0, region, niche_id, at, trusted, null, trusted_videos, 0 from trend_scopes"
        )
        await tx.connection.execute("delete from trend_counters; delete from trend_scopes")
    return {
        (row["sound_id"], row["region"], row["niche_id"]): (
            (row["at"] - EPOCH) // MICROSECOND,
            np.array(row["trusted"]),
            np.array(row["young"] or [0] * 4),
            row["trusted_videos"],
            row["young_videos"],
        )
        for row in rows
    }


async def _add(tx: Transaction, sign: int, batch: list[Video], api: Api) -> None:
    sounds, regions, niches, at, weights, trusted = zip(*batch, strict=True)
    uses = Uses(
        np.array(sounds), regions, niches, np.array(at), np.array(weights), np.array(trusted), np.full(len(batch), sign)
    )
    await add_sums(tx, sum_by_sound(uses), sum_by_scope(uses), api.now)


def assert_same(one: State, other: State) -> None:
    """The same sums within 1e-9 at the later of their times, and the same numbers of videos; a key without videos is as good as none."""
    for key in one.keys() | other.keys():
        nothing = (0, np.zeros(4), np.zeros(4), 0, 0)
        a, b = one.get(key, nothing), other.get(key, nothing)
        assert a[3:] == b[3:], key
        later = max(a[0], b[0])
        for column in (1, 2):
            here, there = (row[column] * np.exp2(-(later - row[0]) / 3.6e9 / HALF_LIVES) for row in (a, b))
            assert np.allclose(here, there, atol=1e-9, rtol=0), key


@given(videos, st.randoms(use_true_random=False), st.integers(1, 4))
@examples(60)
async def test_1_3_any_order_and_batching_gives_the_state_of_a_rebuild(
    api: Api, batch: list[Video], rng: random.Random, size: int
) -> None:
    rebuilt = await state_after(api, (1, batch))
    shuffled = rng.sample(batch, len(batch))
    parts = [(1, shuffled[start : start + size]) for start in range(0, len(batch), size)]
    incremental = await state_after(api, *parts)
    assert incremental.keys() == rebuilt.keys()
    assert {key: row[0] for key, row in incremental.items()} == {key: row[0] for key, row in rebuilt.items()}
    assert_same(incremental, rebuilt)


@given(videos, videos)
@examples(60)
async def test_2_13_what_is_taken_away_was_never_there(api: Api, kept: list[Video], taken: list[Video]) -> None:
    # Also what suspending an account does: its videos are taken away with the weights that they were stored with.
    after = await state_after(api, (1, kept[:1]), (1, taken), (1, kept[1:]), (-1, taken))
    assert_same(after, await state_after(api, (1, kept)))
    for _, trusted, young, trusted_videos, young_videos in after.values():
        assert trusted_videos > 0 or not trusted.any()  # exactly
        assert young_videos > 0 or not young.any()


@given(videos)
@examples(30)
async def test_12_everywhere_is_the_sum_over_the_regions(api: Api, batch: list[Video]) -> None:
    state = await state_after(api, (1, batch[:3]), (1, batch[3:]))
    for (sound, region, niche), whole in state.items():
        if region == GLOBAL:
            parts = [row for key, row in state.items() if (key[0], key[2]) == (sound, niche) and key[1] != GLOBAL]
            for column in (1, 2):
                left = [row[column] * np.exp2(-(whole[0] - row[0]) / 3.6e9 / HALF_LIVES) for row in parts]
                assert np.allclose(whole[column], np.sum(left, axis=0), atol=1e-9, rtol=0)
            assert whole[3] == sum(row[3] for row in parts)


async def test_sums_of_years_ago_do_not_trip_the_database(api: Api) -> None:
    year = 365 * 24 * 3600 * 10**6
    batches: list[tuple[int, list[Video]]] = [
        (1, [(1, "DE", (), at, weight, True)])
        for at, weight in ((0, 1.0), (9 * year, 1e-300), (40 * year, 0.0), (41 * year, 0.5))
    ]
    state = await state_after(api, *batches)
    assert state[1, "DE", 0][1] == pytest.approx([0.5] * 4, abs=1e-9)
    assert state[1, "DE", 0][3] == 4
