"""Coalesces loads: the keys that all requests in flight ask of one query in one tick of the loop share one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from typing import Any

from db.queries import Query, Slice

Send = Callable[[Query, str, Sequence[Any]], Awaitable[list[Any]]]


class Batch:
    """The keys that wait for one statement, and the one future that answers them all."""

    __slots__ = ("answer", "args", "keys", "query", "sql")

    def __init__(self, query: Query, sql: str, args: tuple[Any, ...]) -> None:
        self.query = query
        self.sql = sql
        self.args = args
        self.keys: dict[Any, None] = {}
        self.answer: asyncio.Future[dict[Any, Any]] = asyncio.get_running_loop().create_future()


class Loader:
    """One a process. A load never joins a statement that was already sent, so everybody reads what was committed before he asked."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._batches: dict[Hashable, Batch] = {}
        self._running: set[asyncio.Task[None]] = set()

    def load(
        self, query: Query, keys: Sequence[Any], *, part: Slice | None, args: tuple[Any, ...]
    ) -> Awaitable[list[Any]]:
        """One answer a key in the keys' order: a row or None, or for many_per and page_per a list of rows. A None key has no rows."""
        sql, bounds = query.text_for(part)
        rest = (*bounds, *args)
        batch = self._batches.get((sql, rest))
        if batch is None:
            if not self._batches:
                self._schedule()
            batch = self._batches[(sql, rest)] = Batch(query, sql, rest)
        batch.keys.update(dict.fromkeys(key for key in keys if key is not None))
        return _answer(batch, keys)

    def _schedule(self) -> None:
        asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        for batch in self._take():
            self._start(self._run(batch))

    def _take(self) -> list[Batch]:
        batches, self._batches = self._batches, {}
        return list(batches.values())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, batch: Batch) -> None:
        settle(batch, await self._fetch(batch))

    async def _fetch(self, batch: Batch) -> dict[Any, Any] | BaseException:
        try:
            keys = columns(batch.query, batch.keys)
            rows = await self._send(batch.query, batch.sql, (*keys, *batch.args)) if batch.keys else []
            return grouped(batch.query, rows)
        except BaseException as error:  # noqa: BLE001  whatever it was, those who wait must hear of it
            return error


def settle(batch: Batch, found: dict[Any, Any] | BaseException) -> None:
    """Gives those who wait their rows, or what went wrong."""
    if batch.answer.done():
        return
    if isinstance(found, BaseException):
        batch.answer.set_exception(found if isinstance(found, Exception) else asyncio.CancelledError())
        batch.answer.exception()  # so that nobody is told of an error that nobody waits for any more
    else:
        batch.answer.set_result(found)


async def _answer(batch: Batch, keys: Sequence[Any]) -> list[Any]:
    # Shielded: a request that is cancelled must not cancel the batch that others wait for.
    found = await asyncio.shield(batch.answer)
    return _pick(batch.query, keys, found)


def align(query: Query, keys: Sequence[Any], rows: list[Any]) -> list[Any]:
    """The rows handed back to the keys, in the keys' order."""
    return _pick(query, keys, grouped(query, rows))


def grouped(query: Query, rows: Iterable[Any]) -> dict[Any, Any]:
    """Rows by key. Within a key they keep the statement's order: a lateral with a limit is a nested loop, which keeps it."""
    if len(query.keys) == 1:
        column = query.keys[0]
        keyed = [(row[column], row) for row in rows]
    else:
        keyed = [(tuple([row[column] for column in query.keys]), row) for row in rows]
    if query.shape == "one_per":
        return dict(keyed)
    lists: dict[Any, list[Any]] = {}
    for key, row in keyed:
        lists.setdefault(key, []).append(row)
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
