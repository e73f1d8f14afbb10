"""Connections of peers who neither send nor read what they should."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse

import psutil
import pytest

from server.listen import BoundedHttp
from tests.server.door import Door, serving
from tests.server.talk import ready, send, settled
from tests.until import PATIENCE, until, until_now

ATTEMPTS = 20


class Hasty(BoundedHttp):
    head_seconds = 0.5


class Impatient(BoundedHttp):
    head_bytes = 4_096
    unread_seconds = 1.0


@pytest.fixture(scope="module")
def hasty() -> Iterator[Door]:
    with serving(http=Hasty) as running:
        yield running


@pytest.fixture(scope="module")
def impatient() -> Iterator[Door]:
    with serving(http=Impatient) as running:
        yield running


def connected(door: Door) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", door.port))
    client.settimeout(PATIENCE)
    return client


def request(query: str) -> bytes:
    body = b'{"query": "' + query.encode() + b'"}'
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answer(client: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer; raises ConnectionError where there is none."""
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def asked(door: Door, *parts: bytes) -> tuple[socket.socket, int, bytes]:
    """A connection on which a request was answered, whose parts came a second after one another, and the answer.

    It is asked again where there is none: on a busy machine even a head that is sent at once may come too late.
    """
    for _ in range(ATTEMPTS):
        client = connected(door)
        with suppress(ConnectionError):
            client.sendall(parts[0])
            for part in parts[1:]:
                time.sleep(1)
                client.sendall(part)
            return client, *answer(client)
        client.close()
    raise AssertionError("no answer")


@pytest.mark.parametrize("sent", [b"", b"POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: "])
def test_a_head_that_does_not_arrive_whole_closes_the_connection(hasty: Door, sent: bytes) -> None:
    started = time.monotonic()
    with connected(hasty) as client:
        client.sendall(sent)
        assert client.recv(100) == b""
    assert time.monotonic() - started > 0.4


def test_a_second_head_on_the_same_connection_is_bounded_too(hasty: Door) -> None:
    client, status, _ = asked(hasty, request("{ hello }"))
    with client:
        assert status == 200
        client.sendall(b"GET /health HTTP/1.1\r\n")
        assert client.recv(100) == b""


def test_a_head_that_does_not_end_is_431(impatient: Door) -> None:
    with connected(impatient) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nx-long: " + b"x" * 10_000)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_a_body_may_take_longer_than_a_head(hasty: Door) -> None:
    whole = request("{ hello }")
    client, status, _ = asked(hasty, whole[:-5], whole[-5:])
    client.close()
    assert status == 200


def test_a_body_that_does_not_arrive_is_408(hasty: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.graphql_http.BODY_SECONDS", 0.2)
    client, status, body = asked(hasty, request("{ hello }")[:-5])
    with client:
        assert status == 408
        assert b"REQUEST_TIMEOUT" in body
        assert client.recv(100) == b""


def test_an_answer_that_takes_longer_than_a_head_is_still_sent(hasty: Door) -> None:
    client, status, _ = asked(hasty, request("{ slow(seconds: 1) }"))
    client.close()
    assert status == 200


def read_to_the_end(client: socket.socket) -> None:
    while client.recv(1_000_000):
        pass


def test_who_does_not_read_his_answer_loses_the_connection(impatient: Door) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", impatient.port))
        client.settimeout(PATIENCE)
        client.sendall(request("{ large(size: 30000000) }"))
        assert client.recv(1) == b"H"  # until its answer begins, the door may not have taken the connection yet
        ends, process = (client.getpeername(), client.getsockname()), psutil.Process()  # the door is served by this one
        until_now(lambda: ends not in [(one.laddr, one.raddr) for one in process.net_connections("tcp")])
        with pytest.raises(ConnectionResetError):
            read_to_the_end(client)


async def test_who_does_not_read_his_stream_loses_the_socket_and_the_source_ends(impatient: Door) -> None:
    async with ready(impatient) as client:
        await send(client, id="1", type="subscribe", payload={"query": "subscription { flood }"})
        await until(lambda: asyncio.sleep(0, impatient.seen.opened_streams))
        await settled(impatient)
        client.transport.abort()  # with so much unread it would wait for ten seconds to hear that the server closed too


def test_garbage_is_400(impatient: Door) -> None:
    with connected(impatient) as client:
        client.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"Host: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
USUAL = UPGRADE + KEY + VERSION


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        (b"GET /graphql HTTP/1.1", USUAL, b"101"),
        (b"GET /graphql?x=%C3%A4 HTTP/1.1", USUAL + "X-Name: \u00e9\r\n".encode("latin-1"), b"101"),
        (b"GET /graphql HTTP/1.1", USUAL + b"Content-Length: 0\r\n", b"101"),
        (b"GET /graphql?x=\xc3\xa4 HTTP/1.1", USUAL, b"400"),
        (b"POST /graphql HTTP/1.1", USUAL, b"405"),
        (b"GET /graphql HTTP/1.1", UPGRADE + VERSION, b"400"),
        (b"GET /graphql HTTP/1.1", UPGRADE + KEY, b"400"),
        (b"GET /graphql HTTP/1.1", USUAL + KEY, b"400"),
        (b"GET /graphql HTTP/1.1", UPGRADE + VERSION + b"Sec-WebSocket-Key: short\r\n", b"400"),
        (b"GET /graphql HTTP/1.1", UPGRADE + KEY + b"Sec-WebSocket-Version: 12\r\n", b"400"),
        (b"GET /graphql HTTP/1.1", USUAL + b"Content-Length: 3\r\n", b"400"),
        (b"GET /graphql HTTP/1.1", USUAL + b"Transfer-Encoding: chunked\r\n", b"400"),
        (b"GET /graphql HTTP/1.1", USUAL + b"X: x\r\n" * 130, b"431"),
    ],
)
def test_the_head_of_a_websocket_is_answered(door: Door, line: bytes, headers: bytes, status: bytes) -> None:
    with connected(door) as client:
        client.sendall(line + b"\r\n" + headers + b"\r\n")
        assert client.recv(10_000).startswith(b"HTTP/1.1 " + status + b" ")
        if status != b"101":
            read_to_the_end(client)
