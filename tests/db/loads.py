"""A database whose statements are watched, and ways to keep them from ending."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from db.database import Database
from db.loader import LastCall, Loader
from db.loading import Loading
from db.queries import QUERIES, Query
from resolvers.context import Context
from tests.ask import Api
from tests.until import PATIENCE, until

ARRANGED = (
    "insert into users (handle, display_name, joined_at) select 'user' || n, 'User ' || n, now() from generate_series(1, 30) n",
    "insert into handles select handle, id from users",
    "insert into sounds (title, kind, duration_ms, created_at, creator_id) select 'Sound ' || n, 'ORIGINAL', 1000, now(), n from generate_series(1, 9) n",
)


ONES = ("user_by_id", "sound_by_id", "track_by_id", "artist_by_id")


class Loads:
    """One of these a test: what it sent stands in `sent`, name and keys a statement."""

    def __init__(self, api: Api, **options: Any) -> None:
        self.api = api
        self.database = Database(api.database.dsn, **options)
        self.sent: list[tuple[str, list[Any]]] = []
        self.sql: list[str] = []
        self._send = self.loader._send
        self.loader._send = self._watched

    @property
    def loader(self) -> Loader:
        return self.database._loader

    def ask(self, query: str | Query, keys: Sequence[Any], reads: frozenset[str] | None = None) -> Loading[list[Any]]:
        """The load of a query of db/, or of the test's own."""
        found = QUERIES[query] if isinstance(query, str) else query
        return self.loader.load(found, keys, part=None, args=(), reads=reads)

    def keys(self, query: str) -> list[list[Any]]:
        """The keys of each statement that was sent of this query."""
        return [keys for name, keys in self.sent if name == query]

    @asynccontextmanager
    async def held(self, table: str = "users") -> AsyncIterator[None]:
        """Statements that read the table do not end before the block does."""
        async with self.api.database.transaction() as tx:
            await tx.connection.execute(f"lock table {table}")
            yield

    async def busy(self, number: int = 1) -> None:
        """Returns as soon as so many of our statements wait for a table."""

        async def waiting() -> bool:
            rows = await self.api.sql(
                "select from pg_stat_activity where wait_event_type = 'Lock' and query like '/*%'"
            )
            return len(rows) == number

        await until(waiting)

    async def occupied(self) -> list[Loading[Any]]:
        """Lends two connections to statements that wait for the users; call it while those are held."""
        asked: list[Loading[Any]] = [self.ask("user_by_id", [1])]
        await self.busy(1)
        asked.append(self.ask("user_by_id", [2]))
        await self.busy(2)
        return asked

    async def quiet(self) -> None:
        """Returns when no statement runs."""
        async with asyncio.timeout(PATIENCE):
            while self.loader._running:  # noqa: ASYNC110  the last turns of its tasks
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Closes the database, once nothing is left of anything that was asked of it."""
        await self.quiet()
        assert not self.loader._open
        assert not self.loader._lines
        assert self.loader._waiting == 0
        readers = self.database._readers
        assert not readers._waiting
        assert len(readers._idle) == readers._open
        await self.database.close()

    async def _watched(self, query: Query, last_call: LastCall) -> list[Any]:
        def seen() -> tuple[str, tuple[Any, ...]] | None:
            given = last_call()
            if given is not None:
                self.sent.append((query.name, given[1][0]))
                self.sql.append(given[0])
            return given

        return await self._send(query, seen)


async def warm(loads: Loads) -> None:
    """Opens the connections, up to four."""
    await asyncio.gather(*(loads.ask(query, [1]) for query in ONES[: loads.database._readers._size]))
    loads.sent.clear()


def context(loads: Loads, *, viewer: int | None = None) -> Context:
    """A request over this database."""
    subject = f"test|{viewer}" if viewer else None
    return Context(db=loads.database, cursors=loads.api.cursors, now=loads.api.now, viewer=viewer, subject=subject)


async def turns(number: int = 5) -> None:
    """So many turns of the loop."""
    for _ in range(number):
        await asyncio.sleep(0)
