"""The log: what happened, in order and without a gap. The worker moves it out of the outbox; everybody reads it by position."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from db.database import Database
from db.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)

CHANNEL = "chorus_log"
BATCH = 5000
PARTITION = 1_000_000  # sequences
KEPT = timedelta(hours=72)


class PreparedTransactionsAllowed(Exception):
    """Postgres allows prepared transactions (max_prepared_transactions above 0): one that is forgotten would hold back the log for ever."""


class Head(NamedTuple):
    """The end of the log, and where it begins: after `floor`. A restore or failover begins a new epoch, whose sequences may have been given out before."""

    epoch: int
    sequence: int
    floor: int = 0
    counted: int = 0  # how far it was counted


async def check(database: Database) -> None:
    """Raises PreparedTransactionsAllowed where the log could be held back for ever."""
    if await database.prepared_transactions():
        raise PreparedTransactionsAllowed(PreparedTransactionsAllowed.__doc__)


async def begin(database: Database) -> None:
    """Begins a new epoch where the log is in another life of Postgres than before: after a failover or a restore its last sequences may be given out again."""
    epoch = await database.begin_life()
    if epoch is not None:
        logger.info("the log is in epoch %d", epoch)


async def move(database: Database, now: datetime, limit: int = BATCH) -> int:
    """Moves what is ready, in the order it was written, and wakes the readers; returns how many facts moved.

    Ready is a row once every transaction that was open when it was written is over. A position on the outbox (`id > last`) would lose the rows of
    whoever commits late; this leaves them for the next batch.
    """
    if not await database.outbox_is_waiting():
        return 0
    async with database.transaction() as tx:
        before: int = (await tx.lock_log_head())["sequence"]
        after: int = await tx.move_outbox(before, now, limit)
        if after > before:
            await tx.notify(CHANNEL, [str(after)])
    if after % PARTITION >= PARTITION * 3 // 4:
        await database.add_log_partition(after // PARTITION + 1)
    return after - before


async def drop_old(database: Database, now: datetime) -> bool:
    """Drops the oldest partition where all of it is older than 72 hours and read by every consumer; True where one was dropped."""
    oldest = await database.oldest_log_partition()
    if oldest is None or oldest["logged_at"] > now - KEPT:
        return False
    try:
        await database.drop_log_partition(oldest["number"])
    except DatabaseUnavailable:
        return False  # readers hold it: the next turn tries again
    return True


async def head(database: Database) -> Head:
    """Where the log begins and ends at the moment."""
    return Head(*await database.log_head())
