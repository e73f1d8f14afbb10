"""Reads charts, and says of any sound how it does: the numbers behind every rank."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from db.database import Database
from events.chart_stream import ReadCharts, ReadVersion
from events.log import Head
from trending.columns import small
from trending.counters import ALL_NICHES, GLOBAL
from trending.demand import Demand
from trending.score import (
    LARGEST_CHART,
    METHOD_VERSION,
    NEWEST,
    RISING,
    WINDOWS,
    Floats,
    Window,
    decay,
    pair,
    score_pairs,
    tide_along,
)

HOUR = timedelta(hours=1)
KEPT = timedelta(hours=1)  # full versions, from when they were followed


class ChartKey(NamedTuple):
    """Which chart: `region` may be GLOBAL, `niche_id` 0 for all niches."""

    region: str
    niche_id: int
    window: str
    kind: str

    @property
    def scope(self) -> "Scope":
        return Scope(self.region, self.niche_id)


class Scope(NamedTuple):
    """Whose videos are counted."""

    region: str
    niche_id: int

    @property
    def line(self) -> list["Scope"]:
        """The scopes that its tide is shrunk towards, the widest first, and itself: a region's tide carries its times of day."""
        return list(dict.fromkeys([Scope(GLOBAL, ALL_NICHES), Scope(self.region, ALL_NICHES), self]))


async def read_chart(
    database: Database,
    key: ChartKey,
    now: datetime,
    *,
    version: int = 0,
    as_of: datetime | None = None,
    first: int = 1,
    last: int = LARGEST_CHART,
) -> dict[str, Any] | None:
    """Ranks `first` to `last` of a version of a chart, 0 for the newest, or for the newest that was there `as_of` then.

    None where that version is not kept; what is kept as history is for those alone who say `as_of`. A chart that was never scored is empty,
    and its version is 0.
    """
    if as_of is not None and not version:
        (found,) = await database.chart_versions_at([(*key, as_of)])
        if found is None:
            return _empty(key, as_of)
        version = found["version"]
    (row,) = await database.chart_slice([(*key, version)], first, last)
    if row is None:
        return None if version else _empty(key, now)
    passed = row["followed_at"] is not None and row["followed_at"] < now - KEPT
    return None if passed and as_of is None else _chart(key, row, first)


async def read_newer(
    database: Database, known: Mapping[ChartKey, int], now: datetime
) -> tuple[Head, dict[ChartKey, dict[str, Any]]]:
    """How far the log was counted, and the newest version of those of these charts of which another one is known."""
    rows = await database.chart_heads(*zip(*known, strict=True))
    keys = list(known)
    newest = {keys[row["place"] - 1]: row["version"] or 0 for row in rows}
    changed = [key for key, version in newest.items() if version != known[key]]
    slices = await database.chart_slice([(*key, newest[key]) for key in changed], 1, LARGEST_CHART) if changed else []
    counted = Head(rows[0]["epoch"], rows[0]["position"])
    charts = {
        key: _empty(key, now) if row is None else _chart(key, row, 1) for key, row in zip(changed, slices, strict=True)
    }
    return counted, charts


def chart_reader(database: Database, demand: Demand, clock: Callable[[], datetime]) -> ReadCharts:
    """What a ChartWatch reads with; whatever somebody listens to is asked for all the time."""

    async def read(known: Mapping[ChartKey, int]) -> tuple[Head, Mapping[ChartKey, dict[str, Any]]]:
        now = clock()
        for key in known:
            demand.ask(key.region, key.niche_id, now)
        return await read_newer(database, known, now)

    return read


def version_reader(database: Database, clock: Callable[[], datetime]) -> ReadVersion:
    """What a ChartWatch reads older versions with."""
    return lambda key, version: read_chart(database, key, clock(), version=version)


def _empty(key: ChartKey, now: datetime) -> dict[str, Any]:
    return {
        **_about(key),
        "version": 0,
        "as_of": now,
        "sequence": 0,
        "method_version": METHOD_VERSION,
        "size": 0,
        "entries": [],
    }


def _about(key: ChartKey) -> dict[str, Any]:
    return {
        "window": key.window,
        "kind": key.kind,
        "region": None if key.region == GLOBAL else key.region,
        "niche_id": key.niche_id or None,
    }


def _chart(key: ChartKey, row: Any, first: int) -> dict[str, Any]:
    if row.chart is None:
        row.chart = {
            **_about(key),
            **{name: row[name] for name in ("version", "as_of", "sequence", "method_version", "size")},
            "entries": _entries(WINDOWS[key.window], row, first),
        }
    return row.chart  # type: ignore[no-any-return]


def _entries(window: Window, row: Mapping[str, Any], first: int) -> list[dict[str, Any]]:
    columns = ("sound_ids", "previous_ranks", "peak_ranks", "scores", "observed", "expected", "creator_counts")
    points, curves = row["points"], row["curves"]
    return [
        {
            "sound_id": sound_id,
            "rank": rank,
            "previous_rank": previous or None,
            "peak_rank": peak,
            "is_new": not previous,
            "trend": _trend(
                window, z, observed, expected, creators, curves[(rank - first) * points : (rank - first + 1) * points]
            )
            | {"method_version": row["method_version"]},
        }
        for rank, (sound_id, previous, peak, z, observed, expected, creators) in enumerate(
            zip(*(row[column] for column in columns), strict=True), start=first
        )
    ]


def _trend(
    window: Window, z: float, observed: float, expected: float, creators: int, curve: Sequence[float]
) -> dict[str, Any]:
    return {
        "score": z,
        "growth": observed / expected if expected > 0 else 0.0,
        "observed": observed,
        "expected": expected,
        "creator_count": creators,
        "is_breakout": z >= RISING and creators >= window.creators,
        "curve": curve,
        "method_version": METHOD_VERSION,
    }


async def trends(
    database: Database, sound_ids: Sequence[int], region: str, niche_id: int, window: str, now: datetime
) -> list[dict[str, Any] | None]:
    """How each of these sounds does in one scope and window, in three statements; None for one that was never used there."""
    scope, span = Scope(region, niche_id), WINDOWS[window]
    rows, line, explained = await asyncio.gather(
        database.counters_by_sound(sound_ids, region, niche_id),
        database.scopes_by_key(scope.line),
        explain(database, scope, span, sound_ids, now),
    )
    found = [row for row in rows if row is not None]
    if not found:
        return [None] * len(rows)
    ages = np.array([(now - row["at"]) / HOUR for row in found])
    trusted, young = (decay(np.array([row[column] for row in found]), ages) for column in ("trusted", "young"))
    of_trusted = pair(span, trusted)
    scores = score_pairs(span, of_trusted, pair(span, young), tide_along(span, sums_of(line, now), of_trusted))
    numbers = zip(scores.z.tolist(), scores.observed.tolist(), scores.expected.tolist(), strict=True)
    return [None if row is None else _trend(span, *next(numbers), *explained[row["sound_id"]]) for row in rows]


def sums_of(scopes: Sequence[Mapping[str, Any] | None], now: datetime) -> list[Floats]:
    """The sums (4) of each scope as of now; none were counted in one that is not there."""
    return [np.zeros(4) if row is None else decay(np.array(row["trusted"]), (now - row["at"]) / HOUR) for row in scopes]


WINDOW_CREATORS = {
    (False, False): "window_creators",
    (False, True): "window_creators_in_region",
    (True, False): "window_creators_in_niche",
    (True, True): "window_creators_in_niche_region",
}  # by whether the scope is of a niche, and of a region


class Explained(NamedTuple):
    """Who used a sound in a window, and when: distinct trusted creators, and the videos of each part of the window, the oldest first."""

    creator_count: int
    curve: list[int]


async def explain(
    database: Database, scope: Scope, window: Window, sound_ids: Sequence[int], now: datetime
) -> dict[int, Explained]:
    """By sound; over the newest videos of the window at most."""
    begin, part = now - timedelta(hours=window.hours), timedelta(hours=window.hours) / window.points
    args: list[Any] = [begin, now, tuple(begin + part * point for point in range(1, window.points)), NEWEST]
    in_niche, in_region = scope.niche_id != ALL_NICHES, scope.region != GLOBAL
    args += [scope.niche_id] * in_niche + [scope.region] * in_region
    rows = await getattr(database, WINDOW_CREATORS[in_niche, in_region])(sound_ids, *args)
    return {
        row["sound_id"]: Explained(row["creator_count"], _curve(row["points"], window.points))
        for row in rows
        if row is not None
    }


def _curve(points: bytes | None, number: int) -> list[int]:
    return [0] * number if points is None else np.bincount(small(points), minlength=number).tolist()
