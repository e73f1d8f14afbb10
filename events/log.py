"""The log: what happened, in order and without a gap. The worker moves it out of the outbox; everybody reads it by position."""

from datetime import datetime
from typing import NamedTuple

from db.database import Database

CHANNEL = "chorus_log"
BATCH = 5000
PARTITION = 1_000_000  # sequences


class PreparedTransactionsAllowed(Exception):
    """Postgres allows prepared transactions (max_prepared_transactions above 0): one that is forgotten would hold back the log for ever."""


class Head(NamedTuple):
    """The end of the log. A restore or failover begins a new epoch, whose sequences may have been given out before."""

    epoch: int
    sequence: int


async def check(database: Database) -> None:
    """Raises PreparedTransactionsAllowed where the log could be held back for ever."""
    if await database.prepared_transactions():
        raise PreparedTransactionsAllowed(PreparedTransactionsAllowed.__doc__)


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


async def head(database: Database) -> Head:
    """Where the log ends at the moment."""
    row = await database.log_head()
    return Head(row["epoch"], row["sequence"])
