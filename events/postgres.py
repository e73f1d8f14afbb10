"""The bus on Postgres alone: NOTIFY to wake, the log to read."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import asyncpg

from db.database import LOST, Database, connect
from events import log
from events.bus import CHANNELS, Fact, Topic, Wakeups

logger = logging.getLogger(__name__)
BACKOFF = 1.0
OF = {
    "sound_id": "log_of_sound",
    "playlist_id": "log_of_playlist",
    "notified_id": "log_of_notified",
}  # the columns that have an index
HEARTBEAT = 30.0  # seconds; finds out that the other end vanished without a word


class PostgresBus:
    """Listens on a connection of its own for as long as the block lasts, and connects again when it is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readers: dict[str, set[Wakeups]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @contextmanager
    def listen(self, channel: str) -> Iterator[Wakeups]:
        wakeups = Wakeups()
        self._readers[channel].add(wakeups)
        try:
            yield wakeups
        finally:
            self._readers[channel].discard(wakeups)

    async def head(self) -> log.Head:
        return await log.head(self._database)

    async def after(self, sequence: int, limit: int) -> Sequence[Fact]:
        facts: Sequence[Fact] = await self._database.log_after(sequence, limit)
        return facts

    async def of(self, topic: Topic, after: int, until: int, limit: int) -> Sequence[Fact]:
        if topic.column is None:
            facts: Sequence[Fact] = await self._database.log_of_types(sorted(topic.types), after, until, limit)
            return facts
        query = OF[topic.column]
        found: list[Fact] = []
        while len(found) < limit:
            facts = await getattr(self._database, query)(topic.key, after, until, limit)
            found += [fact for fact in facts if fact["type"] in topic.types]
            if len(facts) < limit:
                break
            after = facts[-1]["sequence"]
        return found[:limit]

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (asyncpg.PostgresError, TimeoutError, *LOST) as error:
                logger.warning("the bus lost its connection and tries again: %s", error)
            await asyncio.sleep(BACKOFF)

    async def _listen(self) -> None:
        connection = await connect(self._database.dsn, application="chorus bus", command_timeout=HEARTBEAT)
        lost = Wakeups()
        connection.add_termination_listener(lambda _: lost.wake())
        try:
            for channel in CHANNELS:
                await connection.add_listener(channel, self._wake)
            for channel in CHANNELS:  # what was notified while nobody listened is lost
                self._wake(connection, 0, channel, "")
            while not await lost.wait(HEARTBEAT):
                await connection.execute("select 1")
        finally:
            connection.terminate()

    def _wake(self, _connection: Any, _pid: int, channel: str, _payload: object) -> None:
        for wakeups in self._readers[channel]:
            wakeups.wake()
