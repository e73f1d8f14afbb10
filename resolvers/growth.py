"""Growth: how many videos and new creators a community gained, interval by interval."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from resolvers import visibility
from resolvers.context import Context, Rows
from resolvers.span import bounds, floor, instants


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
    start, end = bounds(from_, to, usual=USUAL_SPANS[interval], now=ctx.now)
    length = LENGTHS[interval]
    # From the interval that holds `from` to the last that begins before `to`.
    begins = instants(floor(start, length), end, length, of=f"an interval of one {interval.value.lower()}")
    if not begins:
        return [[] for _ in communities]
    keys = visibility.gathered(communities)
    # Whole intervals as bounds: everybody who asks within the same hour shares a statement.
    found = await ctx.db.growth_by_sound(keys, interval.value, begins[0], begins[-1] + length)
    quiet = [{"at": at, "video_count": 0, "new_creator_count": 0} for at in begins]
    return [[] if key is None else _line(rows, quiet) for key, rows in zip(keys, found, strict=True)]


def _line(rows: Rows, quiet: list[dict[str, Any]]) -> Rows:
    busy = {row["at"]: row for row in rows}
    return [busy.get(point["at"], point) for point in quiet]
