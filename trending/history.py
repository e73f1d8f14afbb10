"""How long charts are kept as they were: the older, the fewer of their versions (chart_keeping in db/schema.sql)."""

from datetime import datetime, timedelta

from db.database import Database

FINE, MIDDLE, COARSE = timedelta(hours=72), timedelta(days=31), timedelta(days=400)
MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
# By window: how far apart the instants lie at which versions that stood are kept, and since they were followed for how long.
KEPT = {
    "HOUR": ((MINUTES, FINE), (HOUR, MIDDLE), (DAY, COARSE)),
    "DAY": ((HOUR, MIDDLE), (DAY, COARSE)),
    "WEEK": ((DAY, COARSE),),
}
VERSIONS = 100  # a statement; the arrays of one are up to 100 KB


async def thin(database: Database, now: datetime) -> bool:
    """Drops some of the versions whose time is over; True where there may be more."""
    dropped = [await database.thin_chart_history(kept, now - kept, VERSIONS) for kept in (FINE, MIDDLE, COARSE)]
    return VERSIONS in dropped
