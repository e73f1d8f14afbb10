"""Coalesces writes: the rows that many requests bring at the same time share a statement, and with it a commit.

Idle, a row goes out at once. Busy, the rows that come while statements run make the next one: group commit. Each is answered once it is committed, by a row of
its own, and one that Postgres cannot take fails alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any

import asyncpg

from db.batch import another
from db.errors import DatabaseClosed, DatabaseUnavailable, DomainError, TooManyWrites
from db.queries import Query

# Sends the rows that are chosen as soon as there is a connection for them; the answers are in their order.
Choose = Callable[[], list["Written"]]
Send = Callable[[Query, Choose], Awaitable[list[Any]]]

MOST_ROWS = 100  # of one statement: beyond that each costs as much, and all wait longer
MOST_AT_ONCE = 4  # statements of one query
MOST_WAITING = 10_000  # rows of one query; beyond it a new one is refused
LOOKED_AT = 1_000  # rows that wait, when a statement is made


class Written:
    """A row on its way, and who waits for it."""

    __slots__ = ("answer", "apart", "values")

    def __init__(self, values: tuple[Any, ...], apart: frozenset[Any]) -> None:
        self.values = values
        self.apart = apart
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()


class Line:
    """The rows of one query that wait for a statement."""

    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[Written] = deque()

    def next(self) -> list[Written]:
        """The longest waiting rows that may share a statement: of those that must not, the first. Who was given up does not come along."""
        chosen: list[Written] = []
        left: list[Written] = []
        taken: set[Any] = set()
        for _ in range(min(len(self.waiting), LOOKED_AT)):
            if len(chosen) == MOST_ROWS:
                break
            row = self.waiting.popleft()
            if row.answer.done():
                continue
            (chosen if taken.isdisjoint(row.apart) else left).append(row)
            taken |= row.apart
        self.waiting.extendleft(reversed(left))
        return chosen


class Writer:
    """One a process."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lines: dict[Query, Line] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def write(self, query: Query, values: tuple[Any, ...], apart: frozenset[Any] | None) -> Any:
        """The row that the statement answers for these values, once it is committed.

        Two rows that have something `apart` in common are never in one statement, and go in their order; None is for a row that goes alone, at once.
        """
        if apart is None:
            (row,) = await self._send(query, lambda: [Written(values, frozenset())])
            return row
        line = self._lines.setdefault(query, Line())
        if len(line.waiting) >= MOST_WAITING:
            raise TooManyWrites
        written = Written(values, apart)
        line.waiting.append(written)
        if line.running < MOST_AT_ONCE:
            line.running += 1
            self._start(self._run(query, line))
        return await written.answer

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        # In no request's context, and no request's to cancel: it writes for all.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, query: Query, line: Line) -> None:
        try:
            while line.waiting:
                await self._write(query, line)
        finally:
            line.running -= 1

    async def _write(self, query: Query, line: Line) -> None:
        rows: list[Written] = []

        def choose() -> list[Written]:
            rows.extend(line.next())
            return rows

        try:
            _settle(rows, await self._send(query, choose))
        except asyncio.CancelledError:  # only the end of the process cancels
            _fail([*rows, *line.waiting], DatabaseClosed())
            raise
        except Exception as error:  # noqa: BLE001  whatever it was, those who wait must hear of it
            if rows:
                await self._halves(query, rows, error)
            else:  # there was no connection
                rows = list(line.waiting)
                line.waiting.clear()
                _fail(rows, error)

    async def _halves(self, query: Query, rows: list[Written], error: Exception) -> None:
        # One that Postgres refused fails alone: nothing of its statement is there, so the others are sent again in halves.
        failed = [(rows, error)]
        while failed:
            rows, error = failed.pop()
            if len(rows) == 1 or not _is_refused(error):
                _fail(rows, error)
                continue
            for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                try:
                    _settle(half, await self._send(query, lambda half=half: half))  # type: ignore[misc]
                except Exception as again:  # noqa: BLE001  as above
                    failed.append((half, again))


def columns(rows: Sequence[Written]) -> list[tuple[Any, ...]]:
    """One array a column, as the statement takes them."""
    return list(zip(*(row.values for row in rows), strict=True))


def _is_refused(error: Exception) -> bool:
    # Of a lost connection nobody knows what became, and what took too long would take as long again.
    refused = isinstance(error, (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, DomainError))
    return refused and not isinstance(error, DatabaseUnavailable)


def _settle(rows: Sequence[Written], answers: Sequence[Any]) -> None:
    for row, answer in zip(rows, answers, strict=True):
        if not row.answer.done():
            row.answer.set_result(answer)


def _fail(rows: Sequence[Written], error: Exception) -> None:
    for row in rows:
        if not row.answer.done():
            row.answer.set_exception(another(error))
