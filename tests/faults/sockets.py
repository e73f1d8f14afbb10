"""Those who listen over sockets of their own, and come back with their last cursor when they are cut off; thousands of them are cheap."""

import asyncio
import random
import socket
from typing import Any

from tests.wire import HEAD, INIT, UPGRADED, Wire, parsed, subscribing

LONGEST_PAUSE = 0.3  # seconds until somebody who was cut off comes back
FACTS = {"VideoPosted", "VideoRemoved", "Event"}


class Ear(Wire):
    """A listener's connection."""

    def __init__(self, listener: "Listener") -> None:
        super().__init__()
        self._listener = listener

    def asked(self) -> bytes:
        """The subscription, which goes on behind the last cursor."""
        return self._listener.asked()

    def hear(self, message: bytes) -> None:
        """One message of the protocol."""
        self._listener.hear(message, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's."""
        self._listener.lost()


class Listener:
    """Listens to one stream until it is ended, over as many connections as that takes.

    `begin` is the place of the first checkpoint, `heard` the sequences of the facts that were told, `wrong` whatever a listener must not be told.
    """

    def __init__(self, port: int, query: str, **variables: Any) -> None:
        self.port = port
        self.variables = variables
        self.begin: int | None = None
        self.heard: list[int] = []
        self.wrong: list[str] = []
        self.connections = 0
        self.pause = LONGEST_PAUSE
        self.ready = asyncio.Event()
        self._query = query
        self._cursor: str | None = None
        self._wire: Wire | None = None
        self._ended = False
        self._coming: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Comes, at once."""
        self._coming = asyncio.get_running_loop().create_task(self._come(0.0))

    def end(self) -> None:
        """Goes for good."""
        self._ended = True
        if self._coming is not None:
            self._coming.cancel()
        if self._wire is not None:
            self._wire.transport.abort()

    def lost(self) -> None:
        """Cut off: comes back in a moment."""
        self._wire = None
        self.ready.clear()
        if not self._ended:
            self._coming = asyncio.get_running_loop().create_task(self._come(random.uniform(0, self.pause)))

    def asked(self) -> bytes:
        """The subscription, which goes on behind the last cursor."""
        return subscribing(self._query, self.variables | {"after": self._cursor})

    def hear(self, message: bytes, wire: Wire) -> None:
        """One message of the protocol."""
        told = parsed(message)
        if told["type"] == "next" and "errors" not in told["payload"]:
            (update,) = told["payload"]["data"].values()
            self._note(update)
        elif told["type"] in ("next", "error"):
            errors = told["payload"]["errors"] if told["type"] == "next" else told["payload"]
            self.wrong += [code for one in errors if (code := one["extensions"]["code"]) != "UNAVAILABLE"]
            wire.transport.abort()
        elif told["type"] == "complete":
            wire.transport.abort()

    def _note(self, update: dict[str, Any]) -> None:
        self.ready.set()
        self._cursor = update["cursor"]
        if self.begin is None:
            self.begin = update["sequence"]
        if update["__typename"] == "ResyncRequired":
            self.wrong.append(update["reason"])
        if update["__typename"] in FACTS:
            self.heard.append(update["sequence"])

    async def _come(self, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            _, self._wire = await asyncio.get_running_loop().create_connection(
                lambda: Ear(self), "127.0.0.1", self.port
            )
            self.connections += 1
        except OSError:
            self.lost()


async def never_reading(port: int, query: str) -> socket.socket:
    """A socket that asks for a stream, and reads nothing of it."""
    loop = asyncio.get_running_loop()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await loop.sock_connect(narrow, ("127.0.0.1", port))
    await loop.sock_sendall(narrow, HEAD)
    assert (await loop.sock_recv(narrow, 4096)).startswith(UPGRADED)
    await loop.sock_sendall(narrow, INIT + subscribing(query))
    return narrow
