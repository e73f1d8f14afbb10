"""Growth: how many videos and new creators a community gained, interval by interval."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from resolvers import visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidArgument

MOST_POINTS = 1000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # hours, days and weeks are counted from here


class GrowthInterval(Enum):
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"


LENGTHS = {
    GrowthInterval.HOUR: timedelta(hours=1),
    GrowthInterval.DAY: timedelta(days=1),
    GrowthInterval.WEEK: timedelta(weeks=1),
}
USUAL_SPANS = {
    GrowthInterval.HOUR: timedelta(weeks=1),
    GrowthInterval.DAY: timedelta(days=90),
    GrowthInterval.WEEK: timedelta(weeks=104),
}


async def growth(
    communities: Rows,
    ctx: Context,
    interval: GrowthInterval = GrowthInterval.HOUR,
    from_: datetime | None = None,
    to: datetime | None = None,
) -> Rows:
    instants = _instants(interval, from_, to, ctx.now)
    if not instants:
        return [[] for _ in communities]
    keys = visibility.gathered(communities)
    # Whole intervals as bounds: everybody who asks within the same hour shares a statement.
    found = await ctx.db.growth_by_sound(keys, interval.value, instants[0], instants[-1] + LENGTHS[interval])
    quiet = [{"at": at, "video_count": 0, "new_creator_count": 0} for at in instants]
    return [[] if key is None else _line(rows, quiet) for key, rows in zip(keys, found, strict=True)]


def _line(rows: Rows, quiet: list[dict[str, Any]]) -> Rows:
    busy = {row["at"]: row for row in rows}
    return [busy.get(point["at"], point) for point in quiet]


def _instants(interval: GrowthInterval, start: datetime | None, end: datetime | None, now: datetime) -> list[datetime]:
    # The beginnings of the intervals from the one that holds `start` to the last that begins before `end`.
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and not EARLIEST <= moment <= LATEST:
            raise InvalidArgument(f"`{name}` must be between {EARLIEST.year} and {LATEST.year}.")
    end = end or now
    start = start or end - USUAL_SPANS[interval]
    if start > end:
        raise InvalidArgument("`from` must not be later than `to`.")
    length = LENGTHS[interval]
    first = MONDAY + (start - MONDAY) // length * length
    number = -((first - end) // length)
    if number > MOST_POINTS:
        raise InvalidArgument(
            f"These are {number} points of an interval of one {interval.value.lower()}; at most {MOST_POINTS} are allowed."
        )
    return [first + index * length for index in range(number)]
