"""Charts: which sounds rise, and why each is where it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from db.loading import loading
from events.chart_stream import ChartSource, chart_stream
from events.cursor import Cursors
from events.watch import Stream
from resolvers import ids
from resolvers.context import Context, Reads, Rows
from resolvers.errors import CursorExpired, InvalidArgument, InvalidCursor, StreamsUnavailable
from resolvers.ids import Id
from resolvers.niche import named
from resolvers.page import Arguments, Cursor, check_size, connection, read_cursor
from resolvers.regions import RegionCode
from resolvers.span import bounds, check_number, floor, instants
from trending.charts import ChartKey, read_chart, trends
from trending.counters import ALL_NICHES, GLOBAL
from trending.history import COARSE, KEPT
from trending.score import LARGEST_CHART

NEW = timedelta(days=30)
MICROSECOND = timedelta(microseconds=1)


class TrendWindow(Enum):
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"


class ChartKind(Enum):
    BREAKOUT = "BREAKOUT"
    POPULAR = "POPULAR"


# How long a history is where nobody says.
USUAL = {
    TrendWindow.HOUR: timedelta(days=1),
    TrendWindow.DAY: timedelta(days=30),
    TrendWindow.WEEK: timedelta(days=365),
}


@dataclass
class ChartFilter:
    commercial_use: bool | None
    new_only: bool | None
    original_only: bool | None


async def trending_sounds(
    _: Rows,
    ctx: Context,
    window: TrendWindow = TrendWindow.DAY,
    kind: ChartKind = ChartKind.BREAKOUT,
    region: RegionCode | None = None,
    niche: Id | None = None,
    filter: ChartFilter | None = None,
    as_of: datetime | None = None,
    first: int | None = None,
    after: Cursor | None = None,
    last: int | None = None,
    before: Cursor | None = None,
) -> Rows:
    key = await _key(ctx, window, kind, region, niche)
    arguments = Arguments(first, after, last, before)
    size = check_size(arguments, default=50)
    _check_past(ctx, as_of)
    scope = _scope(key, filter, as_of)
    version, low, high = _bounds(ctx, scope, arguments)
    # A filter or a page from the end needs the whole chart, in one statement; the usual page its own ranks and one more.
    whole = filter is not None or arguments.backwards
    chart = await read_chart(
        ctx.db,
        key,
        ctx.now,
        version=version,
        as_of=as_of,
        first=low,
        last=high if whole else min(high, low + size),
    )
    if chart is None:
        raise CursorExpired
    if as_of is None:
        ctx.demand.ask(key.region, key.niche_id, ctx.now)
    entries = await _filtered(ctx, chart["entries"], filter) if filter is not None else chart["entries"]
    return [_page(ctx, scope, chart, entries, arguments, size)]


async def updates(
    ctx: Context,
    window: TrendWindow = TrendWindow.DAY,
    kind: ChartKind = ChartKind.BREAKOUT,
    region: RegionCode | None = None,
    niche: Id | None = None,
    first: int = 50,
    after: Cursor | None = None,
) -> Stream:
    key = await _key(ctx, window, kind, region, niche)
    size = check_size(Arguments(first), default=50)
    ctx.demand.ask(key.region, key.niche_id, ctx.now)
    if ctx.charts is None:
        raise StreamsUnavailable
    name = "|".join(("trendingSounds", *map(str, key), str(size)))
    source = ChartSource(name, key, size, lambda update: _dressed(ctx.cursors, key, update))
    return chart_stream(ctx.charts, source, after)


def _dressed(cursors: Cursors, key: ChartKey, update: dict[str, Any]) -> dict[str, Any]:
    # Its entries are edges of the chart's first page, so that a client can page on from them; a page's cursor is another than the stream's.
    left = {"left": [ids.SOUND.write(sound_id) for sound_id in update["left"]]} if "left" in update else {}
    return update | left | {"sign": _signing(cursors, _scope(key, None), update["chart"])}


def _signing(cursors: Cursors, scope: str, chart: dict[str, Any]) -> Callable[[Any], str]:
    version = chart["version"]
    return lambda entry: cursors.sign(scope, [version, entry["rank"]])


async def _key(
    ctx: Context, window: TrendWindow, kind: ChartKind, region: RegionCode | None, niche: Id | None
) -> ChartKey:
    niche_id = await named(ctx, niche) if niche is not None else ALL_NICHES
    return ChartKey(region or GLOBAL, niche_id, window.value, kind.value)


def _check_past(ctx: Context, as_of: datetime | None) -> None:
    if as_of is not None and not ctx.now - COARSE <= as_of <= ctx.now:
        raise InvalidArgument(f"`asOf` must be in the last {COARSE.days} days: charts are kept for so long.")


def _scope(key: ChartKey, filter: ChartFilter | None, as_of: datetime | None = None) -> str:
    return f"trendingSounds|{key}|{filter}|{as_of and as_of.astimezone(UTC)}"


def _bounds(ctx: Context, scope: str, arguments: Arguments) -> tuple[int, int, int]:
    # The version of the cursors (0 is the newest), and the first and the last rank between them.
    after, before = read_cursor(ctx, scope, arguments.after), read_cursor(ctx, scope, arguments.before)
    if after is not None and before is not None and after[0] != before[0]:
        raise InvalidCursor("`after` and `before` are of different versions of the chart.")
    pinned = after or before
    low = after[1] + 1 if after else 1
    return pinned[0] if pinned else 0, low, before[1] - 1 if before else LARGEST_CHART


def _page(
    ctx: Context, scope: str, chart: dict[str, Any], entries: Rows, arguments: Arguments, size: int
) -> dict[str, Any]:
    has_next, has_previous = arguments.before is not None, arguments.after is not None
    if arguments.backwards:
        has_previous, entries = len(entries) > size, entries[-size:]
    else:
        has_next, entries = len(entries) > size, entries[:size]
        if arguments.last is not None and len(entries) > arguments.last:
            has_previous, entries = True, entries[-arguments.last :]

    sign = _signing(ctx.cursors, scope, chart)
    pages = {"has_next_page": has_next, "has_previous_page": has_previous}
    return connection(entries, lambda index: sign(entries[index]), **pages, chart=chart, sign=sign)


async def _filtered(ctx: Context, entries: Rows, filter: ChartFilter) -> Rows:
    sounds = await ctx.db.sound_by_id([entry["sound_id"] for entry in entries])
    return [
        entry
        for entry, sound in zip(entries, sounds, strict=True)
        if sound is not None
        and not (filter.commercial_use and not _cleared_commercially(sound, ctx))
        and not (filter.new_only and sound["created_at"] < ctx.now - NEW)
        and not (filter.original_only and sound["kind"] != "ORIGINAL")
    ]


def _cleared_commercially(sound: Any, ctx: Context) -> bool:
    expires_at = sound["rights_expires_at"]
    return bool(sound["rights_commercial"]) and (expires_at is None or expires_at > ctx.now)


def entry_sound(entries: Rows, ctx: Context, reads: Reads = None) -> Awaitable[Rows]:
    return loading(ctx.db.sound_by_id([entry["sound_id"] for entry in entries], reads=reads)).then(_active)


def _active(sounds: Rows) -> Rows:
    return [sound if sound is not None and sound["status"] == "ACTIVE" else None for sound in sounds]


def chart_niche(charts: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.niche_by_id([chart["niche_id"] for chart in charts])


async def trend(
    sounds: Rows,
    ctx: Context,
    window: TrendWindow = TrendWindow.DAY,
    region: RegionCode | None = None,
    niche: Id | None = None,
) -> Rows:
    niche_id = await named(ctx, niche) if niche is not None else ALL_NICHES
    sound_ids = [sound["id"] for sound in sounds]
    return await trends(ctx.db, sound_ids, region or GLOBAL, niche_id, window.value, ctx.now)


async def chart_history(
    sounds: Rows,
    ctx: Context,
    window: TrendWindow,
    kind: ChartKind = ChartKind.BREAKOUT,
    region: RegionCode | None = None,
    niche: Id | None = None,
    from_: datetime | None = None,
    to: datetime | None = None,
) -> Rows:
    key = await _key(ctx, window, kind, region, niche)
    points = _points(window, *bounds(from_, to, usual=USUAL[window], now=ctx.now), ctx.now)
    sound_ids = [sound["id"] for sound in sounds]
    if not points:
        return [[] for _ in sound_ids]
    found: Rows = await ctx.db.chart_history(sound_ids, *key[:2], key.window, key.kind, tuple(points))
    return found


def _points(window: TrendWindow, start: datetime, end: datetime, now: datetime) -> list[datetime]:
    # Between these bounds, as far apart as versions are kept.
    points: list[datetime] = []
    until, of = min(end, now) + MICROSECOND, f"a history of the {window.value.lower()}"
    for step, kept in KEPT[window.value]:
        first = floor(max(start, now - kept) - MICROSECOND, step) + step
        points[:0] = instants(first, until, step, of=of)
        until = min(until, first)
    check_number(len(points), of)
    return points
