"""Which charts are asked for: they are scored more often, and their versions are kept for those who page through them."""

import asyncio
import logging
from datetime import datetime

from db.database import Database
from db.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)
PAUSE = 2.0  # seconds between two writes: a read never writes for itself


class Demand:
    """One a process: gathers what is asked for and writes it down now and then."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], datetime] = {}

    def ask(self, region: str, niche_id: int, now: datetime) -> None:
        """Somebody asked for a chart of this scope."""
        self._asked[region, niche_id] = now

    async def write(self, database: Database) -> None:
        """Writes down what was asked for since the last time."""
        asked, self._asked = self._asked, {}
        if asked:
            scopes = sorted(asked)
            regions, niches = zip(*scopes, strict=True)
            await database.want_scopes(regions, niches, max(asked.values()))

    async def run(self, database: Database) -> None:
        """Writes for as long as the process lives."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.write(database)
            except DatabaseUnavailable as error:
                logger.warning("what charts are asked for cannot be written: %s", error)
