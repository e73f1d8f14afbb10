"""What a video weighs, and how a batch is summed (properties numbered as in the method)."""

import math
import random
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trending.examples import examples
from tests.trending.weights import is_trusted, trust, weigh
from trending.counters import GLOBAL, HOUR_MICROSECONDS, Uses, sum_by_scope, sum_by_sound
from trending.counting import microseconds
from trending.score import HALF_LIVES, ONE_ACCOUNT

pauses = st.one_of(st.just(0.0), st.floats(0, 10), st.floats(0, 5000))  # hours


def uses(*videos: tuple[int, str, tuple[int, ...], float, float, bool]) -> Uses:
    """Videos as (sound, region, niches, hour, weight, trusted)."""
    sounds, regions, niches, hours, weights, trusted = zip(*videos, strict=True)
    return Uses(
        np.array(sounds, dtype=np.int64),
        regions,
        niches,
        np.array([round(hour * HOUR_MICROSECONDS) for hour in hours], dtype=np.int64),
        np.array(weights, dtype=np.float64),
        np.array(trusted, dtype=np.bool_),
        np.ones(len(videos), dtype=np.int64),
    )


def test_trust_grows_with_the_account() -> None:
    assert trust(0) == pytest.approx(0.1)
    assert trust(14) == pytest.approx(0.1 + 0.9 * (1 - 1 / math.e))
    assert trust(10_000) == pytest.approx(1)
    assert trust(-5) == pytest.approx(0.1)
    assert not is_trusted(29.99)
    assert is_trusted(30)


def test_each_video_of_an_account_on_a_sound_weighs_a_quarter_of_the_one_before() -> None:
    first, earlier = weigh(0, 0, 10_000)
    second, earlier = weigh(earlier, 0, 10_000)
    third, _ = weigh(earlier, 0, 10_000)
    assert (first, second, third) == pytest.approx((1, 1 / 4, 1 / 16))
    assert weigh(1, 1344, 10_000)[0] == pytest.approx(1 / 2)  # after eight weeks half of the earlier one is left
    assert weigh(1, -7, 10_000) == weigh(1, 0, 10_000)


@given(st.lists(pauses, min_size=1, max_size=60), st.floats(0, 400))
@examples(200)
def test_5_one_account_adds_at_most_four_thirds_of_its_trust(gaps: list[float], age_days: float) -> None:
    counters, earlier, hours = np.zeros(4), 0.0, 0.0
    for gap in gaps:
        hours += gap
        weight, earlier = weigh(earlier, gap, age_days + hours / 24)
        counters = counters * np.exp2(-gap / HALF_LIVES) + weight
        assert 0 <= weight <= 1
        assert (counters <= ONE_ACCOUNT * trust(age_days + hours / 24) + 1e-9).all()


@pytest.mark.parametrize("gap", [0.0, 0.01, 1.0, 24.0, 168.0, 500.0, 1344.0, 3000.0])
def test_5_the_bound_holds_at_any_steady_pace(gap: float) -> None:
    counters, earlier, most = np.zeros(4), 0.0, 0.0
    for _ in range(5000):
        weight, earlier = weigh(earlier, gap, 10_000)
        counters = counters * np.exp2(-gap / HALF_LIVES) + weight
        most = max(most, float(counters.max()))
    assert 1 <= most <= ONE_ACCOUNT + 1e-9


def test_a_video_counts_in_its_region_and_everywhere_for_all_niches_and_each_of_its_own() -> None:
    sums = sum_by_sound(uses((7, "DE", (3, 5), 0, 1, True)))
    assert list(zip(sums.sounds.tolist(), sums.regions, sums.niches.tolist(), strict=True)) == [
        (7, region, niche) for region in ("DE", GLOBAL) for niche in (0, 3, 5)
    ]
    assert (sums.trusted == 1).all()
    assert (sums.young == 0).all()
    assert sums.trusted_videos.tolist() == [1] * 6


def test_sums_are_as_of_the_newest_video_of_each_key() -> None:
    sums = sum_by_sound(uses((1, "DE", (), 0, 1.0, True), (1, "DE", (), 24, 0.5, True), (2, "DE", (), 3, 0.25, False)))
    first, *_ = sums.trusted[sums.sounds == 1]
    assert first == pytest.approx(0.5 + np.exp2(-24 / HALF_LIVES))
    assert set(sums.at[sums.sounds == 1].tolist()) == {24 * HOUR_MICROSECONDS}
    assert sums.young[sums.sounds == 2][0].tolist() == [0.25] * 4


def test_keys_come_in_the_order_of_the_table() -> None:
    sums = sum_by_sound(
        uses(
            (2, "ZZ", (9, 1), 0, 1, True),
            (2, "AT", (), 0, 1, True),
            (1, "US", (4,), 0, 1, True),
            (2, "HU", (), 0, 1, False),
        )
    )
    keys = list(zip(sums.sounds.tolist(), sums.regions, sums.niches.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert len(keys) == 2 + 2 + 1 + 1 + 3 + 3


videos = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["DE", "FR", "ZZ"]),
        st.sets(st.integers(1, 4), max_size=3).map(lambda niches: tuple(sorted(niches))),
        st.floats(0, 3000),
        st.floats(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(videos, st.randoms(use_true_random=False))
@examples(40)
def test_1_2_the_order_is_nothing_and_what_is_taken_away_in_the_same_batch_was_never_there(
    batch: list[tuple[int, str, tuple[int, ...], float, float, bool]], rng: random.Random
) -> None:
    order = rng.sample(range(len(batch)), len(batch))
    once, shuffled = sum_by_sound(uses(*batch)), sum_by_sound(uses(*[batch[place] for place in order]))
    assert (once.sounds == shuffled.sounds).all()
    assert (once.regions, once.niches.tolist()) == (shuffled.regions, shuffled.niches.tolist())
    assert np.allclose(once.trusted, shuffled.trusted, atol=1e-9, rtol=0)
    assert np.allclose(once.young, shuffled.young, atol=1e-9, rtol=0)
    both = uses(*batch, *[batch[place] for place in order])
    signs = np.repeat([1, -1], len(batch))
    nothing = sum_by_sound(Uses(both.sounds, both.regions, both.niches, both.at, both.weights, both.trusted, signs))
    assert np.allclose(nothing.trusted, 0, atol=1e-9)
    assert np.allclose(nothing.young, 0, atol=1e-9)
    assert not nothing.trusted_videos.any()
    assert not nothing.young_videos.any()


@given(videos)
@examples(100)
def test_12_everywhere_is_the_sum_over_the_regions(
    batch: list[tuple[int, str, tuple[int, ...], float, float, bool]],
) -> None:
    for sums in (sum_by_sound(uses(*batch)), sum_by_scope(uses(*batch))):
        newest = sums.at.max()
        left = np.exp2(-(newest - sums.at)[:, None] / HOUR_MICROSECONDS / HALF_LIVES)
        everywhere = np.array([region == GLOBAL for region in sums.regions])
        for column in (sums.trusted * left, sums.young * left, sums.trusted_videos, sums.young_videos):
            for key in set(zip(sums.sounds.tolist(), sums.niches.tolist(), strict=True)):
                of_key = (sums.sounds == key[0]) & (sums.niches == key[1])
                whole = column[of_key & everywhere].sum(axis=0)
                assert np.allclose(whole, column[of_key & ~everywhere].sum(axis=0), atol=1e-9, rtol=0)


@given(videos, st.integers(-(10**15), 10**15))
@examples(50)
def test_4_shifting_all_times_shifts_nothing_else(
    batch: list[tuple[int, str, tuple[int, ...], float, float, bool]], shift: int
) -> None:
    here = uses(*batch)
    there = Uses(here.sounds, here.regions, here.niches, here.at + shift, here.weights, here.trusted, here.signs)
    one, other = sum_by_sound(here), sum_by_sound(there)
    assert (other.at - one.at == shift).all()
    assert np.allclose(one.trusted, other.trusted, atol=1e-12, rtol=0)


def test_times_keep_their_microseconds() -> None:
    assert microseconds(datetime(2026, 11, 22, 12, 30, 15, 123457, tzinfo=UTC)) % 1_000_000 == 123457
