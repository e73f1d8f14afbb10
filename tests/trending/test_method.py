"""The charts of a real database are those of the method, worked out by an oracle of plain Python. Properties numbered as in the method."""

import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import log
from events.outbox import Event, publish_all
from tests.ask import Api
from tests.trending import oracle
from tests.trending.examples import examples
from tests.trending.scene import OLD, arrange, assert_counts_are_the_facts, post, settle
from trending import counting, scoring
from trending.charts import ChartKey, read_chart
from trending.score import HALF_LIVES, WINDOWS, Window, decay, pair, score_pairs, tide_along

HOUR = timedelta(hours=1)
DELETE = "mutation ($id: ID!) { deleteVideo(input: {videoId: $id}) { __typename } }"


def crowd(seed: int = 5) -> tuple[oracle.Video, ...]:
    """Half a year of ten sounds by two hundred creators in two regions and three niches; three sounds rise in an hour, a day, a week."""
    rng = random.Random(seed)
    drawn = []
    for sound in range(1, 11):
        hours = [rng.expovariate(1 / 900) for _ in range(30)]
        rise = {2: 1, 3: 24, 4: 168}.get(sound, 0)
        hours += [rng.uniform(0, rise) for _ in range(60 if rise else 0)] + [rng.uniform(0, 0.9) for _ in range(3)]
        for ago in hours:
            creator = rng.randint(1, 200)
            niches = tuple(rng.sample((1, 2, 3), rng.choice((0, 1, 1, 3))))
            drawn.append((ago, sound, creator, rng.choice(("DE", "DE", "FR")), niches))
    earlier: dict[tuple[int, int], list[float]] = defaultdict(list)
    videos = []
    for ago, sound, creator, region, niches in sorted(drawn, reverse=True):
        joined = 400 if creator % 5 else 20  # days before now
        days = max(joined - ago / 24, 0)
        weight = oracle.weight([before - ago for before in earlier[sound, creator]], days)
        earlier[sound, creator].append(ago)
        videos.append(oracle.Video(sound, creator, region, niches, ago, days, weight))
    return tuple(videos)


async def tell(api: Api, videos: tuple[oracle.Video, ...]) -> None:
    """Writes the videos, and the facts of them to the log."""
    rows = [
        (n, one.sound, one.creator, one.region, list(one.niches), one.weight, one.trusted, api.now - one.hours * HOUR)
        for n, one in enumerate(videos, start=1)
    ]
    names = ("video_id", "sound_id", "creator_id", "region", "niche_ids", "weight", "trusted")
    unsaid = {"hashtags": [], "new_creator": False}
    facts = [Event("VIDEO_POSTED", row[-1], dict(zip(names, row, strict=False)) | unsaid) for row in rows]
    async with api.database.transaction() as tx:
        await tx.connection.executemany(
            "insert into videos (id, sound_id, creator_id, caption, region, niche_ids, duration_ms, weight, trusted, created_at, new_creator)"
            " values ($1, $2, $3, '', $4, $5, 1, $6, $7, $8, false)",
            rows,
        )
        await tx.connection.execute(
            "insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at)"
            " select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at from videos"
        )
        await publish_all(tx, facts)


async def test_every_chart_of_every_scope_is_the_oracle_s(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "TOGETHER", 3)  # in several parts, as scopes of many sounds are
    await arrange(api, 10)
    videos = crowd()
    await tell(api, videos)
    await settle(api)
    scopes = [(region, niche) for region in ("GLOBAL", "DE", "FR") for niche in range(4)]
    longest: dict[tuple[str, str], int] = defaultdict(int)
    for scope in scopes:
        for window in WINDOWS:
            for kind in ("BREAKOUT", "POPULAR"):
                found = await read_chart(api.database, ChartKey(*scope, window, kind), api.now)
                expected = oracle.chart(videos, scope, window, kind)
                assert found is not None
                assert_is(found["entries"], expected)
                longest[window, kind] = max(longest[window, kind], len(expected))
    assert min(longest.values()) >= 1  # an empty chart proves little


def assert_is(entries: list[dict[str, Any]], expected: list[oracle.Entry]) -> None:
    assert [entry["sound_id"] for entry in entries] == [entry.sound for entry in expected]
    for rank, (entry, (_, score, observed, mean, creators, curve)) in enumerate(
        zip(entries, expected, strict=True), start=1
    ):
        trend = entry["trend"]
        assert (entry["rank"], trend["creator_count"], trend["curve"]) == (rank, creators, curve)
        numbers = (trend["score"], trend["observed"], trend["expected"], trend["growth"])
        assert numbers == pytest.approx((score, observed, mean, observed / mean), rel=1e-9)


async def test_the_weight_of_a_video_is_the_oracle_s(api: Api) -> None:
    await arrange(api)
    begin = api.now
    posted: list[tuple[int, int]] = []
    for hours, creator in ((0, 1), (0, 1), (5, 1), (5, OLD + 1), (700, 1), (2000, 1), (2000, OLD + 1)):
        api.now = begin + hours * HOUR
        await post(api, 1, creator)
        earlier = [hours - before for before, same in posted if same == creator]
        posted.append((hours, creator))
        (row,) = await api.sql("select weight from videos order by id desc limit 1")
        days = (365 if creator == 1 else 7) + hours / 24
        assert row["weight"] == pytest.approx(oracle.weight(earlier, days), rel=1e-6)


async def test_2_13_an_account_whose_videos_go_leaves_no_weight_behind(api: Api) -> None:
    await arrange(api)
    begin = api.now

    async def sums() -> dict[tuple[Any, ...], list[float]]:
        await settle(api)
        rows = await api.sql(
            "select sound_id, region, niche_id, at, trusted || young sums from trend_counters where trusted_videos + young_videos > 0"
            " union all select 0, region, niche_id, at, trusted from trend_scopes where trusted_videos > 0"
        )
        lives = np.tile(HALF_LIVES, 2)
        return {
            tuple(row)[:3]: list(row["sums"] * np.exp2(-((api.now - row["at"]) / HOUR) / lives[: len(row["sums"])]))
            for row in rows
        }

    for hours, creator, sound in ((0, 1, 1), (1, 2, 1), (2, OLD + 1, 1), (2, 1, 2)):
        api.now = begin + hours * HOUR
        await post(api, sound, creator, niches=(1,))
    before = await sums()
    for hours, sound, niche in ((3, 1, 1), (3, 1, 2), (30, 3, 1), (31, 1, 3)):
        api.now = begin + hours * HOUR
        await post(api, sound, 7, niches=(niche,), region="FR")
    assert len(await sums()) > len(before)
    api.now += HOUR
    for video in await api.sql("select 'video_' || sound_id || '_' || id id from videos where creator_id = 7"):
        await api.get(DELETE, viewer=7, id=video["id"])
    after = await sums()
    hours = 32
    assert after.keys() == before.keys()
    for key, left in before.items():
        aged = np.array(left) * np.exp2(-(hours - 2) / np.tile(HALF_LIVES, 2)[: len(left)])
        assert np.allclose(after[key], aged, atol=1e-9, rtol=0), key
    await assert_counts_are_the_facts(api)


async def test_3_the_counters_are_the_sums_of_the_stored_weights(api: Api) -> None:
    await arrange(api, 10)
    videos = crowd(6)
    await tell(api, videos)
    while await log.move(api.database, api.now):
        pass
    while await counting.count(api.database, api.now, 97):
        pass
    for row in await api.sql("select *, $1::timestamptz - at age from trend_counters", api.now):
        scope = (row["region"], row["niche_id"])
        for column, trusted in (("trusted", True), ("young", False)):
            expected = np.zeros(4)
            for one in videos:
                if one.sound == row["sound_id"] and scope in one.scopes and one.trusted is trusted:
                    expected += one.weight * np.exp2(-one.hours / HALF_LIVES)
            assert np.allclose(decay(np.array([row[column]]), row["age"] / HOUR), expected, atol=1e-9, rtol=0)


sums = st.lists(st.tuples(st.floats(0, 20_000), st.floats(0, 5000)), max_size=4).map(
    lambda history: np.sum([weight * np.exp2(-age / HALF_LIVES) for age, weight in history] or [np.zeros(4)], axis=0)
)


@given(st.sampled_from(list(WINDOWS.values())), sums, st.tuples(sums, sums, sums), st.floats(0.1, 1000))
@examples(100)
def test_7_more_creators_never_lower_z_in_the_narrowest_scope_either(
    window: Window, own: Any, others: tuple[Any, Any, Any], more: float
) -> None:
    # What is posted in a niche of a region is posted in all three scopes of its line, whose tides are shrunk towards each other.
    def z(sound: Any) -> float:
        trusted = pair(window, sound[None])
        line = [sound + sum(others[place:], np.zeros(4)) for place in range(3)]
        nobody = pair(window, np.zeros((1, 4)))
        return float(score_pairs(window, trusted, nobody, tide_along(window, line, trusted)).z[0])

    assert z(own + more) >= z(own) - 1e-9
