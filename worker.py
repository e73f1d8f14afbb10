"""The one process at a time that moves the log, counts, scores, and renews what is renewed in turns."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg

from db.database import LOST, Database, connect
from db.errors import DatabaseUnavailable
from events import log
from trending import counting, erasure, history, notifying, plays, scoring, top_scores
from trending.counting import Overtaken
from trending.neighbours import Neighbours
from trending.renown import Renown
from trending.top_scores import TopScores

logger = logging.getLogger(__name__)

LOCK = 0x776F726B6572  # "worker"
PAUSE = 0.2  # seconds between two looks at the outbox where nothing happens; writers never notify
COMPETE = 1.0  # seconds between two tries to become the worker
HEARTBEAT = 5.0  # seconds between two looks whether the lock's connection lives
LONGEST_BACKOFF = 30.0
MOST_DOUBLINGS = 16  # a float ends at 1024 of them, which an outage of a night reaches
STATEMENT_SECONDS = 60.0
SCORING = 1.0  # seconds at a time, so that counting never waits for long
FOLDING = 0.5  # seconds at a time
EXPIRED = 1000  # results at a time
KEPT = timedelta(hours=24)
FAILURES = (asyncpg.PostgresError, DatabaseUnavailable, *LOST)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock outside of tests."""
    return datetime.now(UTC)


class Worker:
    """Competes for the lock and works while it holds it. Each step is fenced by its stored position, so a lost lock does no harm."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._neighbours = Neighbours()
        self._top_scores = TopScores()
        self._renown = Renown()
        self._due: dict[str, datetime] = {}
        self._now = datetime.max.replace(tzinfo=UTC)
        self._failures = 0

    async def run(self) -> None:
        """Works whenever nobody else does, until it is cancelled; raises PreparedTransactionsAllowed where the log could be held back for ever."""
        # Connections of its own: requests do not wait for its statements, and the time limit of requests does not end them.
        self._database = Database(self._database.dsn, readers=2, writers=1, statement_seconds=STATEMENT_SECONDS)
        try:
            await self._compete()
        finally:
            await self._database.close()

    async def _compete(self) -> None:
        while True:
            pause = COMPETE
            try:
                async with self._lock() as connection:
                    if connection is not None:
                        await self._reign(connection)
            except Overtaken:
                logger.warning("another worker did this step: competing again")
            except FAILURES as error:
                pause = min(COMPETE * 2**self._failures, LONGEST_BACKOFF)
                self._failures = min(self._failures + 1, MOST_DOUBLINGS)
                logger.warning("the worker failed, and tries again in %.0f s: %r", pause, error)
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def _lock(self) -> AsyncIterator[asyncpg.Connection | None]:
        # The lock is the session's: it goes when the connection goes, whatever became of this process.
        connection = await connect(self._database.dsn, application="chorus worker", command_timeout=HEARTBEAT)
        try:
            # A machine that vanishes without a word is noticed after half a minute, not after two hours.
            for name, seconds in (("idle", 15), ("interval", 5), ("count", 3)):
                await connection.execute("select set_config($1, $2, false)", f"tcp_keepalives_{name}", str(seconds))
            yield connection if await connection.fetchval("select pg_try_advisory_lock($1)", LOCK) else None
        finally:
            connection.terminate()

    async def _reign(self, connection: asyncpg.Connection) -> None:
        logger.info("this process is the worker")
        await log.check(self._database)
        await log.begin(self._database)
        heard = time.monotonic()
        while True:
            if time.monotonic() - heard > HEARTBEAT or connection.is_closed():
                await connection.execute("select 1")
                heard = time.monotonic()
            busy = await self.step()
            self._failures = 0
            await asyncio.sleep(0 if busy else PAUSE)

    async def step(self) -> bool:
        """Everything that is due by the clock, once; True where more of the log waits."""
        now = self._clock()
        if (
            now < self._now
        ):  # the first step, or a clock that was set back: what is due by the later time would wait for it
            self._due.clear()
            await self._database.bring_scopes_back(now)
        self._now = now
        moved = await log.move(self._database, now)
        counted = await counting.count(self._database, now)
        more_plays = await plays.count(self._database)
        more_to_tell = await notifying.notify(self._database)
        scored = await scoring.score_due(self._database, now, SCORING)
        await self._in_turn("neighbours", lambda: self._neighbours.step(self._database, now), now)
        await self._in_turn("top scores", lambda: self._top_scores.step(self._database), now)
        await self._in_turn("renown", lambda: self._renown.step(self._database), now)
        await self._in_turn("newest videos", self._renew_newest, now)
        await self._in_turn("plays", lambda: plays.keep(self._database, now, FOLDING), now)
        await self._in_turn("erasures", lambda: erasure.step(self._database, now), now, idle=5)
        await self._in_turn("expired results", lambda: self._drop_expired(now), now)
        await self._in_turn("old notifications", lambda: notifying.drop_old(self._database, now), now)
        await self._in_turn("old charts", lambda: history.thin(self._database, now), now)
        await self._in_turn("old facts", lambda: log.drop_old(self._database, now), now)
        return moved == log.BATCH or counted == counting.BATCH or more_plays or more_to_tell or scored > 0

    async def _in_turn(
        self, name: str, step: Callable[[], Awaitable[bool]], now: datetime, *, idle: float = 60
    ) -> None:
        # A step answers whether there is more to do: then it is due in a second, else in so many.
        if now >= self._due.get(name, now):
            more = await step()
            self._due[name] = now + timedelta(seconds=1 if more else idle)

    async def _renew_newest(self) -> bool:
        await top_scores.renew_newest(self._database)
        return False

    async def _drop_expired(self, now: datetime) -> bool:
        dropped: int = await self._database.drop_expired_results(now - KEPT, EXPIRED)
        return dropped == EXPIRED
