"""A connection leaves nothing behind that only the collector would find, however it ends."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import strawberry

from execution import BreadthFirstExecutor
from tests.collector import without_the_collector
from tests.server.door import SCHEMA, Door, Mutation, Query, Subscription, serving

TIMES = 10
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
INIT = b'{"type":"connection_init"}'
COUNT = b'{"id":"1","type":"subscribe","payload":{"query":"subscription { count }"}}'
FOR_EVER = b'{"id":"1","type":"subscribe","payload":{"query":"subscription { count(to: 1000, every: 1) }"}}'
COMPLETE = b'{"id":"1","type":"complete"}'


@pytest.fixture(scope="module")
def engine() -> Iterator[Door]:
    """On our own executor: graphql-core's leaves circles itself."""
    schema = strawberry.Schema(
        Query, Mutation, Subscription, config=SCHEMA.config, execution_context_class=BreadthFirstExecutor
    )
    with serving(schema=schema) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # A kept log record keeps its exception.
    caplog.set_level(logging.CRITICAL, "uvicorn.error")


def request(query: bytes, accept: bytes = b"*/*") -> bytes:
    body = b'{"query": "%b"}' % query
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (accept, len(body)) + body


def message(text: bytes, opcode: int = 0x81) -> bytes:
    """A frame as a client sends it; masked with zeros it is what it was."""
    length = bytes((0x80 | len(text),)) if len(text) < 126 else struct.pack("!BH", 0x80 | 126, len(text))
    return bytes((opcode,)) + length + bytes(4) + text


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


HELLO, EVENTS = request(b"{ hello }"), b"text/event-stream"
TALK = (UPGRADE, b"101", message(INIT), b"connection_ack", message(COUNT))
ENDS: dict[str, tuple[bytes, ...]] = {
    "nothing asked": (),
    "answered": (HELLO, b"hello you", HELLO, b"hello you"),
    "gone before the answer": (request(b"{ slow(seconds: 0.1) }"),),
    "gone before the body": (HELLO[:-5],),
    "asked ahead": (HELLO * 5,),
    "no HTTP": (b"\x16\x03\x01\r\n\r\n", b"400"),
    "streamed": (request(b"subscription { count }", EVENTS), b"event: complete"),
    "gone while streamed": (request(b"subscription { count(to: 1000, every: 1) }", EVENTS), b"event: next"),
    "a socket": (UPGRADE, b"101"),
    "a socket of another kind": (UPGRADE.replace(b"graphql-transport-ws", b"mqtt"), b"Only the subprotocol"),
    "completed": (*TALK, b"complete", message(b"\x03\xe8", 0x88)),
    "completed by the client": (*TALK[:4], message(FOR_EVER), b"next", message(COMPLETE) + message(b"\x03\xe8", 0x88)),
    "gone in the middle": (*TALK[:4], message(FOR_EVER), b"next"),
    "against the protocol": (*TALK[:4], message(b"{}"), b"A message is an object"),
    "a frame against the protocol": (*TALK[:4], message(b"", 0xF1)),
}


def talk(door: Door, said: tuple[bytes, ...], end: Callable[[socket.socket], None]) -> None:
    """Sends the first of two, waits until the second has come, and so on."""
    with socket.create_connection(("127.0.0.1", door.port), 30) as client:
        for place, part in enumerate(said):
            if place % 2 == 0:
                client.sendall(part)
                continue
            heard = b""
            while part not in heard:
                heard += client.recv(65_536) or pytest.fail(f"closed before {part!r}: {heard!r}")
        end(client)


def settled(door: Door) -> None:
    """Returns when no connection and no task is left, and what ended them has returned."""
    state, deadline = door.server.server_state, time.monotonic() + 30
    while state.connections or state.tasks:
        assert time.monotonic() < deadline, "a connection or a task does not end"
        turn(door)
    for _ in range(3):  # a handle of the loop is closed in a turn of its own
        turn(door)


def turn(door: Door) -> None:
    turned = threading.Event()
    door.server.servers[0].get_loop().call_soon_threadsafe(turned.set)
    assert turned.wait(30)


@pytest.mark.parametrize("end", [lambda _: None, reset], ids=["closed", "reset"])
@pytest.mark.parametrize("name", ENDS)
def test_a_connection_leaves_nothing(engine: Door, name: str, end: Callable[[socket.socket], None]) -> None:
    for _ in range(3):
        talk(engine, ENDS[name], end)
    settled(engine)
    with without_the_collector() as found:
        for _ in range(TIMES):
            talk(engine, ENDS[name], end)
        settled(engine)
    assert not found
