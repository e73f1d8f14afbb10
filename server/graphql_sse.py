"""graphql-sse, distinct connections: a response whose body is the stream. Its ids are cursors, so a browser that connects again resumes by itself."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Receive, Send

from server.auth import Claims
from server.callers import Callers
from server.documents import Operation
from server.errors import RequestError, request_error
from server.operation import written
from server.streams import Sent, Streams

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
            events = self._streams.events(operation, variables, ctx)
            seconds = claims.expires_at - time.time() if claims else None
            await _stream(events, receive, send, seconds=seconds, revoked=revoked)

    async def refuse(self, error: RequestError, receive: Receive, send: Send) -> None:
        """What is wrong with a request, as the only event: of another status than 200 a browser's page hears nothing."""
        await _stream(_once(error), receive, send)


async def _stream(
    events: AsyncGenerator[Sent, None],
    receive: Receive,
    send: Send,
    *,
    seconds: float | None = None,
    revoked: asyncio.Event | None = None,
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
    work = (_write(events, send), _gone(receive), _keep_alive(send))
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(each) for each in work]
    if revoked is not None:
        tasks.append(asyncio.create_task(revoked.wait()))
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await send({"type": "http.response.body", "body": b""})


async def _once(error: RequestError) -> AsyncGenerator[Sent, None]:
    yield Sent(written({"errors": error.errors}).decode())


async def _write(events: AsyncGenerator[Sent, None], send: Send) -> None:
    try:
        async with aclosing(events):
            async for sent in events:
                await _say(send, sent)
    except Exception as error:  # noqa: BLE001  whatever it was, the client hears of the end
        await _say(send, Sent(written({"errors": request_error(error).errors}).decode()))
    await send({"type": "http.response.body", "body": COMPLETE, "more_body": True})


async def _say(send: Send, sent: Sent) -> None:
    # Lines end in LF alone: some clients look for two of them.
    cursor = f"id: {sent.cursor}\n" if sent.cursor is not None else ""
    event = f"event: next\n{cursor}data: {sent.payload}\n\n"
    await send({"type": "http.response.body", "body": event.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _keep_alive(send: Send) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_SECONDS)
        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
