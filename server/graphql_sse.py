"""graphql-sse, distinct connections: a response whose body is the stream. Its ids are cursors, so a browser that connects again resumes by itself."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from server.auth import Claims
from server.callers import Callers
from server.documents import Operation
from server.errors import RequestError, request_error
from server.operation import written
from server.streams import Streams, push_of

KEEP_ALIVE_SECONDS = 12.0  # proxies cut a connection on which nothing is said for half a minute or so
KEEP_ALIVE = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept, authorization"),
]


class GraphQLSse:
    """Writes event streams, as many at a time as a caller may have."""

    def __init__(self, streams: Streams, callers: Callers) -> None:
        self._streams = streams
        self._callers = callers

    async def serve(
        self,
        connection: HTTPConnection,
        claims: Claims | None,
        operation: Operation,
        variables: dict[str, Any] | None,
        ctx: Any,
        receive: Receive,
        send: Send,
    ) -> None:
        """Returns when the stream has ended, its client is gone, or its token holds no more; raises TooManyStreams where nothing was sent."""
        revoked = asyncio.Event()
        with self._callers.room_for(connection, claims, revoked.set):
            outlet = Events(connection.scope, send)
            tell = partial(self._tell, outlet, operation, variables, ctx)
            seconds = claims.expires_at - time.time() if claims else None
            await _stream(tell, outlet, receive, seconds=seconds, revoked=revoked)

    async def refuse(self, error: RequestError, receive: Receive, send: Send) -> None:
        """What is wrong with a request, as the only event: of another status than 200 a browser's page hears nothing."""
        outlet = Events({}, send)
        await _stream(partial(outlet.end, error), outlet, receive)

    async def _tell(self, outlet: "Events", operation: Operation, variables: dict[str, Any] | None, ctx: Any) -> None:
        woken, wrong = asyncio.Event(), None
        try:
            async with aclosing(await self._streams.subscribe(operation, variables, ctx, outlet)) as subscription:
                while not await subscription.proceed(woken.set):
                    await woken.wait()
                    woken.clear()
        except Exception as error:  # noqa: BLE001  whatever it was, the client hears of the end
            wrong = request_error(error)
        await outlet.end(wrong)


class Events:
    """A response's body as an outlet: each response event is an event."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._push = push_of(scope)
        self._raw = send

    def push(self, payload: bytes, cursor: str | None) -> bool:
        """Sends an event now, if there is room for it."""
        return self._push(*_event(payload, cursor))

    async def send(self, payload: bytes, cursor: str | None) -> None:
        """Sends an event."""
        await self.write(b"".join(_event(payload, cursor)))

    async def end(self, error: RequestError | None) -> None:
        """Says what went wrong, if anything did, and that nothing more comes."""
        if error is not None:
            await self.send(written({"errors": error.errors}), None)
        await self.write(COMPLETE)

    async def write(self, body: bytes, *, more: bool = True) -> None:
        await self._raw({"type": "http.response.body", "body": body, "more_body": more})

    async def begin(self) -> None:
        await self._raw({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self.write(KEEP_ALIVE)


def _event(payload: bytes, cursor: str | None) -> tuple[bytes, ...]:
    # Lines end in LF alone: some clients look for two of them.
    head = f"event: next\nid: {cursor}\ndata: ".encode() if cursor is not None else b"event: next\ndata: "
    return head, payload, b"\n\n"


async def _stream(
    tell: Callable[[], Coroutine[Any, Any, None]],
    outlet: Events,
    receive: Receive,
    *,
    seconds: float | None = None,
    revoked: asyncio.Event | None = None,
) -> None:
    await outlet.begin()
    work = (tell(), _gone(receive), _keep_alive(outlet))
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(each) for each in work]
    if revoked is not None:
        tasks.append(asyncio.create_task(revoked.wait()))
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await outlet.write(b"", more=False)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _keep_alive(outlet: Events) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_SECONDS)
        await outlet.write(KEEP_ALIVE)
