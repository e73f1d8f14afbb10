"""What both servers written by hand share: kept connections, and as little as can be between the bytes and the answer."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import orjson
import uvicorn

CONNECTIONS = 10
Answer = Callable[["Kept", dict[str, Any]], Awaitable[bytes]]


class Kept:
    """Connections that are never reset, each with every statement prepared."""

    def __init__(self, statements: Mapping[str, str]) -> None:
        self._statements = statements
        self._idle: asyncio.LifoQueue[dict[str, Any]] = asyncio.LifoQueue()

    async def open(self, dsn: str) -> None:
        for _ in range(CONNECTIONS):
            connection = await asyncpg.connect(dsn, server_settings={"jit": "off", "timezone": "UTC"})
            prepared = {name: await connection.prepare(text) for name, text in self._statements.items()}
            self._idle.put_nowait(prepared)

    async def fetch(self, name: str, *arguments: Any) -> list[Any]:
        """The rows of this statement."""
        prepared = await self._idle.get()
        try:
            return await prepared[name].fetch(*arguments)  # type: ignore[no-any-return]
        finally:
            self._idle.put_nowait(prepared)

    async def value(self, name: str, *arguments: Any) -> Any:
        """The first column of the first row."""
        rows = await self.fetch(name, *arguments)
        return rows[0][0]


def serve(statements: Mapping[str, str], answers: Mapping[str, Answer]) -> None:
    """Serves `answers` by their path until a signal comes."""
    kept = Kept(statements)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(kept, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        answer = await answers[scope["path"]](kept, orjson.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    run(application)


async def _live(kept: Kept, receive: Any, send: Any) -> None:
    await receive()
    await kept.open(os.environ["DATABASE_URL"])
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def run(application: Any) -> None:
    """Listens as Chorus does: uvicorn with uvloop and httptools, one process, no log of requests."""
    port = int(os.environ["PORT"])
    uvicorn.run(
        application, port=port, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning"
    )
