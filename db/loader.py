"""Coalesces loads: the keys that all requests in flight ask of one query share a statement.

Idle, a load goes out at the end of its tick, so latency is not traded. Busy, the keys that arrive while connections are lent join the batch that waits for
one, and batches grow by themselves: group commit for reads. A load never joins a statement that was already sent, so everybody reads what was committed
before he asked.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import asyncpg

from db.errors import TooManyLoads
from db.queries import Query, Slice

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

Arguments = Callable[
    [], Sequence[Any] | None
]  # asked for when the connection is there; None where nobody waits any more
Send = Callable[[Query, str, Arguments], Awaitable[list[Any]]]
Listener = Callable[[Any], None]

MOST_KEYS = 1_000  # of one statement
MOST_AT_ONCE = 2  # statements of one query and the same arguments; what comes meanwhile makes the next batch larger
MOST_WAITING = 50_000  # keys, of all queries; beyond it a new load is refused


class Loading(Generic[T]):
    """What was asked of one or more batches. `await` it, or take the `result()` when it is `done()`.

    It is no future: each request waits on a waiter of its own, so that one that is cancelled takes nothing from those who wait for the same batch.
    """

    __slots__ = ("_batches", "_compute", "_listeners", "_value")

    def __init__(self, batches: "tuple[Batch, ...]", compute: Callable[[], T]) -> None:
        self._batches = batches
        self._compute = compute
        self._listeners: list[Listener] = []

    def done(self) -> bool:
        """True where `result()` has an answer."""
        return all(batch.settled for batch in self._batches)

    def result(self) -> T:
        """The answer, a failed key's exception in its position; raises what went wrong with the statement."""
        try:
            return self._value  # type: ignore[has-type,no-any-return]  # set below
        except AttributeError:
            self._value = self._compute()
            return self._value

    def then(self, function: Callable[[T], U]) -> "Loading[U]":
        """What the function makes of this, without a task."""
        return Loading(self._batches, lambda: function(self.whole()))

    def joined(self, other: "Loading[U]", function: Callable[[T, U], V]) -> "Loading[V]":
        """What the function makes of this and the other."""
        batches = self._batches + other._batches  # noqa: SLF001  its own class
        return Loading(batches, lambda: function(self.whole(), other.whole()))

    def whole(self) -> T:
        """The result; raises the exception of a key that failed."""
        result = self.result()
        if any(batch.failed for batch in self._batches) and isinstance(result, list):
            for value in result:
                if isinstance(value, Exception):
                    raise value
        return result

    def add_done_callback(self, listener: Listener) -> None:
        """Calls the listener with this as soon as it is done."""
        if not self._listeners:
            for batch in self._batches:
                if not batch.settled:
                    batch.waiting[self] = None
        self._listeners.append(listener)

    def remove_done_callback(self, listener: Listener) -> None:
        """The listener is not called; where it was the last, nobody waits here any more."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners:
            self.cancel()

    def cancel(self) -> None:
        """Nobody waits here any more; what others wait for goes on."""
        self._listeners.clear()
        for batch in self._batches:
            batch.waiting.pop(self, None)

    def wake(self) -> None:
        """One of the batches is settled."""
        if self.done():
            listeners, self._listeners = self._listeners, []
            for listener in listeners:
                listener(self)

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def wake(_: Any) -> None:
                if not waiter.done():
                    waiter.set_result(None)

            self.add_done_callback(wake)
            try:
                yield from waiter
            finally:
                self.remove_done_callback(wake)
        return self.whole()


def loaded(value: T) -> Loading[T]:
    """What needs no load."""
    return Loading((), lambda: value)


def loading(awaitable: Awaitable[T]) -> Loading[T]:
    """The load that this is, for whoever goes on from it without a task; raises TypeError for anything else that may be awaited."""
    if not isinstance(awaitable, Loading):
        raise TypeError(f"{awaitable!r} is not the load of a batched query")
    return awaitable


class Batch:
    """The keys that wait for one statement. It is sent only if somebody still wants it then."""

    __slots__ = ("args", "closed", "error", "failed", "found", "keys", "query", "settled", "sql", "waiting", "wanted")

    def __init__(self, query: Query, sql: str, args: tuple[Any, ...]) -> None:
        self.query = query
        self.sql = sql
        self.args = args
        self.keys: dict[Any, None] = {}
        self.wanted = 0
        self.waiting: dict[Loading[Any], None] = {}
        self.closed = False
        self.settled = False
        self.found: dict[Any, Any] = {}
        self.failed: dict[Any, Exception] = {}
        self.error: BaseException | None = None

    def settle(self, outcome: "dict[Any, Any] | BaseException") -> None:
        """Gives those who wait their rows, or what went wrong."""
        if isinstance(outcome, BaseException):
            self.error = outcome
        else:
            self.found = outcome
        self.settled = True
        waiting, self.waiting = self.waiting, {}
        for loading in waiting:
            loading.wake()


class Pick:
    """One load's share of a batch: as long as it lives, the batch is wanted."""

    __slots__ = ("_batch", "_keys")

    def __init__(self, batch: Batch, keys: Sequence[Any]) -> None:
        self._batch = batch
        self._keys = keys
        batch.wanted += 1

    def __call__(self) -> list[Any]:
        batch = self._batch
        if batch.error is not None:
            raise batch.error if isinstance(batch.error, Exception) else asyncio.CancelledError
        if batch.failed:
            batch.found |= batch.failed
        return _pick(batch.query, self._keys, batch.found)

    def __del__(self) -> None:
        self._batch.wanted -= 1


class Loader:
    """One a process."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open: dict[tuple[str, tuple[Any, ...]], Batch] = {}
        self._lines: dict[tuple[str, tuple[Any, ...]], deque[Batch]] = {}
        self._at_once: Counter[tuple[str, tuple[Any, ...]]] = Counter()
        self._waiting = 0
        self._running: set[asyncio.Task[None]] = set()

    def load(
        self, query: Query, keys: Sequence[Any], *, part: Slice | None, args: tuple[Any, ...]
    ) -> Loading[list[Any]]:
        """One answer a key in the keys' order: a row or None, or for many_per and page_per a list of rows. A None key has no rows.

        Raises TooManyLoads where more keys wait than may.
        """
        sql, bounds = query.text_for(part)
        place = (sql, bounds + args)
        batch = self._open.get(place)
        if batch is None or len(batch.keys) >= MOST_KEYS:
            if self._waiting >= MOST_WAITING:
                raise TooManyLoads
            batch = self._open[place] = Batch(query, sql, bounds + args)
            self._schedule(batch)
        before = len(batch.keys)
        for key in keys:
            if key is not None:
                batch.keys[key] = None
        self._waiting += len(batch.keys) - before
        return Loading((batch,), Pick(batch, keys))

    def _schedule(self, batch: Batch) -> None:
        asyncio.get_running_loop().call_soon(self._line_up, batch)

    def _line_up(self, batch: Batch) -> None:
        place = (batch.sql, batch.args)
        if self._at_once[place] < MOST_AT_ONCE:
            self._at_once[place] += 1
            self._start(self._run(batch))
        else:
            self._lines.setdefault(place, deque()).append(batch)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, first: Batch) -> None:
        place = (first.sql, first.args)
        batch: Batch | None = first
        while batch is not None:
            batch.settle(await self._fetch(batch))
            line = self._lines.get(place)
            batch = line.popleft() if line else None
            if line is not None and not line:
                del self._lines[place]
        self._at_once[place] -= 1
        if not self._at_once[place]:
            del self._at_once[place]

    async def _fetch(self, batch: Batch) -> dict[Any, Any] | BaseException:
        try:
            rows = await self._send(batch.query, batch.sql, lambda: self._close(batch))
        except asyncpg.DataError as error:
            return await self._halves(batch, list(batch.keys), error)
        except BaseException as error:  # noqa: BLE001  whatever it was, those who wait must hear of it
            self._close(batch)
            return error
        return grouped(batch.query, rows)

    def _close(self, batch: Batch) -> tuple[Any, ...] | None:
        # From here on nobody joins: what is asked now must see what is committed now.
        place = (batch.sql, batch.args)
        if self._open.get(place) is batch:
            del self._open[place]
        if not batch.closed:
            batch.closed = True
            self._waiting -= len(batch.keys)
        if not batch.keys or not batch.wanted:
            return None
        return (*columns(batch.query, batch.keys), *batch.args)

    async def _halves(self, batch: Batch, keys: list[Any], error: Exception) -> dict[Any, Any]:
        # A key that Postgres cannot take (never a time limit or a lost connection) fails alone.
        if len(keys) == 1:
            batch.failed[keys[0]] = error
            return {}
        found: dict[Any, Any] = {}
        middle = len(keys) // 2
        for half in (keys[:middle], keys[middle:]):
            arguments = partial(_both, columns(batch.query, half), batch.args)
            try:
                found |= grouped(batch.query, await self._send(batch.query, batch.sql, arguments))
            except asyncpg.DataError as again:
                found |= await self._halves(batch, half, again)
        return found


def _both(keys: tuple[Any, ...], args: tuple[Any, ...]) -> tuple[Any, ...]:
    return keys + args


def align(query: Query, keys: Sequence[Any], rows: list[Any]) -> list[Any]:
    """The rows handed back to the keys, in the keys' order."""
    return _pick(query, keys, grouped(query, rows))


def grouped(query: Query, rows: Iterable[Any]) -> dict[Any, Any]:
    """Rows by key. Within a key they keep the statement's order: a lateral with a limit is a nested loop, which keeps it."""
    if query.shape == "one_per":
        if len(query.keys) == 1:
            column = query.keys[0]
            return {row[column]: row for row in rows}
        return {tuple([row[column] for column in query.keys]): row for row in rows}
    lists: dict[Any, list[Any]] = {}
    if len(query.keys) == 1:
        column = query.keys[0]
        for row in rows:
            lists.setdefault(row[column], []).append(row)
    else:
        for row in rows:
            lists.setdefault(tuple([row[column] for column in query.keys]), []).append(row)
    return lists


def _pick(query: Query, keys: Sequence[Any], found: dict[Any, Any]) -> list[Any]:
    if query.shape == "one_per":
        return [found.get(key) for key in keys]
    return [found.get(key, []) for key in keys]


def columns(query: Query, keys: Iterable[Any]) -> tuple[list[Any], ...]:
    """The keys as one array a key column, as the statement takes them."""
    if len(query.keys) == 1:
        return (list(keys),)
    return tuple([key[index] for key in keys] for index in range(len(query.keys)))
