"""How much a sound rises: the arithmetic of the method, on arrays with a row a sound. Every constant of it stands here.

A counter holds four decayed sums, of half-lives of an hour, a day, a week and eight weeks. A window compares the sum of its own half-life
with the next longer one: F is what the sound does now, M what it used to do in as long a time, and the tide G says what everybody did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Pair = tuple[Floats, Floats]  # what a window looks at: the sums of its own half-life, and of the next longer one

NOTHING: Floats = np.zeros(4)
METHOD_VERSION = "1"
HALF_LIVES: Floats = np.array([1.0, 24.0, 168.0, 1344.0])  # hours
YOUNG_SHARE = 0.5  # young accounts add at most half of what trusted ones did
FLOOR = 3.0  # keeps first occurrences finite (SigniTrend, KDD 2014)
SPREAD = 0.25  # how much steady sounds swing around their own pace, in parts of it
PRIOR = 100.0  # the weight of the parent's tide, in videos
LOWEST_TIDE = 0.1
RISING = 3.0  # the least Z of a breakout
ONE_ACCOUNT = 4 / 3  # what one account can add to any counter at most; a sound with no more than that is on no chart
LARGEST_CHART = 1000
NEWEST = 2000  # videos of a window that creators are counted over


@dataclass(frozen=True, slots=True)
class Window:
    """A chart's span. `index` is that of its half-life, `creators` the gate of BREAKOUT, `points` the length of a curve."""

    name: str
    index: int
    creators: int
    points: int

    @property
    def hours(self) -> float:
        return float(HALF_LIVES[self.index])

    @property
    def ratio(self) -> float:
        """k: the next longer half-life, in units of this one."""
        return float(HALF_LIVES[self.index + 1] / HALF_LIVES[self.index])

    @property
    def variance(self) -> float:
        """c_k: the variance of F - M in units of their mean, for a Poisson stream.

        By Campbell's theorem it is the integral of the squared kernel (e^(-t/τ) - e^(-t/kτ)/k)², and the mean is τ times the rate.
        """
        k = self.ratio
        return (k - 1) ** 2 / (2 * k * (k + 1))


HOUR = Window("HOUR", 0, creators=5, points=12)
DAY = Window("DAY", 1, creators=10, points=24)
WEEK = Window("WEEK", 2, creators=25, points=28)
WINDOWS = {window.name: window for window in (HOUR, DAY, WEEK)}


class Scores(NamedTuple):
    """A row a sound: F, G·M, F of trusted accounts alone, and Z."""

    observed: Floats
    expected: Floats
    trusted: Floats
    z: Floats


def decay(sums: Floats, hours: Floats | float) -> Floats:
    """What is left of sums (n, 4) after so many hours (n), which count as none where they are negative."""
    ages = np.maximum(np.asarray(hours, dtype=np.float64), 0.0)
    return np.asarray(sums * np.exp2(-ages[..., np.newaxis] / HALF_LIVES))


def pair(window: Window, sums: Floats) -> Pair:
    """The two columns of sums (n, 4), or of a scope's own (4), that a window looks at."""
    return sums[..., window.index], sums[..., window.index + 1]


def read(trusted: Floats, young: Floats) -> Floats:
    """A = T + min(P, T/2): what only young accounts did counts as nothing."""
    return np.asarray(trusted + np.minimum(young, YOUNG_SHARE * trusted))


def tide(window: Window, total: Floats, parent: Floats | float = 1.0, without: Floats = NOTHING) -> Floats:
    """G: how the whole scope does against its own past, from its sums (4), shrunk towards its parent's tide.

    `without` are sums (n, 4) of trusted accounts to be left out, so that a sound is not compared with itself.
    """
    return _tide(window, pair(window, total), parent, pair(window, without))


def _tide(window: Window, total: Pair, parent: Floats | float, without: Pair) -> Floats:
    now, past = (np.maximum(whole - own, 0.0) for whole, own in zip(total, without, strict=True))
    return np.clip((now + PRIOR * parent) / (past / window.ratio + PRIOR), LOWEST_TIDE, window.ratio)


def tide_along(window: Window, line: Sequence[Floats], without: Pair) -> Floats:
    """G of the last scope of a line, from the sums (4) of each, the widest first: each is shrunk towards the one before it.

    A sound is left out of all of them: in its parent's tide, too, it would explain itself, and fall as more people take it up.
    """
    found: Floats = np.ones(1)
    for sums in line:
        found = _tide(window, pair(window, sums), found, without)
    return found


def score(window: Window, trusted: Floats, young: Floats, total: Floats, parent: Floats | float = 1.0) -> Scores:
    """Z of each sound, from sums (n, 4) of trusted and of young accounts and the scope's own (4), all as of one time.

    Small sounds are judged by Poisson significance; for large ones Z tends to (F/(G·M) - 1)/0.25, relative growth alone.
    """
    return score_pairs(window, pair(window, trusted), pair(window, young), tide(window, total, parent, trusted))


def score_pairs(window: Window, trusted: Pair, young: Pair, tide: Floats) -> Scores:
    """The same from the tide, and of the sums the two columns that the window looks at."""
    observed, past = (read(*sums) for sums in zip(trusted, young, strict=True))
    expected = tide * past / window.ratio
    mean = expected + FLOOR
    z = (observed - expected) / np.sqrt(window.variance * mean + (SPREAD * mean) ** 2)
    return Scores(observed, expected, trusted[0], z)


def candidates(scores: Scores) -> NDArray[np.intp]:
    """The rows that are rising, whose creators are worth counting."""
    return np.flatnonzero((scores.z >= RISING) & (scores.trusted > ONE_ACCOUNT))


def breakouts(window: Window, scores: Scores, ids: Integers, creators: Integers) -> NDArray[np.intp]:
    """The rows of the BREAKOUT chart in its order; `creators` are the distinct trusted ones of the window."""
    rows = candidates(scores)
    return _chart(rows[creators[rows] >= window.creators], scores.z, scores.observed, ids)


def popular(scores: Scores, ids: Integers) -> NDArray[np.intp]:
    """The rows of the POPULAR chart in its order."""
    return _chart(np.flatnonzero(scores.trusted > ONE_ACCOUNT), scores.observed, scores.z, ids)


def _chart(rows: NDArray[np.intp], first: Floats, second: Floats, ids: Integers) -> NDArray[np.intp]:
    # The largest by `first`, ties by `second`, then by id. Only what can be on the chart is sorted.
    if len(rows) > LARGEST_CHART:
        last = np.partition(first[rows], -LARGEST_CHART)[-LARGEST_CHART]
        rows = rows[first[rows] >= last]
    return rows[np.lexsort((ids[rows], -second[rows], -first[rows]))][:LARGEST_CHART]
