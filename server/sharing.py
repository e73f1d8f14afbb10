"""Coalesces queries: those that ask the same at the same time are answered as one, each field once for the objects of all.

Idle, a query is executed after a turn of the loop that brought no other. Busy, a group waits as long as each turn brings more, and what asks the same while
two executions run waits until one of them ends, for a moment at most: so groups grow by themselves, as batches of loads do. What of its caller an answer depended
on is noted while it is made, for queries as for streams: who differs there is answered by himself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
    Visitor,
    visit,
)

from execution import Apart, BreadthFirstExecutor
from server.documents import Operation
from server.errors import TimedOut

MOST_AT_ONCE = 2  # executions of what asks the same
MOST_MEMBERS = 32  # of one execution: with more of them little is saved
MOST_OBJECTS = 5_000  # that one execution may build: the loop has 10 ms to do with them
MOST_TURNS = 8  # of the loop, for which a group waits as long as each brings more
PATIENCE = 0.1  # seconds that a query waits for an execution of others to end

Outcome = ExecutionResult | TimedOut | None  # None: to be executed by itself


class Sharing(NamedTuple):
    """What `app` knows of contexts. `observed` makes one for an update, which says in `depends` what of its caller the answer depended on; falsy: on nothing.

    `mark` gives that part of any context: who has the same one may share the answer. `beside` makes such a context for queries that were asked in the
    same moment, of one of theirs, and `standing` gives the mark of that moment: None where it is not known without asking.
    """

    observed: Callable[[Any], Any]
    mark: Callable[[Any, Any], Hashable | Awaitable[Hashable]]
    beside: Callable[[Any], Any]
    standing: Callable[[Any, Any], Hashable | None]


class Group:
    """The queries that are to be answered as one, each with the waiter that hears of its outcome; it begins by itself when they have waited long."""

    __slots__ = ("_begin", "_timer", "closed", "members", "task")

    def __init__(self, begin: Callable[["Group"], None]) -> None:
        self.members: dict[asyncio.Future[ExecutionResult | None], BreadthFirstExecutor] = {}
        self.task: asyncio.Task[None] | None = None
        self.closed = False  # to those who would join
        self._begin = begin
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.begin)

    async def joined(self) -> None:
        """Waits as long as each turn of the loop brings more."""
        for _ in range(MOST_TURNS):
            number = len(self.members)
            await asyncio.sleep(0)
            if len(self.members) <= number:
                break
        self.closed = True

    def begin(self) -> None:
        """It waits no longer for others to end."""
        self._timer.cancel()
        self._begin(self)

    async def result(self, executor: BreadthFirstExecutor) -> ExecutionResult | None:
        """Joins; None where it is to be executed by itself."""
        waiter: asyncio.Future[ExecutionResult | None] = asyncio.get_running_loop().create_future()
        self.members[waiter] = executor
        try:
            return await waiter
        finally:
            del self.members[waiter], waiter  # the latter's exception would hold this frame
            if not self.members and self.task is not None:  # all have gone
                self.closed = True
                self.task.cancel()

    def settle(self, executors: list[BreadthFirstExecutor], outcomes: Sequence[Outcome]) -> None:
        """Tells those who are still there."""
        told = dict(zip(executors, outcomes, strict=True))
        for waiter, executor in self.members.items():
            outcome = told[executor]
            if waiter.done():
                continue
            if isinstance(outcome, Exception):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)


class Line:
    """Those who ask the same: how many executions run, the groups that wait for one of them to end, and the one that came last."""

    __slots__ = ("depends", "key", "last", "operation", "running", "waiting")

    def __init__(self, key: Hashable, operation: Operation, depends: Any) -> None:
        self.key = key
        self.operation = operation
        self.depends = depends
        self.running = 0
        self.waiting: deque[Group] = deque()
        self.last: Group | None = None


class Coalescer:
    """One a process. `in_time` awaits for as long as an operation may take."""

    def __init__(self, sharing: Sharing, in_time: Callable[[Any], Awaitable[Any]]) -> None:
        self._sharing = sharing
        self._in_time = in_time
        self._lines: dict[Hashable, Line] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def answer(
        self, operation: Operation, variables: dict[str, Any], executor: BreadthFirstExecutor
    ) -> ExecutionResult | None:
        """The result of this query; None where it is to be executed by itself. Raises TimedOut."""
        depends, most = operation.depends, min(MOST_MEMBERS, MOST_OBJECTS // operation.objects)
        mark = self._sharing.standing(executor.context_value, depends) if operation.shares and most > 1 else None
        if mark is None:
            return None
        key = asked(operation, variables), depends, mark
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(key, operation, depends)
        if line.last is None or line.last.closed or len(line.last.members) >= most:
            line.last = Group(partial(self._begin, line))
            line.waiting.append(line.last)
            if line.running < MOST_AT_ONCE:
                line.last.begin()
        return await line.last.result(executor)

    def _begin(self, line: Line, group: Group) -> None:
        line.waiting.remove(group)
        line.running += 1
        # In no request's context: it works for all.
        group.task = asyncio.get_running_loop().create_task(self._run(line, group), context=Context())
        group.task.add_done_callback(partial(self._ended, line, group))
        self._running.add(group.task)

    def _ended(self, line: Line, group: Group, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        group.task = None  # one that was cancelled holds a frame that holds the group
        if line.last is group:
            line.last = None
        self._go_on(line)

    def _go_on(self, line: Line) -> None:
        line.running -= 1
        if line.waiting and line.running < MOST_AT_ONCE:
            line.waiting[0].begin()
        elif not line.running and not line.waiting:
            self._lines.pop(line.key, None)

    async def _run(self, line: Line, group: Group) -> None:
        await group.joined()
        executors = list(group.members.values())
        try:
            group.settle(executors, await self._executed(line, executors) if executors else [])
        except TimedOut as error:
            group.settle(executors, [TimedOut(*error.args) for _ in executors])
        except Exception as error:  # noqa: BLE001  whatever it was, each meets it again by himself, and hears of it
            line.operation.shares = line.operation.shares and not isinstance(error, Apart)
            group.settle(executors, [None] * len(executors))

    async def _executed(self, line: Line, executors: list[BreadthFirstExecutor]) -> list[Outcome]:
        operation = line.operation
        if len(executors) == 1:
            (alone,) = executors
            result = await self._in_time(alone.execute_operation())
            _measure(operation, alone.objects)
            return [result]
        contexts = [executor.context_value for executor in executors]
        ctx = self._sharing.beside(contexts[0])
        together = executors[0].in_context(ctx)
        results = await self._in_time(together.execute_together(executors))
        _measure(operation, together.objects // len(executors))
        depends = ctx.depends
        if depends <= line.depends:
            return results  # type: ignore[no-any-return]
        operation.depends = max(depends, operation.depends)
        marks = [self._sharing.standing(one, depends) for one in contexts]
        same = [mark is not None and mark == marks[0] for mark in marks]
        return [result if shared else None for shared, result in zip(same, results, strict=True)]


def _measure(operation: Operation, objects: int) -> None:
    # How many objects an answer has is known from those before.
    operation.objects = max(operation.objects, objects)


def asked(operation: Operation, variables: dict[str, Any]) -> Hashable:
    """What those who ask the same have in common: all but the arguments of fields at the root.

    Of a query each is given its own. Of a stream they are cursors and the like, which decide which updates come, and nothing about how one is answered.
    """
    used = {name: variables[name] for name in selecting(operation) if name in variables}
    if not used:
        return operation, ""
    return operation, orjson.dumps(used, option=orjson.OPT_SORT_KEYS).decode()  # its bytes would hold 4 KB


def selecting(operation: Operation) -> frozenset[str]:
    """The variables that stand elsewhere than in the arguments of fields at the root."""
    if operation.selecting is None:
        found = _Variables()
        for definition in operation.document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                visit(definition, found)
            elif isinstance(definition, OperationDefinitionNode) and _name(definition) == operation.name:
                for selection in definition.selection_set.selections:
                    for part in _inside(selection):
                        visit(part, found)
        operation.selecting = frozenset(found.names)
    return operation.selecting


def _inside(selection: SelectionNode) -> Iterator[Node]:
    # Of a field at the root all but its arguments.
    if not isinstance(selection, FieldNode):
        yield selection
        return
    yield from selection.directives or ()
    if selection.selection_set is not None:
        yield selection.selection_set


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None


class _Variables(Visitor):
    """Finds variables by their use."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)
