"""What a video weighs, and what a batch of videos adds to each counter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from trending.score import HALF_LIVES, Floats, Integers, decay

REPEAT = 0.25  # each earlier video of the same creator on the same sound leaves a quarter of the weight
LONGEST = float(
    HALF_LIVES[-1]
)  # earlier videos fade as slowly as the slowest counter: faster, and a patient account gathers four times its trust
NEWCOMER = 0.1  # the trust of an account in its first hour
TRUST_DAYS = 14.0
TRUSTED_DAYS = 30.0
GLOBAL = "GLOBAL"
ALL_NICHES = 0
HOUR_MICROSECONDS = 3_600_000_000


def trust(account_age_days: float) -> float:
    """q: from 0.1 for a new account towards 1, two thirds of the way in two weeks."""
    return float(NEWCOMER + (1 - NEWCOMER) * -np.expm1(-max(account_age_days, 0.0) / TRUST_DAYS))


def is_trusted(account_age_days: float) -> bool:
    """Whether a video of an account of this age counts among the trusted ones, for good."""
    return account_age_days >= TRUSTED_DAYS


def weigh(earlier: float, hours_since: float, account_age_days: float) -> tuple[float, float]:
    """The weight of a creator's next video on a sound, and the `earlier` to store with the creator now.

    `earlier` is what was stored `hours_since` ago, 0 for a first video. The weights of one account, decayed in any counter, add up to at
    most 4/3 of its trust: the sum S stays below 4/3·(1 - 4^-earlier) as a video is added, and as both fade.
    """
    faded = earlier * float(np.exp2(-max(hours_since, 0.0) / LONGEST))
    return trust(account_age_days) * REPEAT**faded, faded + 1


@dataclass(frozen=True, slots=True)
class Uses:
    """Columns, a row a video: when it counts (microseconds), what it weighs, and +1 as it is added or -1 as it is taken away."""

    sounds: Integers
    regions: Sequence[str]
    niches: Sequence[Sequence[int]]
    at: Integers
    weights: Floats
    trusted: NDArray[np.bool_]
    signs: Integers

    def __len__(self) -> int:
        return len(self.sounds)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a batch adds, a row a key, in the keys' order; the sums (n, 4) are as of `at`, the newest video of the key."""

    sounds: Integers
    regions: list[str]
    niches: Integers
    at: Integers
    trusted: Floats
    young: Floats
    trusted_videos: Integers
    young_videos: Integers

    def __len__(self) -> int:
        return len(self.sounds)

    def parts(self, size: int) -> Iterator["Sums"]:
        """The same rows, at most so many at a time."""
        for start in range(0, len(self), size):
            yield self._rows(np.arange(start, min(start + size, len(self))))

    def _rows(self, rows: NDArray[np.intp]) -> "Sums":
        return Sums(
            self.sounds[rows],
            [self.regions[row] for row in rows],
            self.niches[rows],
            self.at[rows],
            self.trusted[rows],
            self.young[rows],
            self.trusted_videos[rows],
            self.young_videos[rows],
        )


def sum_by_sound(uses: Uses) -> Sums:
    """A row for each sound in each scope it was used in: 2 + 2·niches scopes a video."""
    uses_in_scopes = _in_scopes(uses)
    return _sum(uses_in_scopes, uses.sounds[uses_in_scopes.rows])


def sum_by_scope(uses: Uses) -> Sums:
    """A row for each scope as a whole; its `sounds` are 0."""
    uses_in_scopes = _in_scopes(uses)
    return _sum(uses_in_scopes, np.zeros(len(uses_in_scopes.rows), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _InScopes:
    # Each video once a scope: its row in `uses`, the code of the region and the niche.
    uses: Uses
    rows: Integers
    regions: Integers
    niches: Integers
    names: list[str]  # of the regions, by code; codes follow the names' order, which is the table's


def _in_scopes(uses: Uses) -> _InScopes:
    names = sorted({GLOBAL, *uses.regions})
    codes = {name: code for code, name in enumerate(names)}
    each = np.arange(len(uses), dtype=np.int64)
    rows = np.concatenate([each, np.repeat(each, [len(niches) for niches in uses.niches])])
    own = np.array([codes[region] for region in uses.regions], dtype=np.int64)[rows]
    niches = np.fromiter(chain(repeat(ALL_NICHES, len(uses)), *uses.niches), dtype=np.int64, count=len(rows))
    everywhere = np.full_like(own, codes[GLOBAL])
    return _InScopes(uses, np.tile(rows, 2), np.concatenate([own, everywhere]), np.tile(niches, 2), names)


def _sum(scoped: _InScopes, sounds: Integers) -> Sums:
    order = np.lexsort((scoped.niches, scoped.regions, sounds))
    rows, sounds, regions, niches = (column[order] for column in (scoped.rows, sounds, scoped.regions, scoped.niches))
    starts = np.flatnonzero(_changes(sounds) | _changes(regions) | _changes(niches))
    times = scoped.uses.at[rows]
    at = np.maximum.reduceat(times, starts)
    hours = (np.repeat(at, np.diff(starts, append=len(rows))) - times) / HOUR_MICROSECONDS
    signs, trusted = scoped.uses.signs[rows], scoped.uses.trusted[rows]
    left = decay((scoped.uses.weights[rows] * signs)[:, np.newaxis], hours)
    return Sums(
        sounds=sounds[starts],
        regions=[scoped.names[code] for code in regions[starts]],
        niches=niches[starts],
        at=at,
        trusted=np.add.reduceat(np.where(trusted[:, np.newaxis], left, 0.0), starts),
        young=np.add.reduceat(np.where(trusted[:, np.newaxis], 0.0, left), starts),
        trusted_videos=np.add.reduceat(np.where(trusted, signs, 0), starts),
        young_videos=np.add.reduceat(np.where(trusted, 0, signs), starts),
    )


def _changes(keys: Integers) -> NDArray[np.bool_]:
    # True where a row's key is not that of the row before; the first row's key is new.
    return np.concatenate([[True], keys[1:] != keys[:-1]])
