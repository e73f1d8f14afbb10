"""Scores the scopes that are due, and writes a version of each chart whose order changed."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.database import Database, Transaction
from events.bus import CHARTS
from events.outbox import Event, publish_all
from trending.charts import KEPT, Explained, Scope, explain, sums_of
from trending.columns import floats, integers
from trending.counting import EPOCH, Overtaken
from trending.score import (
    HALF_LIVES,
    METHOD_VERSION,
    ONE_ACCOUNT,
    WINDOWS,
    Floats,
    Integers,
    Scores,
    Window,
    breakouts,
    candidates,
    popular,
    score_pairs,
    tide_along,
)

SCOPES = 50  # a look
TOGETHER = 16_000  # sounds scored at a time: of 100,000 in one go, a third of the time is the system's, that finds room for what is in between
EXPLAINED = 100  # sounds a statement
UNASKED = timedelta(minutes=1)
QUIET_SHARE = 20  # a scope where nothing happened for so long is scored again after a twentieth of that
SHORTEST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
Charts = Mapping[tuple[str, str], Mapping[str, Any]]  # by window and kind
NO_CHART: Mapping[str, Any] = {"version": 0, "sound_ids": [], "peak_ranks": []}


@dataclass(frozen=True, slots=True)
class Live:
    """The sounds of a scope that can be on one of its charts, by window, and their number; the log was counted up to `position`."""

    position: int
    number: int
    charted: Mapping[str, "Charted"]


@dataclass(frozen=True, slots=True)
class Charted:
    """Those of them that more than one account uses in a window: the others are on neither of its charts."""

    ids: Integers
    scores: Scores


@dataclass(frozen=True, slots=True)
class Ranking:
    """A chart as it is now; the lists run beside `sound_ids`, which are by rank."""

    window: str
    kind: str
    sound_ids: list[int]
    scores: list[float]
    observed: list[float]
    expected: list[float]
    creator_counts: list[int]
    curves: list[int]


async def score_due(database: Database, now: datetime, seconds: float) -> int:
    """Scores scopes that are due, the longest due first, for about so many seconds, one at least; returns how many."""
    started = time.monotonic()
    scored = 0
    for row in await database.scopes_due(now, SCOPES):
        await score_scope(database, Scope(row["region"], row["niche_id"]), now)
        scored += 1
        if time.monotonic() - started > seconds:
            break
    return scored


async def score_scope(database: Database, scope: Scope, now: datetime) -> None:
    """Scores the three windows of one scope. Raises Overtaken where another worker did it meanwhile; then nothing is written."""
    line = await database.scopes_by_key(scope.line)
    before = line[-1]
    counters = await database.counters_in_scope(*scope, now, ONE_ACCOUNT)
    live = await asyncio.to_thread(_live, counters, sums_of(line, now))
    newest = {(row["window"], row["kind"]): row for row in await database.newest_charts(*scope)}
    changed = [each for window in WINDOWS.values() for each in await _rank(database, scope, window, live, newest, now)]
    async with database.transaction() as tx:
        pause = _pause(live, before, now)
        if not await tx.mark_scored(*scope, before["scored_at"], now, before["changed_at"], pause):
            raise Overtaken(Overtaken.__doc__)
        await _write(tx, scope, live.position, changed, newest, now, news=before["scored_at"] is not None)
        if before["scored_at"] is None or _minute(now) != _minute(before["scored_at"]):
            unasked_since = before["wanted_at"] + UNASKED if before["wanted_at"] else EPOCH
            await tx.drop_chart_versions(*scope, now - KEPT, now - UNASKED, unasked_since)


def _live(row: Mapping[str, Any], line: Sequence[Floats]) -> Live:
    ids, hours = integers(row["sound_ids"]), floats(row["hours"])
    trusted, young = ([floats(column) for column in row[name]] for name in ("trusted", "young"))
    parts: list[list[Charted]] = []
    for start in range(0, len(ids) or 1, TOGETHER):
        some = slice(start, start + TOGETHER)
        ages = np.maximum(hours[some], 0.0)
        left = [np.exp2(ages / -half_life) for half_life in HALF_LIVES]
        of_trusted, of_young = (
            [column[some] * part for column, part in zip(columns, left, strict=True)] for columns in (trusted, young)
        )
        parts.append([_charted(window, ids[some], of_trusted, of_young, line) for window in WINDOWS.values()])
    return Live(row["position"], len(ids), dict(zip(WINDOWS, map(_joined, *parts), strict=True)))


def _charted(
    window: Window, ids: Integers, trusted: Sequence[Floats], young: Sequence[Floats], line: Sequence[Floats]
) -> Charted:
    rows = np.flatnonzero(trusted[window.index] > ONE_ACCOUNT)
    of_trusted, of_young = ((sums[window.index][rows], sums[window.index + 1][rows]) for sums in (trusted, young))
    return Charted(ids[rows], score_pairs(window, of_trusted, of_young, tide_along(window, line, of_trusted)))


def _joined(*parts: Charted) -> Charted:
    columns = zip(*(part.scores for part in parts), strict=True)
    return Charted(np.concatenate([part.ids for part in parts]), Scores(*map(np.concatenate, columns)))


async def _rank(
    database: Database, scope: Scope, window: Window, live: Live, newest: Charts, now: datetime
) -> list[Ranking]:
    # The charts of a window whose order is another than that of their newest version.
    ids, scores = live.charted[window.name].ids, live.charted[window.name].scores
    known: dict[int, Explained] = {}

    async def look_at(rows: NDArray[np.intp]) -> None:
        sound_ids = [sound_id for sound_id in ids[rows].tolist() if sound_id not in known]
        for start in range(0, len(sound_ids), EXPLAINED):
            known.update(await explain(database, scope, window, sound_ids[start : start + EXPLAINED], now))

    risen = candidates(scores)
    await look_at(risen)
    counts = np.zeros(len(ids), dtype=np.int64)
    counts[risen] = [known[sound_id].creator_count for sound_id in ids[risen].tolist()]
    charts = {"BREAKOUT": breakouts(window, scores, ids, counts), "POPULAR": popular(scores, ids)}
    changed = []
    for kind, rows in charts.items():
        if ids[rows].tolist() != newest.get((window.name, kind), NO_CHART)["sound_ids"]:
            await look_at(rows)
            changed.append(_ranking(window, kind, rows, live.charted[window.name], known))
    return changed


def _ranking(
    window: Window, kind: str, rows: NDArray[np.intp], charted: Charted, explained: Mapping[int, Explained]
) -> Ranking:
    scores = charted.scores
    sound_ids: list[int] = charted.ids[rows].tolist()
    return Ranking(
        window=window.name,
        kind=kind,
        sound_ids=sound_ids,
        scores=scores.z[rows].tolist(),
        observed=scores.observed[rows].tolist(),
        expected=scores.expected[rows].tolist(),
        creator_counts=[explained[sound_id].creator_count for sound_id in sound_ids],
        curves=[count for sound_id in sound_ids for count in explained[sound_id].curve],
    )


def _pause(live: Live, scope: Mapping[str, Any], now: datetime) -> float | None:
    # Seconds until the scope is scored again though nothing happens: what rose must fall, and the more slowly the longer it is quiet.
    if not live.number:
        return None
    if scope["wanted_at"] is not None and now - scope["wanted_at"] < UNASKED:
        return SHORTEST_PAUSE
    quiet: float = (now - scope["changed_at"]).total_seconds()
    return min(max(quiet / QUIET_SHARE, SHORTEST_PAUSE), LONGEST_PAUSE)


def _minute(time: datetime) -> int:
    return int(time.timestamp() // 60)


async def _write(
    tx: Transaction,
    scope: Scope,
    position: int,
    rankings: Sequence[Ranking],
    newest: Charts,
    now: datetime,
    *,
    news: bool,
) -> None:
    events: list[Event] = []
    for ranking in rankings:
        before = newest.get((ranking.window, ranking.kind), NO_CHART)
        await _insert(tx, scope, position, ranking, before, now)
        events += _events(scope, ranking, before, now) if news else []
    await publish_all(tx, events)
    if rankings:
        await tx.notify(CHARTS, ["/".join((*map(str, scope), each.window, each.kind)) for each in rankings])


async def _insert(
    tx: Transaction, scope: Scope, position: int, ranking: Ranking, before: Mapping[str, Any], now: datetime
) -> None:
    ranks = {sound_id: rank for rank, sound_id in enumerate(before["sound_ids"], start=1)}
    peaks = await _peaks(tx, (*scope, ranking.window, ranking.kind), ranking, before)
    await tx.insert_chart_version(
        *scope,
        ranking.window,
        ranking.kind,
        before["version"] + 1,
        now,
        position,
        METHOD_VERSION,
        ranking.sound_ids,
        ranking.scores,
        ranking.observed,
        ranking.expected,
        ranking.creator_counts,
        [ranks.get(sound_id, 0) for sound_id in ranking.sound_ids],
        [min(rank, peaks.get(sound_id, rank)) for rank, sound_id in enumerate(ranking.sound_ids, start=1)],
        f"{{{','.join(map(str, ranking.curves))}}}",
    )


async def _peaks(tx: Transaction, key: tuple[Any, ...], ranking: Ranking, before: Mapping[str, Any]) -> dict[int, int]:
    # The best ranks so far. Those of a stay are in its versions; of one that ends it is written down, for the sound may come back.
    peaks = dict(zip(before["sound_ids"], before["peak_ranks"], strict=True))
    left, entered = peaks.keys() - set(ranking.sound_ids), set(ranking.sound_ids) - peaks.keys()
    if left:
        await tx.keep_chart_peaks(*key, *zip(*((sound_id, peaks[sound_id]) for sound_id in sorted(left)), strict=True))
    earlier = await tx.chart_peaks(*key, sorted(entered)) if entered else []
    return peaks | {row["sound_id"]: row["peak_rank"] for row in earlier}


def _events(scope: Scope, ranking: Ranking, before: Mapping[str, Any], now: datetime) -> list[Event]:
    chart = {**scope._asdict(), "window": ranking.window, "kind": ranking.kind, "version": before["version"] + 1}
    there, here = set(before["sound_ids"]), set(ranking.sound_ids)
    left = [{"sound_id": sound_id, **chart} for sound_id in before["sound_ids"] if sound_id not in here]
    entered = [
        {"sound_id": sound_id, "rank": rank, **chart}
        for rank, sound_id in enumerate(ranking.sound_ids, start=1)
        if sound_id not in there
    ]
    return [Event("CHART_LEFT", now, body) for body in left] + [Event("CHART_ENTERED", now, body) for body in entered]
