"""Coalesces loads: the keys that all requests in flight ask of one query share a statement.

Idle, a load goes out after a turn of the loop that brought nothing more, so latency is not traded. Busy, a batch waits as long as each turn brings more keys,
and those that arrive while connections are lent join the batch that waits for one: batches grow by themselves, group commit for reads. A load never joins a
statement that was already sent, so everybody reads what was committed before he asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextvars import Context
from functools import partial
from typing import Any

import asyncpg

from db.batch import Batch, Pick, Place
from db.errors import DatabaseClosed, TooManyLoads
from db.keys import columns, grouped
from db.loading import Loading
from db.queries import Query, Slice

# A statement's SQL and arguments, asked for when the connection is there; None where nobody waits any more.
LastCall = Callable[[], tuple[str, tuple[Any, ...]] | None]
Send = Callable[[Query, LastCall], Awaitable[list[Any]]]

MOST_KEYS = 1_000  # of one statement
MOST_ROWS = 20_000  # that the pages of one statement may hold: to hand them out takes the loop some 10 ms
MOST_AT_ONCE = 2  # statements of one place; what comes meanwhile makes the next batch larger
MOST_TURNS = 8  # of the loop, for which a batch waits as long as each brings more keys
MOST_WAITING = 50_000  # keys and loads; beyond it a new load is refused
MOST_BATCHES = 5_000  # that wait


class Line:
    """The batches of one place that wait until one of its running statements ends."""

    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[Batch] = deque()


class Loader:
    """One a process."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open: dict[Place, Batch] = {}  # those that can be joined
        self._lines: dict[Place, Line] = {}
        self._waiting = 0
        self._running: set[asyncio.Task[None]] = set()

    def load(
        self,
        query: Query,
        keys: Sequence[Any],
        *,
        part: Slice | None,
        args: tuple[Any, ...],
        reads: frozenset[str] | None = None,
    ) -> Loading[list[Any]]:
        """One answer a key in the keys' order: a row or None, or for many_per and page_per a list of rows. A None key has no rows.

        Raises TooManyLoads where more waits than may.
        """
        asked = dict.fromkeys(keys)
        asked.pop(None, None)
        if self._waiting >= MOST_WAITING or len(self._open) >= MOST_BATCHES:
            raise TooManyLoads
        sql, bounds = query.text_for(part)
        card = query.text_for(part, reads)[0] if reads is not None and query.card else sql
        most = MOST_KEYS if part is None else min(MOST_KEYS, max(1, MOST_ROWS // part.limit))
        batches = self._join(query, (sql, bounds + args), most, asked, card)
        return Loading(batches, Pick(query, keys, batches))

    def _join(self, query: Query, place: Place, most: int, asked: dict[Any, None], card: str) -> tuple[Batch, ...]:
        batches: list[Batch] = []
        while asked:
            batch = self._open.get(place)
            if batch is None or len(batch.keys) >= most:
                batch = self._open[place] = Batch(query, place, card)
                self._line_up(batch)
            elif batch.sql is not card:
                batch.sql = place[0]  # whole rows serve both
            some, asked = _parted(asked, most - len(batch.keys))
            before = len(batch.keys)
            batch.keys.update(some)
            weight = 1 + len(batch.keys) - before
            batch.weight += weight
            self._waiting += weight
            batches.append(batch)
        return tuple(batches)

    def _line_up(self, batch: Batch) -> None:
        line = self._lines.setdefault(batch.place, Line())
        if line.running < MOST_AT_ONCE:
            line.running += 1
            self._start(self._run(line, batch))
        else:
            line.waiting.append(batch)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        # In no request's context: it works for all, and the connections that it opens stay.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, line: Line, batch: Batch) -> None:
        place = batch.place
        while True:
            await _joined(batch)
            batch.settle(await self._fetch(batch))
            if not line.waiting:
                break
            batch = line.waiting.popleft()
        line.running -= 1
        if not line.running:
            del self._lines[place]

    async def _fetch(self, batch: Batch) -> dict[Any, Any] | Exception:
        try:
            return await self._found(batch)
        except asyncio.CancelledError:  # only the end of the process cancels
            return DatabaseClosed()
        except Exception as error:  # noqa: BLE001  whatever it was, those who wait must hear of it
            return error
        finally:
            self._close(batch)

    async def _found(self, batch: Batch) -> dict[Any, Any]:
        try:
            return await self._ask(batch, partial(self._last_call, batch))
        except asyncpg.DataError as error:
            wrong = error.with_traceback(None)
        return await self._halves(batch, wrong)

    async def _halves(self, batch: Batch, wrong: Exception) -> dict[Any, Any]:
        # A key that Postgres cannot take fails alone: what failed is asked again in halves. Not after a time limit or a lost connection.
        found: dict[Any, Any] = {}
        failed = [(list(batch.keys), wrong)]
        while failed:
            keys, wrong = failed.pop()
            if len(keys) == 1:
                found[keys[0]], batch.partial = wrong, True
                continue
            for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
                try:
                    found |= await self._ask(batch, partial(_statement, batch, half))
                except asyncpg.DataError as error:
                    failed.append((half, error.with_traceback(None)))
        return found

    async def _ask(self, batch: Batch, last_call: LastCall) -> dict[Any, Any]:
        return grouped(batch.query, await self._send(batch.query, last_call))

    def _last_call(self, batch: Batch) -> tuple[str, tuple[Any, ...]] | None:
        # From here on nobody joins: what is asked now must see what is committed now.
        self._close(batch)
        return _statement(batch, batch.keys) if batch.wanted else None

    def _close(self, batch: Batch) -> None:
        if self._open.get(batch.place) is batch:
            del self._open[batch.place]
        self._waiting -= batch.weight
        batch.weight = 0


async def _joined(batch: Batch) -> None:
    # Measured where many ask for many: a fifth to a third more requests, and less that the slowest wait.
    for _ in range(MOST_TURNS):
        weight = batch.weight
        await asyncio.sleep(0)
        if batch.weight == weight:
            return


def _parted(asked: dict[Any, None], room: int) -> tuple[dict[Any, None], dict[Any, None]]:
    if len(asked) <= room:
        return asked, {}
    keys = list(asked)
    return dict.fromkeys(keys[:room]), dict.fromkeys(keys[room:])


def _statement(batch: Batch, keys: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
    return batch.sql, (*columns(batch.query, keys), *batch.place[1])
