"""A WebSocket as one of ten thousand clients: it says the same bytes as all others, and reads as much of RFC 6455 as a server says."""

import asyncio
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, cast

import orjson

# The key and its answer are those of RFC 6455, section 1.3.
HEAD = (
    b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
UPGRADED, ACCEPTED = b"HTTP/1.1 101 ", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, PING, PONG = 0x81, 0x89, 0x8A
MASK = b"\x00\x00\x00\x00"  # a client's frames are masked; with zeros they stay as they are


def frame(kind: int, body: bytes) -> bytes:
    """One message of a client, of less than 64 KB."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0x80 | 126]) + len(body).to_bytes(2, "big")
    return bytes([kind]) + size + MASK + body


INIT, ACK = frame(TEXT, b'{"type":"connection_init"}'), b'{"type":"connection_ack"}'


def subscribing(query: str, variables: dict[str, Any] | None = None) -> bytes:
    """The frame that subscribes."""
    payload = {"query": query, "variables": variables}
    return frame(TEXT, orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}))


@lru_cache(maxsize=256)
def parsed(message: bytes) -> dict[str, Any]:
    """A message, which many are told alike."""
    return cast("dict[str, Any]", orjson.loads(message))


class Wire(asyncio.Protocol, ABC):
    """One connection that subscribes once, says each thing when its turn is, and answers pings."""

    def __init__(self) -> None:
        self._rest = b""
        self._upgraded = False

    @abstractmethod
    def asked(self) -> bytes:
        """The frame that subscribes."""

    @abstractmethod
    def hear(self, message: bytes) -> None:
        """One message behind the acknowledgement."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one
        self.transport = transport
        transport.write(HEAD)

    def data_received(self, data: bytes) -> None:
        """Asyncio's."""
        buffer = self._rest + data if self._rest else data
        begin = 0 if self._upgraded else self._upgrade(buffer)
        size = len(buffer) if self._upgraded else 0
        while size - begin >= 2:
            length, body = buffer[begin + 1], begin + 2
            if length >= 126:
                body += 2 if length == 126 else 8
                length = int.from_bytes(buffer[begin + 2 : body], "big")
            if size < body + length:
                break
            self._take(buffer[begin], buffer[body : body + length])
            begin = body + length
        self._rest = buffer[begin:]

    def _upgrade(self, buffer: bytes) -> int:
        # Where the frames begin.
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not buffer.startswith(UPGRADED) or ACCEPTED not in buffer[:end]:
            self.transport.abort()
            return len(buffer)
        self._upgraded = True
        self.transport.write(INIT)
        return end + 4

    def _take(self, kind: int, message: bytes) -> None:
        if kind == PING:
            self.transport.write(frame(PONG, message))
        elif kind == TEXT and message == ACK:
            self.transport.write(self.asked())
        elif kind == TEXT:
            self.hear(message)
