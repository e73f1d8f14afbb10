"""Those who listen over sockets of their own, and come back with their last cursor when they are cut off; thousands of them are cheap."""

import asyncio
import json
import random
import socket
from typing import Any

import orjson

PING, PONG = 0x89, 0x8A
MASK = b"\x00\x00\x00\x00"  # a client's frames are masked; with zeros they stay as they are
LONGEST_PAUSE = 0.3  # seconds until somebody who was cut off comes back
HEAD = (
    "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
FACTS = {"VideoPosted", "VideoRemoved", "Event"}


class Wire(asyncio.Protocol):
    """One connection: the WebSocket handshake and its frames, as far as a listener needs them."""

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self._buffer = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one
        self.transport = transport
        transport.write(HEAD.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's."""
        self._listener.lost()

    def data_received(self, data: bytes) -> None:
        """Asyncio's."""
        self._buffer += data
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self._upgraded, self._buffer = True, rest
            self.transport.write(frame({"type": "connection_init"}))
            self.transport.write(frame({"id": "1", "type": "subscribe", "payload": self._listener.asked()}))
        for message in self._messages():
            self._listener.hear(message, self)

    def _messages(self) -> list[bytes]:
        found, buffer = [], self._buffer
        while len(buffer) >= 2:
            length, begin = buffer[1], 2
            if length >= 126:
                begin = 4 if length == 126 else 10
                length = int.from_bytes(buffer[2:begin], "big")
            if len(buffer) < begin + length:
                break
            message = buffer[begin : begin + length]
            if buffer[0] == PING:
                self.transport.write(bytes([PONG, 0x80 | len(message)]) + MASK + message)
            elif buffer[0] & 0x0F == 1:
                found.append(message)
            buffer = buffer[begin + length :]
        self._buffer = buffer
        return found


class Listener:
    """Listens to one stream until it is ended, over as many connections as that takes.

    `begin` is the place of the first checkpoint, `heard` the sequences of the facts that were told, `wrong` whatever a listener must not be told.
    """

    def __init__(self, port: int, query: str, **variables: Any) -> None:
        self.port = port
        self.begin: int | None = None
        self.heard: list[int] = []
        self.wrong: list[str] = []
        self.connections = 0
        self.pause = LONGEST_PAUSE
        self.ready = asyncio.Event()
        self._query = query
        self._variables = variables
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

    def asked(self) -> dict[str, Any]:
        """The subscription, which goes on behind the last cursor."""
        return {"query": self._query, "variables": {**self._variables, "after": self._cursor}}

    def hear(self, message: bytes, wire: Wire) -> None:
        """One message of the protocol."""
        told = orjson.loads(message)
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
                lambda: Wire(self), "127.0.0.1", self.port
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
    await loop.sock_sendall(narrow, HEAD.encode())
    assert (await loop.sock_recv(narrow, 4096)).startswith(b"HTTP/1.1 101")
    for message in ({"type": "connection_init"}, {"id": "1", "type": "subscribe", "payload": {"query": query}}):
        await loop.sock_sendall(narrow, frame(message))
    return narrow


def frame(message: dict[str, Any]) -> bytes:
    """One message of a client."""
    body = json.dumps(message).encode()
    size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0x80 | 126]) + len(body).to_bytes(2, "big")
    return b"\x81" + size + MASK + body
