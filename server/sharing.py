"""Coalesces queries: those that arrive while the same is answered for others are answered as one, each field once for the objects of all.

Idle, a query is executed at once. Busy, what asks the same waits until one of the two executions ends, for a moment at most: so groups grow by themselves.
What of its caller an answer depended on is noted while it is made, for queries as for streams: who differs there is answered by himself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator
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

MOST_AT_ONCE = 2  # executions of what asks the same
MOST_MEMBERS = 32  # of one execution: with more of them little is saved
MOST_OBJECTS = 5_000  # that one execution may build: the loop has 10 ms to do with them
PATIENCE = 0.05  # seconds that a query waits for others at most


class Sharing(NamedTuple):
    """What `app` knows of contexts. `observed` makes one for an update, which says in `depends` what of its caller the answer depended on.

    `mark` gives that part of any context: who has the same one may share the answer. `beside` makes such a context for queries that were asked in the
    same moment, of one of theirs, and `standing` gives the mark of that moment: None where it is not known without asking.
    """

    observed: Callable[[Any], Any]
    mark: Callable[[Any, Any], Hashable | Awaitable[Hashable]]
    beside: Callable[[Any], Any]
    standing: Callable[[Any, Any], Hashable | None]


class Group:
    """The queries that are to be answered as one, each with the waiter to which its result goes, or None where it is to be answered by itself."""

    __slots__ = ("members", "task", "timer")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.members: dict[asyncio.Future[ExecutionResult | None], BreadthFirstExecutor] = {}
        self.timer: asyncio.TimerHandle | None = None


class Line:
    """Those who ask the same: how many executions run, and the groups that wait."""

    __slots__ = ("depends", "operation", "running", "waiting")

    def __init__(self, operation: Operation, depends: Any) -> None:
        self.operation = operation
        self.depends = depends
        self.running = 0
        self.waiting: deque[Group] = deque()


class Coalescer:
    """One a process."""

    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing
        self._lines: dict[Hashable, Line] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def answer(
        self, operation: Operation, variables: dict[str, Any], executor: BreadthFirstExecutor
    ) -> ExecutionResult | None:
        """The result of this query; None where it is to be executed by itself."""
        depends = operation.depends
        mark = self._sharing.standing(executor.context_value, depends)
        if mark is None or not operation.shares:
            return None
        key = asked(operation, variables), depends, mark
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(operation, depends)
        if line.running < MOST_AT_ONCE and not line.waiting:
            line.running += 1
            try:
                result: Any = executor.execute_operation()
                return result if isinstance(result, ExecutionResult) else await result
            finally:
                _measure(operation, executor.objects)
                self._go_on(key, line)
        return await self._joined(key, line, executor)

    async def _joined(self, key: Hashable, line: Line, executor: BreadthFirstExecutor) -> ExecutionResult | None:
        most = min(MOST_MEMBERS, MOST_OBJECTS // line.operation.objects)
        if not line.waiting or len(line.waiting[-1].members) >= most:
            group = Group()
            line.waiting.append(group)
            group.timer = asyncio.get_running_loop().call_later(PATIENCE, self._begin, key, line, group)
        group = line.waiting[-1]
        waiter: asyncio.Future[ExecutionResult | None] = asyncio.get_running_loop().create_future()
        group.members[waiter] = executor
        try:
            return await waiter
        finally:
            del group.members[waiter]
            if not group.members and group.task is not None:
                group.task.cancel()  # all have gone

    def _begin(self, key: Hashable, line: Line, group: Group) -> None:
        line.waiting.remove(group)
        if group.timer is not None:
            group.timer.cancel()
        line.running += 1
        # In no request's context: it works for all.
        group.task = asyncio.get_running_loop().create_task(self._run(line, group), context=Context())
        self._running.add(group.task)
        group.task.add_done_callback(partial(self._end, key, line, group))

    def _end(self, key: Hashable, line: Line, group: Group, task: asyncio.Task[None]) -> None:
        # Also of a task that was cancelled before it began.
        self._running.discard(task)
        group.task = None  # one that was cancelled holds the frame that holds the group
        self._go_on(key, line)

    def _go_on(self, key: Hashable, line: Line) -> None:
        line.running -= 1
        if line.waiting and line.running < MOST_AT_ONCE:
            self._begin(key, line, line.waiting[0])
        elif not line.running and not line.waiting:
            self._lines.pop(key, None)

    async def _run(self, line: Line, group: Group) -> None:
        members = dict(group.members)
        results = await self._executed(line, list(members.values()))
        for waiter, result in zip(members, results, strict=True):
            if not waiter.done():
                waiter.set_result(result)

    async def _executed(self, line: Line, executors: list[BreadthFirstExecutor]) -> "list[ExecutionResult | None]":
        alone: list[ExecutionResult | None] = [None] * len(executors)
        if not executors:
            return alone
        operation, contexts = line.operation, [executor.context_value for executor in executors]
        ctx = self._sharing.beside(contexts[0])
        together = executors[0].in_context(ctx)
        try:
            results = together.execute_together(executors)
            results = results if isinstance(results, list) else await results
        except Apart:
            operation.shares = False
            return alone
        except Exception:  # noqa: BLE001  whatever it was, each meets it again by itself, and hears of it
            return alone
        _measure(operation, together.objects // len(executors))
        depends = ctx.depends
        if depends <= line.depends:
            return list(results)
        operation.depends = max(depends, operation.depends)
        marks = [self._sharing.standing(one, depends) for one in contexts]
        return [
            result if mark is not None and mark == marks[0] else None
            for mark, result in zip(marks, results, strict=True)
        ]


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
