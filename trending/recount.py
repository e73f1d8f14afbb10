"""Counts everything again from the facts, at an instant at which nothing waits to be counted."""

import asyncio
from datetime import datetime
from typing import Any

from db import recounts
from db.database import Database
from events import log
from trending import counting, plays

TRIES = 50  # for an instant between two facts
PAUSE = 0.1  # seconds


class NeverStill(Exception):
    """Facts came faster than they were counted, so that no instant could be looked at: try again at a quieter time."""


async def differences(database: Database, now: datetime) -> dict[str, list[Any]]:
    """The rows whose stored counts are not what the facts say, by recount; raises NeverStill where there is no instant between two facts.

    It counts what waits as the worker does, beside whom it may run: each step is fenced by its position.
    """
    for _ in range(TRIES):
        await catch_up(database, now)
        async with database.transaction() as tx:
            # One snapshot for all, so that what is posted meanwhile is in neither the counts nor the facts.
            await tx.read_one_snapshot()
            if not await tx.facts_that_wait([counting.CONSUMER, plays.CONSUMER]):
                return await recounts.differences(tx.connection)
        await asyncio.sleep(PAUSE)
    raise NeverStill(NeverStill.__doc__)


async def catch_up(database: Database, now: datetime) -> None:
    """Counts what waits; another worker who does the same just now is a help."""
    more = True
    while more:
        try:
            moved = await log.move(database, now)
            counted = await counting.count(database, now)
            more = await plays.count(database) or moved > 0 or counted > 0
        except counting.Overtaken:
            continue
