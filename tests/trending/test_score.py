"""The score has the properties that the method promises (numbered as there)."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.trending.examples import LONG, examples
from trending.score import (
    DAY,
    HALF_LIVES,
    HOUR,
    LARGEST_CHART,
    LOWEST_TIDE,
    ONE_ACCOUNT,
    RISING,
    SPREAD,
    WEEK,
    WINDOWS,
    Floats,
    Window,
    breakouts,
    decay,
    popular,
    read,
    score,
    tide,
)

windows = st.sampled_from(list(WINDOWS.values()))
ages = st.floats(0, 20_000)  # hours
weights = st.floats(0, 1)
uses = st.lists(st.tuples(ages, weights), max_size=8)
totals = st.lists(st.tuples(ages, st.floats(0, 5000)), max_size=4)


def sums(history: list[tuple[float, float]]) -> Floats:
    """The four sums that videos of these ages and weights leave."""
    left = [decay(np.full((1, 4), weight), np.array([age]))[0] for age, weight in history]
    return np.asarray(np.sum(left, axis=0)) if left else np.zeros(4)


def one(
    window: Window, trusted: Floats, young: Floats | None = None, total: Floats | None = None, parent: float = 1.0
) -> float:
    """Z of a single sound; without a total the tide is its parent's."""
    young = np.zeros(4) if young is None else young
    scores = score(window, trusted[None], young[None], trusted if total is None else total, parent)
    return float(scores.z[0])


def steady(rate: float, multiple: float = 1.0, hours: float = 0.0) -> Floats:
    """The sums of a sound with `rate` creators an hour for ever, and `multiple` times as many in the last `hours`."""
    lives = HALF_LIVES / np.log(2)
    return np.asarray(rate * lives * (1 + (multiple - 1) * -np.expm1(-hours / lives)))


def test_constants_are_those_of_the_method() -> None:
    assert [window.ratio for window in (HOUR, DAY, WEEK)] == [24, 7, 8]
    assert [round(window.variance, 4) for window in (HOUR, DAY, WEEK)] == [0.4408, 0.3214, 0.3403]
    assert [window.creators for window in (HOUR, DAY, WEEK)] == [5, 10, 25]


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_variance_is_that_of_a_poisson_stream(window: Window) -> None:
    rng = np.random.default_rng(1)
    rate, hours, short = 20.0, 12 * window.hours * window.ratio, HALF_LIVES[window.index] / np.log(2)
    differences = []
    for _ in range(4000):
        past = rng.uniform(0, hours, rng.poisson(rate * hours / window.hours))
        differences.append(np.exp(-past / short).sum() - np.exp(-past / short / window.ratio).sum() / window.ratio)
    mean = rate / window.hours * short
    assert np.var(differences) == pytest.approx(window.variance * mean, rel=0.08)


@given(windows, st.lists(st.integers(0, 20), min_size=1, max_size=30), st.floats(-1000, 1000))
@examples(50)
def test_4_shifting_all_times_shifts_nothing_else(window: Window, hours: list[int], shift: float) -> None:
    now = 100.0
    here = one(window, sums([(now - hour, 1.0) for hour in hours]))
    there = one(window, sums([((now + shift) - (hour + shift), 1.0) for hour in hours]))
    assert there == pytest.approx(here, abs=1e-9)


@given(windows, uses)
@examples(100)
def test_6_only_young_accounts_is_nothing(window: Window, young: list[tuple[float, float]]) -> None:
    scores = score(window, np.zeros((1, 4)), sums(young)[None], np.full(4, 1e6))
    assert scores.observed[0] == 0
    assert len(popular(scores, np.array([1]))) == 0
    assert len(breakouts(window, scores, np.array([1]), np.array([2000]))) == 0


@given(windows, uses, uses, totals, st.floats(0.05, 50), st.floats(0.1, 1), st.integers(1, 50))
@examples(100)
def test_7_more_trusted_creators_now_never_lower_z(
    window: Window,
    trusted: list[tuple[float, float]],
    young: list[tuple[float, float]],
    others: list[tuple[float, float]],
    parent: float,
    weight: float,
    creators: int,
) -> None:
    own, rest, of_young = sums(trusted), sums(others), sums(young)
    # Where young accounts did more in the long run than is counted, a trusted creator admits some of that past as well.
    assume(of_young[window.index + 1] <= own[window.index + 1] / 2)
    before = one(window, own, of_young, rest + own, parent)
    more = own + creators * weight
    after = one(window, more, of_young, rest + more, parent)
    assert after >= before - 1e-9


@given(windows, uses, st.floats(0, 1))
@examples(30)
def test_7_a_trusted_creator_admits_at_most_half_as_much_of_the_young(
    window: Window, trusted: list[tuple[float, float]], weight: float
) -> None:
    own, crowd = sums(trusted), np.full(4, 1e6)
    gained = read(own + weight, crowd) - read(own, crowd)
    assert np.allclose(gained, 1.5 * weight)


@given(
    windows,
    st.lists(st.tuples(st.floats(300, 30_000), st.floats(0.1, 20)), min_size=3, max_size=20),
    st.floats(0.3, 3),
    st.floats(0.2, 1),
)
@examples(100)
def test_8_a_tide_over_all_traffic_leaves_the_ranks(
    window: Window, sounds: list[tuple[float, float]], flood: float, length: float
) -> None:
    # Each sound has its rate and a multiple of it in the last window; the tide multiplies all traffic in a part of that window.
    def z(swell: float) -> Floats:
        hours = window.hours
        own = []
        for size, multiple in sounds:
            rate = size / hours
            calm, rise = steady(rate), steady(rate, multiple, hours) - steady(rate)
            part = (steady(rate, 2.0, hours * length) - steady(rate)) * multiple
            own.append(calm + rise + (swell - 1) * part)
        trusted = np.array(own)
        crowd = steady(5e6 / hours) + (swell - 1) * (steady(5e6 / hours, 2.0, hours * length) - steady(5e6 / hours))
        return score(window, trusted, np.zeros_like(trusted), crowd + trusted.sum(axis=0)).z

    calm, flooded = z(1.0), z(flood)
    for i in range(len(sounds)):
        for j in range(len(sounds)):
            if sounds[i][1] > sounds[j][1] * 1.3:
                assert calm[i] > calm[j]
                assert flooded[i] > flooded[j]


@given(windows, st.floats(50, 1e6), st.floats(50, 1e6), st.floats(1.5, 20))
@examples(80)
def test_9_the_same_multiple_at_another_size_gives_the_same_score(
    window: Window, one_mean: float, other_mean: float, multiple: float
) -> None:
    def z(mean: float) -> float:
        past = mean - 3  # μ = G·M + 3
        own = np.zeros(4)
        own[window.index], own[window.index + 1] = past * multiple, past * window.ratio
        # Its scope did as much as ever, so that the tide is 1.
        scores = score(window, own[None], np.zeros((1, 4)), own)
        assert scores.expected[0] == pytest.approx(past)
        return float(scores.z[0])

    assert z(one_mean) == pytest.approx(z(other_mean), rel=0.15)


def test_10_steady_streams_that_swing_seldom_look_like_breakouts() -> None:
    # Poisson within the hour; the rate itself swings by a gamma of 25 % from hour to hour, over a daily cycle that is everybody's tide.
    rng = np.random.default_rng(10)
    sounds, hours, warm = 3000, 24 * (60 if LONG else 25), 24 * 10
    rates = np.exp(rng.uniform(np.log(0.05), np.log(500), sounds))
    own = steady(1.0)[None] * rates[:, None]
    left = np.exp2(-1 / HALF_LIVES)
    middle = np.exp2(-0.5 / HALF_LIVES)
    rising = seen = 0
    for hour in range(hours):
        cycle = 1 + 0.6 * np.sin(2 * np.pi * hour / 24)
        swing = rng.gamma(1 / SPREAD**2, SPREAD**2, sounds)
        own = own * left + rng.poisson(rates * cycle * swing)[:, None] * middle
        if hour >= warm:
            z = score(HOUR, own, np.zeros_like(own), own.sum(axis=0)).z
            rising, seen = rising + int((z >= RISING).sum()), seen + sounds
    assert rising / seen <= 0.0005


@given(windows, uses, st.lists(st.floats(0, 3), min_size=2, max_size=10))
@examples(80)
def test_11_z_falls_in_silence_and_stays_down(
    window: Window, history: list[tuple[float, float]], steps: list[float]
) -> None:
    own = sums(history)
    quiet = np.zeros(4)
    lives = {"HOUR": 4.8, "DAY": 3.3, "WEEK": 3.45}[window.name]
    before = one(window, own, total=quiet)
    for step in steps:
        own = decay(own, step * window.hours)
        after = one(window, own, total=quiet)
        assert after <= max(before, 0) + 1e-9
        before = after
    for later in (0.0, 1.0, 10.0, 100.0):
        assert one(window, decay(sums(history), (lives + later) * window.hours), total=quiet) <= 1e-9


def test_11_the_longest_silence_that_a_breakout_survives() -> None:
    for window, lives in ((HOUR, 4.784), (DAY, 3.275), (WEEK, 3.429)):
        burst = np.full(4, 1000.0)
        assert one(window, decay(burst, (lives - 0.01) * window.hours), total=np.zeros(4)) > 0
        assert one(window, decay(burst, (lives + 0.01) * window.hours), total=np.zeros(4)) < 0


@given(st.permutations(range(12)), windows)
@examples(50)
def test_14_order_is_deterministic(order: list[int], window: Window) -> None:
    ids = np.array([40, 10, 30, 20, 50, 60, 70, 80, 90, 100, 110, 120])
    own = np.array([np.full(4, 30.0)] * 6 + [np.full(4, 60.0)] * 3 + [np.full(4, float(n)) for n in (80, 90, 100)])
    creators = np.full(12, 100)

    def charts(rows: list[int]) -> tuple[list[int], list[int]]:
        scores = score(window, own[rows], np.zeros((12, 4)), own.sum(axis=0))
        of_rows = ids[rows]
        return (
            of_rows[breakouts(window, scores, of_rows, creators)].tolist(),
            of_rows[popular(scores, of_rows)].tolist(),
        )

    rising, used = charts(list(order))
    assert (rising, used) == charts(list(range(12)))
    assert used == [120, 110, 100, 70, 80, 90, 10, 20, 30, 40, 50, 60]


@given(windows, totals, st.floats(0, 1e3), uses, uses)
@examples(80)
def test_16_the_tide_keeps_its_bounds_when_one_sound_is_the_whole_scope(
    window: Window,
    others: list[tuple[float, float]],
    parent: float,
    trusted: list[tuple[float, float]],
    young: list[tuple[float, float]],
) -> None:
    own = sums(trusted)
    alone = float(tide(window, own, parent, own[None])[0])
    assert alone == pytest.approx(min(max(parent, LOWEST_TIDE), window.ratio))
    assert LOWEST_TIDE <= float(tide(window, own + sums(others), parent, own[None])[0]) <= window.ratio
    scores = score(window, own[None], sums(young)[None], own, parent)
    assert np.isfinite(scores.z).all()


def test_what_one_account_can_do_is_on_no_chart() -> None:
    farm = np.full((1, 4), ONE_ACCOUNT)
    scores = score(HOUR, farm, np.full((1, 4), 1e6), np.zeros(4))
    assert len(popular(scores, np.array([1]))) == 0
    assert len(breakouts(HOUR, scores, np.array([1]), np.array([2000]))) == 0


def test_charts_are_cut() -> None:
    own = np.tile(np.arange(2.0, 3002.0)[:, None], (1, 4))
    scores = score(HOUR, own, np.zeros_like(own), np.zeros(4))
    ids = np.arange(3000)
    assert popular(scores, ids).tolist() == list(range(2999, 1999, -1))
    assert len(breakouts(HOUR, scores, ids, np.full(3000, 5))) == LARGEST_CHART


def test_breakouts_need_the_creators_of_their_window() -> None:
    burst = np.full((3, 4), 300.0)
    ids = np.array([1, 2, 3])
    for window in WINDOWS.values():
        scores = score(window, burst, np.zeros_like(burst), np.zeros(4))
        creators = np.array([window.creators - 1, window.creators, 2000])
        assert ids[breakouts(window, scores, ids, creators)].tolist() == [2, 3]


@given(uses, uses)
@examples(50)
def test_young_accounts_add_at_most_half(trusted: list[tuple[float, float]], young: list[tuple[float, float]]) -> None:
    own = sums(trusted)
    assert (read(own, sums(young)) <= own * 1.5 + 1e-12).all()
    assert (read(own, sums(young)) >= own).all()
