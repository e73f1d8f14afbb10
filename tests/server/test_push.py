"""What is pushed to a connection: frames as the library writes them, and nothing behind what was not read."""

import asyncio
import json
from typing import Any
from unittest.mock import Mock

import pytest
from websockets.frames import Frame, Opcode

import server.listen
from server.listen import PushedWebSocket, Turn, push_chunk
from tests.server.door import Door
from tests.server.talk import ready, receive, send, until_end

COUNT = {"query": "subscription { count }"}
EVENTS = {"accept": "text/event-stream"}


class Transport(asyncio.Transport):
    """As much of a transport as a push needs."""

    def __init__(self, *, unread: int = 0, closing: bool = False) -> None:
        super().__init__()
        self.unread, self.closing, self.written = unread, closing, bytearray()

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return self.unread

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def over(kind: type[Any], transport: Transport) -> Any:
    protocol = Mock(spec=kind, transport=transport, loop=Mock(), _turn=Turn(), _pushed=[], _length=0)
    protocol.push = lambda *parts: kind.push(protocol, *parts)
    protocol.flush = lambda: PushedWebSocket.flush(protocol)
    return protocol


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_pushed_message_is_framed_as_the_library_frames_it(length: int) -> None:
    transport, text = Transport(), b"x" * length
    protocol = over(PushedWebSocket, transport)
    assert protocol.push(text[:5], text[5:])
    protocol.flush()
    assert transport.written == Frame(Opcode.TEXT, text).serialize(mask=False)


def test_messages_that_are_pushed_in_one_turn_of_the_loop_are_written_as_one_up_to_64_kb() -> None:
    transport = Transport()
    protocol = over(PushedWebSocket, transport)
    for _ in range(3):
        assert protocol.push(b"x" * 40_000)
    assert len(transport.written) == 80_008
    transport.unread = 1
    assert protocol.push(b"y")  # behind what waits already
    protocol.loop.call_soon.assert_called_once_with(protocol._turn._end)
    protocol._turn._end()
    assert len(transport.written) == 120_015
    assert not protocol.push(b"z")


def test_a_pushed_part_of_a_body_is_a_chunk() -> None:
    transport = Transport()
    assert push_chunk(transport, b"data: ", b"x" * 20, b"\n\n")
    assert transport.written == b"1c\r\ndata: " + b"x" * 20 + b"\n\n\r\n"


@pytest.mark.parametrize("state", [{"unread": 1}, {"closing": True}])
def test_nothing_is_pushed_behind_what_was_not_read_nor_to_whom_is_gone(state: dict[str, Any]) -> None:
    transport = Transport(**state)
    assert not over(PushedWebSocket, transport).push(b"x")
    assert not push_chunk(transport, b"x")
    assert transport.written == b""


async def test_a_long_message_arrives_whole(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id='"ä"', type="subscribe", payload={"query": "subscription { flood }"})
        message = await receive(client)
        client.transport.abort()  # with so much unread it would wait for ten seconds
    assert message == {"id": '"ä"', "type": "next", "payload": {"data": {"flood": "x" * 100_000}}}


async def test_behind_a_server_that_lends_no_push_everything_is_sent_the_same(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed, lent = await told(door), []
    monkeypatch.setattr(server.listen, "PUSH", "something else")
    monkeypatch.setattr(server.listen, "_written", lambda *_: lent.append(1))
    assert await told(door) == pushed
    assert lent == []


async def told(door: Door) -> tuple[list[Any], str]:
    """All that a subscription says over a socket, and in a response."""
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload=COUNT)
        messages = await until_end(client)
    assert json.dumps(messages).count("next") == 3
    return messages, door.ask(**COUNT, headers=EVENTS).text
