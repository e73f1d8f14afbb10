"""The method once more, straight from its text: plain Python over a list of videos, without a word of Chorus's own code."""

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

HALF_LIVES = (1.0, 24.0, 168.0, 1344.0)
# By window: the place of its half-life, k, the creators that BREAKOUT asks for, the points of a curve.
WINDOWS = {"HOUR": (0, 24, 5, 12), "DAY": (1, 7, 10, 24), "WEEK": (2, 8, 25, 28)}
EVERYWHERE, ALL = "GLOBAL", 0
Scope = tuple[str, int]


class Video(NamedTuple):
    """Posted so many hours ago, by an account of so many days."""

    sound: int
    creator: int
    region: str
    niches: tuple[int, ...]
    hours: float
    account_days: float
    weight: float

    @property
    def trusted(self) -> bool:
        return self.account_days >= 30

    @property
    def scopes(self) -> list[Scope]:
        return [(region, niche) for region in (EVERYWHERE, self.region) for niche in (ALL, *self.niches)]


class Entry(NamedTuple):
    """A line of a chart."""

    sound: int
    score: float
    observed: float
    expected: float
    creators: int
    curve: list[int]


def weight(earlier_hours: Iterable[float], account_days: float) -> float:
    """Of a video, by how many hours before it the same creator used the sound before."""
    a = sum(0.5 ** (hours / 1344) for hours in earlier_hours)
    return (0.1 + 0.9 * (1 - math.exp(-account_days / 14))) * math.pow(0.25, a)


def chart(videos: tuple[Video, ...], scope: Scope, window: str, kind: str) -> list[Entry]:
    """The chart as of now; the sums are kept, for charts share them."""
    place, k, gate, points = WINDOWS[window]
    trusted, young = _sums(videos, scope, trusted=True), _sums(videos, scope, trusted=False)
    found = []
    for sound, t in trusted.items():
        if t[place] <= 4 / 3:
            continue
        p = young.get(sound, [0.0] * 4)
        a = [t[i] + min(p[i], t[i] / 2) for i in range(4)]
        f, m, g = a[place], a[place + 1] / k, _tide(videos, scope, place, k, t)
        mu = g * m + 3
        c = (k - 1) ** 2 / (2 * k * (k + 1))
        z = (f - g * m) / math.sqrt(c * mu + (0.25 * mu) ** 2)
        length = HALF_LIVES[place]
        used = [video for video in videos if video.sound == sound and scope in video.scopes and video.hours < length]
        creators = len({video.creator for video in used if video.trusted})
        curve = [0] * points
        for video in used:
            curve[int((length - video.hours) / length * points)] += 1
        if kind == "POPULAR" or (z >= 3 and creators >= gate):
            found.append(Entry(sound, z, f, g * m, creators, curve))
    if kind == "BREAKOUT":
        return sorted(found, key=lambda entry: (-entry.score, -entry.observed, entry.sound))
    return sorted(found, key=lambda entry: (-entry.observed, -entry.score, entry.sound))


@cache
def _sums(videos: tuple[Video, ...], scope: Scope, *, trusted: bool) -> dict[int, list[float]]:
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0] * 4)
    for video in videos:
        if scope in video.scopes and video.trusted is trusted:
            for i, half_life in enumerate(HALF_LIVES):
                sums[video.sound][i] += video.weight * 0.5 ** (video.hours / half_life)
    return sums


def _tide(videos: tuple[Video, ...], scope: Scope, place: int, k: float, own: list[float]) -> float:
    # G of a scope without this sound's use there, shrunk towards the region's, and that towards everybody's.
    g = 1.0
    for each in dict.fromkeys([(EVERYWHERE, ALL), (scope[0], ALL), scope]):
        sums = _sums(videos, each, trusted=True).values()
        f = sum(one[place] for one in sums) - own[place]
        m = (sum(one[place + 1] for one in sums) - own[place + 1]) / k
        g = min(max((f + 100 * g) / (m + 100), 0.1), k)
    return g
