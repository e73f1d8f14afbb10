"""Connections and the way to call a query by its name: `await ctx.db.user_by_id(ids)`.

Connections are kept and their statements stay prepared: 97 µs a statement against 238 through a pool that resets at each release.
Nothing here sets session state, so there is nothing to reset.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from db.errors import DatabaseClosed, DatabaseUnavailable, SessionsBroken, domain_error
from db.keys import align, columns
from db.loader import LastCall, Loader
from db.queries import QUERIES, Query, Slice
from db.writer import Choose, Writer
from db.writer import columns as written

CONNECT_TIMEOUT = 10.0
APPLICATION = "chorus"  # whose transactions are waited for where a change must be seen by all who write (moderate.sql)
IDLE_IN_TRANSACTION = "60s"
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.InternalClientError,  # "another operation is in progress": the server's farewell came between two statements
    OSError,
)
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)


class UnknownQuery(AttributeError):
    """No file in db/ holds a query of this name."""


async def connect(
    dsn: str, *, application: str = APPLICATION, command_timeout: float | None = None
) -> asyncpg.Connection:
    """A connection with our settings: UTC, no JIT (it costs more than our statements), jsonb as Python values, no transaction that is left open."""
    connection = await asyncpg.connect(
        dsn,
        timeout=CONNECT_TIMEOUT,
        command_timeout=command_timeout,
        server_settings={
            "application_name": application,
            "jit": "off",
            "timezone": "UTC",
            # A process that hangs in the middle of a transaction would hold the log back for all others.
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
        },
    )
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    except BaseException:
        connection.terminate()  # the loop would hold it open for ever
        raise
    return connection


async def require_sessions(dsn: str) -> None:
    """Raises SessionsBroken where a pooler between us and Postgres hands one session's statements to another."""
    first, second = await connect(dsn), await connect(dsn)
    try:
        for connection, mark in ((first, "first"), (second, "second")):
            await connection.execute("select set_config('chorus.session', $1, false)", mark)
        mark = await first.fetchval("select current_setting('chorus.session', true)")
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError) as error:
        raise SessionsBroken from error
    finally:
        for connection in (first, second):
            await connection.close(timeout=5)
    if mark != "first":
        raise SessionsBroken


class Connections:
    """A fixed number of kept connections, lent in the order of asking; a lost one is replaced when it is next needed."""

    def __init__(
        self, dsn: str, *, size: int, application: str = APPLICATION, command_timeout: float | None = None
    ) -> None:
        self._dsn = dsn
        self._size = size
        self._application = application
        self._command_timeout = command_timeout
        self._idle: list[Lent] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[Lent | None]] = deque()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator["Lent"]:
        """A connection for the time of the block; raises DatabaseUnavailable where none can be opened, DatabaseClosed after `close`."""
        lent = await self._take()
        try:
            yield lent
        finally:
            self._give_back(lent)

    async def close(self) -> None:
        """Closes the idle connections; those that are lent close as they come back, and who waits for one gets DatabaseClosed."""
        self._size = 0
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(DatabaseClosed())
        self._waiting.clear()
        for lent in self._idle:
            await lent.connection.close(timeout=5)
        self._idle.clear()

    async def _take(self) -> "Lent":
        if not self._size:
            raise DatabaseClosed
        lent = None
        if self._idle:
            lent = self._idle.pop()
        elif self._open < self._size:
            self._open += 1
        else:
            lent = await self._wait()
        return await self._opened() if lent is None or lent.connection.is_closed() else lent

    async def _wait(self) -> "Lent | None":
        turn: asyncio.Future[Lent | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_on(turn.result())
            raise

    async def _opened(self) -> "Lent":
        try:
            return Lent(await connect(self._dsn, application=self._application, command_timeout=self._command_timeout))
        except (asyncpg.PostgresError, TimeoutError, *LOST) as error:
            self._hand_on(None)
            raise DatabaseUnavailable from error
        except BaseException:
            self._hand_on(None)
            raise

    def _give_back(self, lent: "Lent") -> None:
        # In a transaction still: its end was cancelled or timed out. Whoever came next could begin none.
        if lent.connection.is_closed() or lent.connection.is_in_transaction():
            lent.connection.terminate()
            self._hand_on(None)
        else:
            self._hand_on(lent)

    def _hand_on(self, lent: "Lent | None") -> None:
        # The connection itself, or the right to open one, to who waits longest: were he only woken, whoever comes by meanwhile would take it.
        if self._open > self._size:
            self._open -= 1
            if lent is not None:
                lent.connection.terminate()
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(lent)
                return
        if lent is None:
            self._open -= 1
        else:
            self._idle.append(lent)


class Lent:
    """A connection and the statements that are prepared on it."""

    __slots__ = ("_statements", "connection")

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._statements: dict[str, PreparedStatement[Any]] = {}

    async def fetch(self, query: Query, sql: str, args: Sequence[Any]) -> list[Any]:
        """Runs one statement; raises a domain error for a known constraint, DatabaseUnavailable where it may succeed if it is tried again."""
        try:
            statement = self._statements.get(sql)
            if statement is None:
                statement = self._statements[sql] = await self.connection.prepare(sql, record_class=query.row_class)
            return await statement.fetch(*args)
        except asyncpg.InvalidCachedStatementError as error:  # a migration changed its columns under us
            del self._statements[sql]
            if self.connection.is_in_transaction():
                raise DatabaseUnavailable from error
            return await self.fetch(query, sql, args)
        except asyncpg.IntegrityConstraintViolationError as error:
            known = domain_error(error)
            if known is None:
                raise
            raise known from error
        except (*PASSING, *LOST) as error:
            self.require_fault(error)
            raise

    def require_fault(self, error: Exception) -> None:
        """Raises DatabaseUnavailable in place of an error that may be gone when it is tried again: a lost connection, a deadlock, a time limit."""
        misused = isinstance(error, asyncpg.InterfaceError) and not self.connection.is_closed()
        if not misused:
            raise DatabaseUnavailable from error


class Named(ABC):
    """Queries by name; a subclass says how one runs."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        query = QUERIES.get(name)
        if query is None:
            raise UnknownQuery(f"there is no query {name} in db/*.sql")
        return self._bind(query)

    @abstractmethod
    def _bind(self, query: Query) -> Callable[..., Awaitable[Any]]: ...


class Transaction(Named):
    """One transaction: queries by name, run on its connection, in order. Batched ones take their keys and answer in the keys' order."""

    def __init__(self, lent: Lent, seen: Callable[[str], None]) -> None:
        self._lent = lent
        self._seen = seen

    @property
    def connection(self) -> asyncpg.Connection:
        """The connection itself, for COPY, LISTEN and locks."""
        return self._lent.connection

    def _bind(self, query: Query) -> Callable[..., Awaitable[Any]]:
        async def run(*args: Any) -> Any:
            self._seen(query.name)
            if not query.batched:
                return _shaped(query, await self._lent.fetch(query, query.sql, args))
            keys, part, rest = _split(query, args)
            sql, bounds = query.text_for(part)
            wanted = list(dict.fromkeys(key for key in keys if key is not None))
            return align(query, keys, await self._lent.fetch(query, sql, (*columns(query, wanted), *bounds, *rest)))

        return run


class Database(Named):
    """What resolvers call: batched queries go through the loader, writes of a row each through the writer, the others take a connection for themselves."""

    def __init__(
        self,
        dsn: str,
        *,
        readers: int = 6,
        writers: int = 10,
        statement_seconds: float = 10.0,
        application: str = APPLICATION,
        loader: type[Loader] = Loader,
    ) -> None:
        self.dsn = dsn
        self._readers, self._writers = (
            Connections(dsn, size=size, application=application, command_timeout=statement_seconds)
            for size in (readers, writers)
        )
        self.statements: list[str] | None = None  # a list while somebody records the names of what is sent
        self._loader = loader(self._send)
        self._writer = Writer(self._write)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        bound = super().__getattr__(name)
        setattr(self, name, bound)  # it holds us, who live as long as the process; a transaction keeps none
        return bound

    async def close(self) -> None:
        """Closes every connection."""
        await self._readers.close()
        await self._writers.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A read-committed transaction: committed at the end of the block, rolled back by an exception.

        Raises DatabaseUnavailable where the connection is lost; if that was during the commit, nobody knows whether it happened.
        """
        async with self._writers.lend() as lent:
            try:
                async with lent.connection.transaction():
                    yield Transaction(lent, self._seen)
            except (*PASSING, *LOST) as error:
                lent.require_fault(error)
                raise

    async def _send(self, query: Query, last_call: LastCall) -> list[Any]:
        async with self._readers.lend() as lent:
            statement = last_call()
            if statement is None:
                return []
            self._seen(query.name)
            return await lent.fetch(query, *statement)

    async def _write(self, query: Query, choose: Choose) -> list[Any]:
        async with self._writers.lend() as lent:
            rows = choose()
            if not rows:
                return []
            self._seen(query.name)
            return await lent.fetch(query, query.sql, written(rows))

    def _seen(self, name: str) -> None:
        if self.statements is not None:
            self.statements.append(name)

    def _bind(self, query: Query) -> Callable[..., Awaitable[Any]]:
        if query.batched:

            def load(*args: Any, reads: frozenset[str] | None = None) -> Awaitable[Any]:
                keys, part, rest = _split(query, args)
                return self._loader.load(query, keys, part=part, args=rest, reads=reads)

            return load
        if query.shape == "row_each":
            return partial(self._writer.write, query)
        connections = self._writers if query.shape == "write" else self._readers

        async def run(*args: Any) -> Any:
            async with connections.lend() as lent:
                self._seen(query.name)
                return _shaped(query, await lent.fetch(query, query.sql, args))

        return run


def _split(query: Query, args: tuple[Any, ...]) -> tuple[Sequence[Any], Slice | None, tuple[Any, ...]]:
    if query.shape == "page_per":
        return args[0], args[1], args[2:]
    return args[0], None, args[1:]


def _shaped(query: Query, rows: list[Any]) -> Any:
    if query.shape == "rows":
        return rows
    row = rows[0] if rows else None
    if query.shape == "value":
        return row[0] if row is not None else None
    return row if query.shape in ("row", "write") else None
