"""Counts plays from the log, makes room for those to come, and keeps the old ones as sums of an hour."""

import time
from datetime import UTC, date, datetime, timedelta

from db.database import Database
from db.errors import DatabaseUnavailable
from trending.counting import Overtaken

CONSUMER = "plays"
RECORDED = "PLAYS_RECORDED"
FACTS = 20_000  # as many of the log are looked through at a time
CALLS = 100  # of up to 500 plays each
DAY = timedelta(days=1)
LATE = timedelta(hours=72)  # as resolvers/play.py accepts them
MARGIN = timedelta(hours=1)  # for clocks that differ
AHEAD = 7  # days
SLICE = 20_000  # plays a transaction


async def count(database: Database) -> bool:
    """Counts the plays after the stored position; True where more of the log waits. Raises Overtaken where the position moved meanwhile."""
    position: int = await database.consumer_position(CONSUMER)
    head: int = (await database.log_head())["sequence"]
    if head <= position:
        return False
    end: int = await database.plays_end(position, min(head, position + FACTS), CALLS)
    async with database.transaction() as tx:
        if await tx.advance_consumer(CONSUMER, position, end) is None:
            raise Overtaken(Overtaken.__doc__)
        await tx.update_in_order()
        await tx.add_track_plays(position, end)
        await tx.add_video_plays(position, end)
    return end < head


async def keep(database: Database, now: datetime, seconds: float) -> bool:
    """Makes the partitions of the days to come, and folds for some seconds what is older than it can be accepted; True where more is to be folded."""
    today = now.astimezone(UTC).date()
    oldest = (now - LATE - MARGIN).astimezone(UTC).date()
    await database.add_plays_partitions([oldest + n * DAY for n in range((today - oldest).days + AHEAD + 1)])
    until = time.monotonic() + seconds
    while (day := await database.oldest_plays_day()) is not None and day < oldest:
        if time.monotonic() > until or not await _fold(database, day):
            return True
    return False


async def _fold(database: Database, day: date) -> bool:
    # Closed, folded slice by slice, dropped: each in a transaction of its own, so that whoever comes after us goes on where we ended.
    try:
        async with database.transaction() as tx:
            await tx.hurry()
            await tx.close_plays_partition(day)
        async with database.transaction() as tx:
            position = await tx.lock_play_fold(day)
            if position is not None and await tx.fold_plays(day, *position, SLICE) is None:
                await tx.hurry()
                await tx.drop_plays_partition(day)
    except DatabaseUnavailable:
        return False  # somebody reads or writes it for long
    return True
