"""The real app on a real socket, over a database of the test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from app import build_app
from server.auth import mint
from server.listen import configuration
from settings import Settings
from tests.ask import SECRET
from tests.until import PATIENCE


@dataclass
class Site:
    """Where it listens, and how to ask it."""

    port: int
    client: httpx.AsyncClient

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def ask(self, query: str, *, subject: str | None = None, **variables: Any) -> dict[str, Any]:
        """The answer, of whatever status."""
        headers = {"authorization": f"Bearer {token(subject)}"} if subject else {}
        sent = await self.client.post(self.url, json={"query": query, "variables": variables}, headers=headers)
        return sent.json()  # type: ignore[no-any-return]


def token(subject: str) -> str:
    """A token that the app accepts."""
    return mint(SECRET, subject, audience="chorus")


@asynccontextmanager
async def serving(dsn: str, *, worker: bool = False) -> AsyncIterator[Site]:
    """The app for the time of the block."""
    settings = Settings(secret=(SECRET,), worker=worker)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(configuration(build_app(settings, dsn), host="127.0.0.1", port=port))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                assert not task.done(), "the app did not start: uvicorn's log says why"
                await asyncio.sleep(0.01)
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                yield Site(port, client)
        finally:  # before its socket is closed: the number of a socket that is still waited for would be given to another
            server.should_exit = True
            await task
