"""The loop: an operation is answered level by level, each field once for all objects of its level.

A level's leaves are built at once (leaves.py). Its other fields start together; a field whose values are there is completed on the spot, and so gives the next
levels; the others are waited for, and a branch goes on as soon as its own values are in, while the rest still wait. Between the fields others on the loop
get their turn, if it has been long.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, located_error
from graphql.execution import ExecutionResult, Executor
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import Path

from execution.careful import Careful
from execution.complete import complete
from execution.kinds import Batched
from execution.level import Level, Traced
from execution.nulls import Failure, propagate
from execution.plan import Field, Plan
from execution.values import batch, discard, outcome, values_of

if TYPE_CHECKING:
    from execution.executor import BreadthFirstExecutor

TURN = 0.01  # seconds at a stretch, then others get their turn


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class Waiting:
    """What is awaited, and what happens then. A list of awaitables is waited for as one, their exceptions among their results."""

    __slots__ = ("awaited", "future", "go_on", "run", "settle")

    def __init__(
        self, run: "Run", awaited: Any, go_on: Callable[[Any], None], settle: Callable[[Any], Any] = _awaited
    ) -> None:
        self.run = run
        self.awaited = awaited
        self.go_on = go_on
        self.settle = settle
        self.future: Any = None

    def begin(self) -> bool:
        """True where it is there already."""
        if type(self.awaited) is list:
            self.future = asyncio.gather(*map(self.settle, self.awaited), return_exceptions=True)
        elif hasattr(self.awaited, "add_done_callback"):
            self.future = self.awaited
        else:
            # A coroutine runs whole inside one task: its context variables, timeouts and cancellation are its own.
            coroutine = self.awaited if asyncio.iscoroutine(self.awaited) else self.settle(self.awaited)
            self.future = asyncio.ensure_future(coroutine)
        if self.future.done():
            return True
        self.future.add_done_callback(self)
        return False

    def __call__(self, _: Any) -> None:
        self.run.wake(self)

    def stop(self) -> None:
        """Cancels what was begun."""
        if self.future is not None:
            self.future.remove_done_callback(self)
            self.future.cancel()

    def drop(self) -> None:
        """Closes what was never begun, and takes notice of an exception that nobody asked for."""
        discard(self.awaited)
        if asyncio.isfuture(self.future) and self.future.done() and not self.future.cancelled():
            discard(self.future.exception() or self.future.result())


class Apart(Exception):
    """Requests cannot be answered as one: their operation has a field that is resolved object by object."""


class Run:
    """One execution of an operation, for one request or for `several`, each of which has its own object at the root.

    Fields at the root are answered for each of several in its own context, with its own arguments; below it `executor` answers for all. Their positions
    begin with the number of the request, as if they were the items of a list.
    """

    def __init__(
        self,
        executor: "BreadthFirstExecutor",
        plan: Plan,
        root_type: GraphQLObjectType,
        *,
        serially: bool = False,
        several: Sequence[Executor[Any]] = (),
    ) -> None:
        self.executor = executor
        self._objects = 0
        self._several = several
        self._apart = False
        self._failures: dict[int, list[Failure]] = {}  # by request
        self._starts: deque[tuple[Level, Field]] = deque()
        self._unstarted: deque[Waiting] = deque()
        self._pending: set[Waiting] = set()
        self._ready: deque[Waiting] = deque()
        self._waker: asyncio.Future[None] | None = None
        roots = [one.root_value for one in several or (executor,)]
        self._root = Level(plan.root(root_type), roots, None, partial(_roots, len(several)))
        self._serial = deque[Field]()
        if serially:
            # Mutations run one after the other (spec 6.2.2), each with all that is selected of it.
            self._root.leave_all()
            self._serial.extend(self._root.rest)
        else:
            self.build(self._root)

    def results(self) -> list[ExecutionResult] | Awaitable[list[ExecutionResult]]:
        """Runs the operation: a result for each request, to be awaited only if something in it was. Raises Apart."""
        try:
            while self._busy_for(TURN) and not self._unstarted:
                pass
        except BaseException:
            self._drop()
            raise
        return self._finish() if self._unstarted else self._results()

    def _busy_for(self, seconds: float) -> bool:
        # Goes on for so long, field by field; True where there is more to do.
        end = perf_counter() + seconds
        while True:
            if self._ready:
                waiting = self._ready.popleft()
                self._pending.discard(waiting)
                waiting.go_on(waiting.future)
            elif self._starts:
                self._start(*self._starts.popleft())
            elif not self._serial or self._unstarted or self._pending:
                return False
            elif any(failure.null_at == 0 for failure in self._failures.get(0, ())):
                return False  # the response is null already: what has not begun does not begin (spec 6.4.4)
            else:
                self._start(self._root, self._serial.popleft())
            if perf_counter() > end:
                return True

    async def _finish(self) -> list[ExecutionResult]:
        try:
            while True:
                busy = self._busy_for(TURN)
                if not self._begin() and not busy:
                    break
                if busy:
                    await asyncio.sleep(0)
                elif not self._ready:
                    self._waker = asyncio.get_running_loop().create_future()
                    await self._waker
        except GeneratorExit:
            self._stop()
            self._pending.clear()
            self._drop()
            raise
        except BaseException:
            await self._ended(self._stop())
            raise
        return self._results()

    def _begin(self) -> bool:
        # False where nothing is left to wait for.
        while self._unstarted:
            waiting = self._unstarted.popleft()
            self._pending.add(waiting)
            if waiting.begin():
                self._ready.append(waiting)
        return bool(self._pending)

    def wake(self, waiting: Waiting) -> None:
        """What was awaited is there."""
        if waiting not in self._pending:
            return  # dropped meanwhile
        self._ready.append(waiting)
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    def _stop(self) -> list[asyncio.Future[Any]]:
        # What was begun is cancelled; it gives what takes its time to end.
        for waiting in self._pending:
            waiting.stop()
        return [waiting.future for waiting in self._pending if asyncio.isfuture(waiting.future)]

    async def _ended(self, futures: list[asyncio.Future[Any]]) -> None:
        # Nothing that was begun outlives the operation, however often it is cancelled.
        cancelled: asyncio.CancelledError | None = None
        while any(not future.done() for future in futures):
            try:
                await asyncio.wait(futures)
            except asyncio.CancelledError as error:
                cancelled = error
                self._stop()
        self._drop()
        if cancelled is not None:
            raise cancelled

    def _drop(self) -> None:
        for waiting in (*self._unstarted, *self._pending):
            waiting.drop()
        self._unstarted.clear()
        self._pending.clear()
        self._ready.clear()

    def _results(self) -> list[ExecutionResult]:
        if self._apart:
            raise Apart
        self.executor.objects = self._objects
        return [
            self._result(executor, data, self._failures.pop(index, None))
            for index, (executor, data) in enumerate(
                zip(self._several or (self.executor,), self._root.built, strict=True)
            )
        ]

    def _result(self, executor: Executor[Any], data: dict[str, Any], failures: list[Failure] | None) -> ExecutionResult:
        nulled: dict[str, Any] | None = data
        if failures:
            nulled, errors = propagate(data, failures)
            executor.collected_errors.errors.extend(errors)
        result = executor.build_response(nulled)
        if failures:
            # The frames of an error hold us and the executor: whoever of the two kept it would be freed by the collector alone.
            executor.collected_errors = CollectedErrors()
        return result  # type: ignore[return-value]  # nothing here is incremental

    def _start(self, level: Level, field: Field) -> None:
        if field.kind is None:
            complete(self, level, field, Careful(self, level, field).resolve())
        elif self._several and level is self._root and isinstance(field.kind, Batched):
            arrived = dict[int, Any]()
            for index, executor in enumerate(self._several):
                self._take_one(arrived, index, field, batch(executor, field, [executor.root_value]))
        else:
            self._take(level, field, values_of(self.executor, level, field))

    def _take(self, level: Level, field: Field, values: Any) -> None:
        if type(values) is list:
            complete(self, level, field, values)
        else:
            self._unstarted.append(Waiting(self, values, partial(self._loaded, level, field)))

    def _loaded(self, level: Level, field: Field, future: Any) -> None:
        self._take(level, field, outcome(future, level.objects))

    def _take_one(self, arrived: dict[int, Any], index: int, field: Field, values: Any) -> None:
        # Of one of several requests; the field is completed with the last.
        if type(values) is not list:
            self._unstarted.append(Waiting(self, values, partial(self._loaded_one, arrived, index, field)))
            return
        (arrived[index],) = values
        if len(arrived) == len(self._several):
            complete(self, self._root, field, [arrived[index] for index in range(len(arrived))])

    def _loaded_one(self, arrived: dict[int, Any], index: int, field: Field, future: Any) -> None:
        self._take_one(arrived, index, field, outcome(future, [None]))

    def after_all(
        self, awaitables: list[Any], go_on: Callable[[list[Any]], None], settle: Callable[[Any], Any] = _awaited
    ) -> None:
        """Calls `go_on` with the results, an exception in the place of its result: at once where there is nothing to await."""
        if awaitables:
            self._unstarted.append(Waiting(self, awaitables, lambda future: go_on(future.result()), settle))
        else:
            go_on([])

    def build(self, level: Level) -> list[dict[str, Any]]:
        """The response objects of a level, whose other fields start when its turn comes."""
        level.build()
        self._objects += len(level.objects)
        self.queue(level)
        return level.built

    def queue(self, level: Level) -> None:
        """Has the fields that a level still lacks started when its turn comes."""
        for unfinished in level.unfinished() if level.nested else (level,):
            self._starts.extend([(unfinished, field) for field in unfinished.rest])

    def fail(self, error: Exception, field: Field, path: Path, depth: int) -> None:
        """Notes an error at a position of this field, `depth` lists deep."""
        keys = path.as_list()
        request: Any = keys.pop(0) if self._several else 0
        null_at = field.null_at[depth] if self.executor.error_propagation else len(keys)
        failure = Failure(located_error(error, field.nodes, keys), keys, null_at)
        self._failures.setdefault(request, []).append(failure)

    def info(self, level: Level, field: Field, parent: int) -> GraphQLResolveInfo[Any]:
        """What graphql-core tells a resolver of the field of this parent; raises Apart where there is more than one request to tell of."""
        if self._several:
            self._apart = True
            raise Apart
        path = Path(level.paths()[parent], field.key, field.parent_type.name)
        return self.executor.build_resolve_info(field.definition, [*field.nodes], field.parent_type, path)


def _roots(several: int) -> Traced:
    # The path of the only root is empty, those of several are their numbers.
    if not several:
        return [None], [(None, None)]
    return [Path(None, index, None) for index in range(several)], [(None, None)] * several
