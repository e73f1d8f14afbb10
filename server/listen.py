"""How uvicorn listens: bounded request heads, and no connection that is kept by a peer who neither sends nor reads."""

import asyncio
import socket
import sys
from collections.abc import Callable
from functools import partial
from struct import pack
from typing import Any
from weakref import WeakKeyDictionary

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import Protocol

from server.streams import PUSH

HEAD_SECONDS = 20.0
HEAD_BYTES = 65_536
MOST_PUSHED = 65_536  # bytes, about, that are written as one
UNREAD_SECONDS = 30.0
MOST_HEADERS = 128  # of a WebSocket's head, as in websockets
BACKLOG = 10_000  # connections that wait to be taken, as far as net.core.somaxconn allows: who finds no room tries again after a second, then three
KEEP_ALIVE_SECONDS = 75  # longer than the 60 s after which balancers drop an idle connection
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


def _written(transport: asyncio.Transport, *parts: bytes) -> bool:
    # Never behind what somebody has not read yet: that, and whoever is gone, is left to ASGI's `send`, which waits.
    if transport.is_closing() or transport.get_write_buffer_size():
        return False
    transport.write(b"".join(parts))
    return True


def push_chunk(transport: asyncio.Transport, *parts: bytes) -> bool:
    """Sends more of a chunked body at once; False where that would take waiting."""
    return _written(transport, b"%x\r\n" % sum(map(len, parts)), *parts, b"\r\n")


def _announces_body(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    return name == b"transfer-encoding" or (name == b"content-length" and value != b"0")


class Turn:
    """The sockets of a loop that are pushed to in this turn of it; at its end each is written to once."""

    __slots__ = ("_sockets",)

    def __init__(self) -> None:
        self._sockets: list[PushedWebSocket] = []

    def add(self, socket: "PushedWebSocket") -> None:
        """Has it flushed."""
        if not self._sockets:
            socket.loop.call_soon(self._end)
        self._sockets.append(socket)

    def _end(self) -> None:
        sockets, self._sockets = self._sockets, []
        for one in sockets:
            one.flush()


TURNS = WeakKeyDictionary[asyncio.AbstractEventLoop, Turn]()


class PushedWebSocket(WebSocketsSansIOProtocol):
    """WebSockets that can be pushed to, for half of what ASGI's `send` costs, which may have to wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pushed: list[bytes] = []
        self._length = 0
        self._turn = TURNS.setdefault(self.loop, Turn())

    async def run_asgi(self) -> None:
        """Uvicorn's; lends `push` to the application, for as long as that runs: what is lent holds us, and we the scope."""
        self.scope["extensions"][PUSH] = self.push  # type: ignore[assignment]  # uvicorn knows extensions without functions
        try:
            await super().run_asgi()
        finally:
            del self.scope["extensions"][PUSH]

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's; ends the parser of websockets, whose frames and their owner hold each other."""
        super().connection_lost(exc)
        self.conn.parser.close()
        self.conn.parser_exc = None

    def upgraded(self, request: Request) -> None:
        """Begins behind a head that was parsed before: from here on there are frames."""
        self.conn.parser = Protocol.parse(self.conn)
        next(self.conn.parser)
        self.handle_connect(request)

    def start_keepalive(self) -> None:
        """Uvicorn's, at the end of the handshake, of which nothing is kept: it would be a sixth of a socket's memory."""
        super().start_keepalive()
        del self.request, self.response

    def push(self, *parts: bytes) -> bool:
        """Sends a text message in this turn of the loop, with all others that come in it; False where that would take waiting."""
        if self._length > MOST_PUSHED:
            self.flush()
        if not self._pushed:
            if self.transport.is_closing() or self.transport.get_write_buffer_size():
                return False  # never behind what somebody has not read yet: that is left to ASGI's `send`, which waits
            self._turn.add(self)
        length = sum(map(len, parts))
        # RFC 6455, section 5.2: a final text frame, not masked.
        if length < 126:
            head = bytes((0x81, length))
        elif length < 65_536:
            head = pack("!BBH", 0x81, 126, length)
        else:
            head = pack("!BBQ", 0x81, 127, length)
        self._pushed += (head, *parts)
        self._length += length
        return True

    async def send(self, message: Any) -> None:
        """ASGI's; behind what was pushed."""
        self.flush()
        await super().send(message)

    def flush(self) -> None:
        """Writes what was pushed."""
        pushed, self._pushed, self._length = self._pushed, [], 0
        if pushed and not self.transport.is_closing():
            self.transport.write(b"".join(pushed))


class BoundedHttp(HttpToolsProtocol):
    """HTTP whose heads have to arrive whole in time, and whose answers have to be read."""

    head_seconds = HEAD_SECONDS
    head_bytes = HEAD_BYTES
    unread_seconds = UNREAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Asyncio's; what was sent and is never read ends the connection, WebSockets included, which begin here too."""
        super().connection_made(transport)
        connection: Any = transport.get_extra_info("socket")
        if sys.platform == "linux" and connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self.unread_seconds * 1000))
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Asyncio's; counts what arrives before a head is whole."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._head_timer is None and (cycle is None or cycle.response_complete):
            self._await_head()
        self._head += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head > self.head_bytes and not self.transport.is_closing():
            self._refuse_size()

    def on_headers_complete(self) -> None:
        """The parser's."""
        self._head_arrived()
        self.scope["extensions"] = {PUSH: partial(push_chunk, self.transport)}  # type: ignore[dict-item]
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """In place of uvicorn's, which writes the head again and has it parsed a second time, in Python, and says nothing of one that is refused there."""
        if len(self.headers) > MOST_HEADERS:
            self._refuse_size()
        elif not self.url.isascii() or any(map(_announces_body, self.headers)):
            self.send_400_response("A WebSocket begins with a GET without a body.")
        else:
            self.connections.discard(self)
            headers = Headers()
            for name, value in self.headers:
                headers[name.decode("latin-1")] = value.decode("latin-1")
            protocol = PushedWebSocket(self.config, self.server_state, self.app_state)
            protocol.connection_made(self.transport)
            protocol.upgraded(Request(self.url.decode(), headers, self.scope["method"]))
            self.transport.set_protocol(protocol)
            self.parser = None  # type: ignore[assignment]  # it holds us

    def _refuse_size(self) -> None:
        self.transport.write(TOO_LARGE)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's; what was asked and has not begun does not begin, and nothing holds us."""
        self._head_arrived()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # uvicorn leaves it to run where the connection broke
        self.pipeline.clear()
        self.cycle = None  # type: ignore[assignment]  # the last of them

    def _await_head(self) -> None:
        self._head = 0
        self._head_timer = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def configuration(
    app: ASGIApp, *, host: str, port: int, message_limit: int = 65_536, http: type[asyncio.Protocol] = BoundedHttp
) -> uvicorn.Config:
    """How `uvicorn.Server(…)` serves this app; logging is left to whoever starts it."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=http,
        ws=PushedWebSocket,
        ws_max_size=message_limit,
        ws_per_message_deflate=False,  # small messages gain little, and each socket would keep a window for it
        lifespan="on",
        backlog=BACKLOG,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )


class Server(uvicorn.Server):
    """Tells when requests are answered, and when they soon will not be."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], Any], stopping: Callable[[], Any]) -> None:
        super().__init__(config)
        self._started = started
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
