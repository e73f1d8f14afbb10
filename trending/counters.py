"""What a batch of videos adds to each counter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from trending.score import Floats, Integers, decay

GLOBAL = "GLOBAL"
ALL_NICHES = 0
HOUR_MICROSECONDS = 3_600_000_000


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
