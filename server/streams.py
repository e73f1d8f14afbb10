"""Subscriptions: each update of a stream is answered and written once for everybody who asked the same; what is left to a transport is to frame it."""

import asyncio
from collections.abc import Callable, Hashable
from inspect import isawaitable
from typing import Any, NamedTuple, Protocol, Self, cast

from graphql import ExecutionResult
from graphql.execution import Executor, create_source_event_stream
from starlette.types import Scope

from events.watch import Listener, Stream, Told
from execution import BreadthFirstExecutor
from server.documents import Operation
from server.errors import SourceFailed, of_execution
from server.operation import Operations, body_of, written
from server.sharing import Sharing, asked

PUSH = "chorus.push"  # the ASGI extension by which server/listen.py lends it
Push = Callable[..., bool]


def push_of(scope: Scope) -> Push:
    """What sends a message, in parts, to this connection at once, or says False; always False where the server lends nothing."""
    return scope.get("extensions", {}).get(PUSH, never)  # type: ignore[no-any-return]


def never(*_: bytes) -> bool:
    """Pushes nothing."""
    return False


class Outlet(Protocol):
    """Where a transport takes what a subscription sends: a response as JSON, and the cursor behind it, where the stream has cursors."""

    def push(self, payload: bytes, cursor: str | None) -> bool:
        """Sends it now; False where that would take waiting, and nothing was sent."""

    async def send(self, payload: bytes, cursor: str | None) -> None:
        """Sends it as soon as there is room for it."""


class Answer(NamedTuple):
    """An update as somebody was told it, and what of him that depended on."""

    payload: bytes
    depends: Any
    mark: Hashable


class Streams:
    """Answers subscriptions."""

    def __init__(self, operations: Operations, sharing: Sharing) -> None:
        self._operations = operations
        self._sharing = sharing
        self._running: set[asyncio.Task[Answer]] = set()

    async def subscribe(
        self, operation: Operation, variables: dict[str, Any] | None, ctx: Any, outlet: Outlet
    ) -> "Subscription":
        """A subscription, which has sent nothing yet; raises RequestError where it cannot begin."""
        return await Subscription(self, operation, variables, ctx, outlet).begin()

    async def source(self, asking: "Subscription") -> Any:
        """The source stream of a subscription; raises RequestError."""
        executor = self._executor(asking)
        if isinstance(executor, BreadthFirstExecutor):
            source = await self._operations.in_time(executor.source())
        else:
            source = await self._operations.in_time(create_source_event_stream(executor))
        if isinstance(source, ExecutionResult):
            raise SourceFailed(errors=of_execution(source.errors or []))
        return source

    async def shared(self, asking: "Subscription", told: Told) -> bytes:
        """How this update is answered; answered once for all who ask the same and for whom it is the same."""
        place, marks = asking.asked, asking.marks
        while True:
            answering = told.answers.get(place)
            if answering is None:
                answering = told.answers[place] = self.begin(asking, told)
            answer: Answer = answering.result() if answering.done() else await asyncio.shield(answering)
            depends = answer.depends
            mark = marks[depends] if depends in marks else await self._mark(asking, depends)
            if mark == answer.mark:
                return answer.payload
            place = (asking.asked, depends, mark)

    async def _mark(self, asking: "Subscription", depends: Any) -> Hashable:
        # What has to be asked for may be another each time; the rest stays.
        mark = self._sharing.mark(asking.ctx, depends)
        if isawaitable(mark):
            return await mark
        asking.marks[depends] = mark
        return mark

    def begin(self, asking: "Subscription", told: Told) -> "asyncio.Future[Answer]":
        """Answers an update for all who ask the same: at once, where nothing has to be waited for."""
        ctx = self._sharing.observed(asking.ctx)
        try:
            result = self._executed(asking, dict(told.update), ctx)
        except Exception as error:  # noqa: BLE001  those who ask hear of it
            return _failed(error)
        if isawaitable(result) or ctx.depends:
            # A task of its own: whoever asked first may go before the others have it.
            task = asyncio.create_task(self._wait(result, ctx))
            self._running.add(task)
            task.add_done_callback(self._end)
            return task
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        mark = cast("Hashable", self._sharing.mark(ctx, ctx.depends))
        answered.set_result(Answer(written(body_of(result)), ctx.depends, mark))
        return answered

    def _end(self, task: "asyncio.Task[Answer]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # those who still wait for it hear of it

    async def _wait(self, result: Any, ctx: Any) -> Answer:
        payload = written(body_of(await self._operations.in_time(result)))
        return Answer(payload, ctx.depends, await ctx.mark())

    async def answered(self, asking: "Subscription", event: Any, ctx: Any) -> bytes:
        """How an event is answered in this context."""
        return written(body_of(await self._operations.in_time(self._executed(asking, event, ctx))))

    def _executed(self, asking: "Subscription", event: Any, ctx: Any) -> Any:
        # The result, or an awaitable of it.
        executor = self._executor(asking).build_per_event_executor(event)
        executor.context_value = ctx
        return executor.execute_operation(serially=False)

    def _executor(self, asking: "Subscription") -> Executor[Any]:
        return self._operations.built(asking.operation, asking.variables, asking.ctx)


class Subscription:
    """What one subscriber is sent. Whatever has to be waited for is done in `proceed`; to whom keeps up the rest is pushed, as it is told.

    `asked` is the same for all who asked the same, `marks` what is known of him, by what an answer may depend on.
    """

    __slots__ = ("_outlet", "_source", "_streams", "asked", "ctx", "marks", "operation", "variables")

    def __init__(
        self, streams: "Streams", operation: Operation, variables: dict[str, Any] | None, ctx: Any, outlet: Outlet
    ) -> None:
        self.operation = operation
        self.variables = variables
        self.ctx = ctx
        self.asked = asked(operation, variables or {})
        self.marks: dict[Any, Hashable] = {}
        self._streams = streams
        self._outlet = outlet
        self._source: Any = None

    async def begin(self) -> Self:
        """Subscribes; raises RequestError where that cannot be."""
        source = await self._streams.source(self)
        self._source = source.turns if isinstance(source, Stream) else source
        return self

    async def proceed(self, resume: Callable[[], None]) -> bool:
        """Sends what there is. True at the end; False where no more is at hand: then `resume` is called once, when it is time to proceed.

        Raises what the source or the outlet fail with.
        """
        async for event in self._source:
            if isinstance(event, Told):
                await self._send(await self._streams.shared(self, event), event.cursor)
            elif isinstance(event, Listener):
                event.rest(resume, self._push)
                return False
            else:
                await self._send(await self._streams.answered(self, event, self.ctx), None)
        return True

    async def aclose(self) -> None:
        """Nothing more is sent, and nobody listens any more."""
        await self._source.aclose()

    async def _send(self, payload: bytes, cursor: str | None) -> None:
        if not self._outlet.push(payload, cursor):
            await self._outlet.send(payload, cursor)
            await asyncio.sleep(0)  # a source need not wait for anything, and only the loop notices who has gone

    def _push(self, told: Told) -> bool:
        # The usual case, in which nobody is asked anything.
        known = told.answers.get(self.asked)
        if known is None:
            known = told.answers[self.asked] = self._streams.begin(self, told)
        if not known.done() or known.exception() is not None:
            return False
        payload, depends, mark = known.result()
        return depends in self.marks and self.marks[depends] == mark and self._outlet.push(payload, told.cursor)


def _failed(error: Exception) -> "asyncio.Future[Answer]":
    failed: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    failed.set_exception(error)
    failed.exception()  # of those who ask nobody may be left
    return failed
