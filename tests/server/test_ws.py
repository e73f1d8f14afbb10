"""graphql-transport-ws over real sockets: the protocol's letter, what is wrong with a message, and the bounds."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.graphql_ws import Bounds
from tests.server.door import LIFETIMES, Door, bearer, serving
from tests.server.talk import PROTOCOL, close_of, opened, ready, receive, send, settled, until_end
from tests.until import PATIENCE, until

COUNT = {"query": "subscription { count }"}


async def test_a_subscription_sends_its_events_and_completes(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload=COUNT)
        messages = await until_end(client)
    assert messages == [
        *({"id": "1", "type": "next", "payload": {"data": {"count": n}}} for n in (1, 2, 3)),
        {"id": "1", "type": "complete"},
    ]


async def test_queries_and_mutations_are_answered_too(door: Door) -> None:
    async with ready(door) as client:
        payload = {"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": "ws"}, "extensions": None}
        await send(client, id="a", type="subscribe", payload=payload)
        assert await until_end(client, "a") == [
            {"id": "a", "type": "next", "payload": {"data": {"hello": "hello ws"}}},
            {"id": "a", "type": "complete"},
        ]
        await send(client, id="a", type="subscribe", payload={"query": 'mutation { post(text: "x") }'})
        assert (await until_end(client, "a"))[0]["payload"] == {"data": {"post": "x"}}


async def test_operations_run_side_by_side(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ready(door) as client:
        await send(client, id="slow", type="subscribe", payload={"query": "{ held }"})
        await send(client, id="quick", type="subscribe", payload={"query": "{ hello }"})
        assert [message["type"] for message in await until_end(client, "quick")] == ["next", "complete"]
        monkeypatch.setattr(door.seen, "released", True)
        assert [message["type"] for message in await until_end(client, "slow")] == ["next", "complete"]


async def test_errors_of_execution_come_as_next_and_errors_before_it_as_error(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload={"query": "{ hello fault }"})
        first, last = await until_end(client)
        assert first["payload"]["data"] == {"hello": "hello you", "fault": None}
        assert first["payload"]["errors"][0]["extensions"] == {"code": "INVALID_THING"}
        assert last == {"id": "1", "type": "complete"}
        for query, code in (
            ("{ unknown }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("subscription A { count } subscription B { count }", "OPERATION_RESOLUTION_FAILURE"),
            ("subscription ($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
            ("subscription { count failing }", "GRAPHQL_VALIDATION_FAILED"),
        ):
            await send(client, id="1", type="subscribe", payload={"query": query})
            (error,) = await until_end(client)
            assert error["type"] == "error"
            assert error["payload"][0]["extensions"]["code"] == code


async def test_what_a_source_raises_is_masked_unless_it_is_a_fault(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload={"query": "subscription { failing }"})
        first, last = await until_end(client)
        assert first["payload"] == {"data": {"failing": 1}}
        assert last["type"] == "error"
        assert last["payload"][0]["message"] == "Internal error"
        assert "the secret of a source" in caplog.text
        await send(client, id="1", type="subscribe", payload={"query": "subscription { failing(fault: true) }"})
        _, last = await until_end(client)
        assert last["payload"] == [{"message": "This stream is over.", "extensions": {"code": "INVALID_THING"}}]


async def test_an_event_that_fails_is_masked_and_the_stream_goes_on(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload={"query": "subscription { failingEvent }"})
        first, second, last = await until_end(client)
    assert first["payload"]["errors"][0]["message"] == "Internal error"
    assert second["payload"] == {"data": {"failingEvent": 2}}
    assert last["type"] == "complete"


async def test_after_the_clients_complete_nothing_more_is_sent_and_the_source_is_closed(door: Door) -> None:
    async with ready(door) as client:
        endless = {"query": "subscription { count(to: 1000000) }"}
        await send(client, id="1", type="subscribe", payload=endless)
        await receive(client)
        await send(client, id="1", type="complete")
        await send(client, type="ping")
        while (message := await receive(client))["type"] != "pong":
            assert message["type"] == "next"
        await settled(door)
        await send(client, id="1", type="subscribe", payload={"query": "{ hello }"})
        assert [message["type"] for message in await until_end(client)] == ["next", "complete"]


async def test_a_complete_for_nothing_is_nothing(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id="never", type="complete")
        await send(client, type="ping")
        assert await receive(client) == {"type": "pong"}


async def test_a_closed_socket_ends_its_sources(door: Door) -> None:
    async with ready(door) as client:
        for n in range(5):
            await send(client, id=str(n), type="subscribe", payload={"query": "subscription { count(every: 60) }"})
        for _ in range(5):
            await receive(client)
        assert door.seen.open_streams == 5
    await settled(door)


async def test_pings_are_answered_before_and_after_the_ack_with_their_payload(door: Door) -> None:
    async with opened(door) as client:
        await send(client, type="ping")
        assert await receive(client) == {"type": "pong"}
        await send(client, type="pong", payload=None)
        await send(client, type="connection_init")
        assert await receive(client) == {"type": "connection_ack"}
        await send(client, type="ping", payload={"n": 1})
        assert await receive(client) == {"type": "pong", "payload": {"n": 1}}


@pytest.mark.parametrize("message", [{}, {"payload": None}, {"payload": {}}, {"payload": {"lang": "en"}}])
async def test_the_payload_of_connection_init_may_be_absent_null_or_anything_else_of_the_clients(
    door: Door, message: dict[str, Any]
) -> None:
    async with opened(door) as client:
        await send(client, type="connection_init", **message)
        assert await receive(client) == {"type": "connection_ack"}


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("soap", "wamp")])
async def test_another_subprotocol_is_4406(door: Door, protocols: tuple[str, ...]) -> None:
    async with opened(door, *protocols) as client:
        assert client.subprotocol is None
        assert (await close_of(client))[0] == 4406


async def test_of_several_subprotocols_only_ours_is_chosen(door: Door) -> None:
    async with opened(door, "graphql-ws", PROTOCOL) as client:
        assert client.subprotocol == PROTOCOL


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "text",
        "null",
        "5",
        "[]",
        '"ping"',
        "{}",
        '{"type": 5}',
        '{"type": null}',
        '{"type": "unknown"}',
        '{"type": "start", "id": "1"}',
        '{"type": "next", "id": "1"}',
        '{"type": "ping", "payload": 5}',
        '{"type": "ping", "payload": "\\u0000"}',
        '{"type": "pong", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": null, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "' + "x" * 1000 + '", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": "{ hello }"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": "x"}}',
        '{"type": "ping", "payload": {"n": NaN}}',
        "[" * 5000,
        b"\x00\x01",
    ],
)
async def test_an_invalid_message_is_4400_with_a_reason(door: Door, raw: str | bytes) -> None:
    async with ready(door) as client:
        await client.send(raw)
        code, reason = await close_of(client)
    assert code == 4400
    assert reason


@pytest.mark.parametrize(
    "raw",
    [
        '{"type": "connection_init", "payload": 5}',
        '{"type": "connection_init", "payload": {"authorization": 5}}',
        "null",
        "{",
        '{"type": "next"}',
    ],
)
async def test_an_invalid_message_before_the_ack_is_4400_too(door: Door, raw: str) -> None:
    async with opened(door) as client:
        await client.send(raw)
        assert (await close_of(client))[0] == 4400


async def test_a_text_that_cannot_be_stored_ends_only_its_operation(door: Door) -> None:
    async with ready(door) as client:
        await send(client, id="1", type="subscribe", payload={"query": "subscription { count(every: 60) }"})
        await receive(client)
        variables = {"c": {"text": "a\0"}}
        payload = {"query": "query ($c: Caption!) { caption(caption: $c) }", "variables": variables}
        await send(client, id="2", type="subscribe", payload=payload)
        assert await receive(client) == {
            "id": "2",
            "type": "error",
            "payload": [
                {
                    "message": "`$c.text` holds U+0000, which no text may hold.",
                    "extensions": {"code": "BAD_USER_INPUT", "argument": "$c.text"},
                }
            ],
        }
        await send(client, type="ping")
        assert await receive(client) == {"type": "pong"}


async def test_a_subscribe_before_the_ack_is_4401(door: Door) -> None:
    async with opened(door) as client:
        await send(client, id="1", type="subscribe", payload=COUNT)
        assert await close_of(client) == (4401, "Unauthorized")


async def test_a_second_init_is_4429(door: Door) -> None:
    async with ready(door) as client:
        await send(client, type="connection_init")
        assert await close_of(client) == (4429, "Too many initialisation requests")


async def test_an_id_in_use_is_4409(door: Door) -> None:
    async with ready(door) as client:
        for _ in range(2):
            await send(client, id="1", type="subscribe", payload={"query": "subscription { count(every: 60) }"})
        assert await close_of(client) == (4409, "Subscriber for 1 already exists")
    await settled(door)


async def test_the_token_comes_in_connection_init_or_in_the_upgrade(door: Door) -> None:
    viewer = {"query": "{ viewer }"}
    for payload in ({"authorization": bearer("mira")}, {"Authorization": bearer("mira")}):
        async with ready(door, **payload) as client:
            await send(client, id="1", type="subscribe", payload=viewer)
            assert (await receive(client))["payload"] == {"data": {"viewer": "mira"}}
    async with opened(door, headers={"authorization": bearer("tom")}) as client:
        await send(client, type="connection_init")
        await receive(client)
        await send(client, id="1", type="subscribe", payload=viewer)
        assert (await receive(client))["payload"] == {"data": {"viewer": "tom"}}


@pytest.mark.parametrize("token", ["Bearer x", "Bearer ", "Basic eA==", bearer(seconds=-60)])
async def test_a_token_that_is_no_good_is_4403(door: Door, token: str) -> None:
    async with opened(door) as client:
        await send(client, type="connection_init", payload={"authorization": token})
        code, reason = await close_of(client)
    assert code == 4403
    assert reason


async def test_when_the_token_expires_the_socket_is_closed_with_4403(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.auth.LEEWAY", 0.0)
    began = False
    for seconds in LIFETIMES:
        async with opened(door) as client:
            with suppress(ConnectionClosed):
                brief = {"authorization": bearer("someone brief", seconds=seconds)}
                await send(client, type="connection_init", payload=brief)
                await send(client, id="1", type="subscribe", payload={"query": "subscription { count(every: 600) }"})
                began = [(await receive(client))["type"] for _ in range(2)] == ["connection_ack", "next"]
            code, reason = await close_of(client)
        assert (code, "expired" in reason) == (4403, True)
        if began:
            break
    assert began
    await settled(door)


@pytest.fixture(scope="module")
def narrow() -> Iterator[Door]:
    with serving(bounds=Bounds(operations=3, sockets=2), message_limit=2_000) as running:
        yield running


async def test_who_does_not_init_in_time_is_4408() -> None:
    with serving(bounds=Bounds(init_seconds=0.3)) as hasty:
        async with opened(hasty) as client:
            with suppress(ConnectionClosed):  # already
                await send(client, type="ping")
            assert await close_of(client) == (4408, "Connection initialisation timeout")


async def test_only_so_many_operations_run_on_a_socket(narrow: Door) -> None:
    async with ready(narrow) as client:
        for n in range(4):
            await send(client, id=str(n), type="subscribe", payload={"query": "subscription { count(every: 60) }"})
        answers = [await receive(client) for _ in range(4)]
        (last,) = [message for message in answers if message["type"] == "error"]
        assert last["id"] == "3"
        assert last["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await send(client, id="0", type="complete")

        async def has_room() -> bool:
            await send(client, id="3", type="subscribe", payload={"query": "{ hello }"})
            return bool((await until_end(client, "3"))[0]["type"] == "next")

        await until(has_room)


async def test_only_so_many_sockets_are_a_callers(narrow: Door) -> None:
    mira = {"authorization": bearer("mira")}
    tom = {"authorization": bearer("tom")}
    async with ready(narrow, **mira), ready(narrow, **mira), ready(narrow, **tom), opened(narrow) as client:
        await send(client, type="connection_init", payload=mira)
        assert await close_of(client) == (4403, "Too many sockets: 2 are allowed at a time")

    async def has_room() -> bool:
        async with opened(narrow) as client:
            await send(client, type="connection_init", payload=mira)
            with suppress(ConnectionClosed):
                return bool(await receive(client) == {"type": "connection_ack"})
        return False

    await until(has_room)


async def test_a_message_beyond_the_limit_closes_the_socket(narrow: Door) -> None:
    async with ready(narrow) as client:
        await send(client, type="ping", payload={"x": "x" * 3_000})
        assert (await close_of(client))[0] == 1009


async def test_a_slow_operation_is_stopped_but_a_slow_stream_is_not() -> None:
    with serving(time_limit=1.0) as hasty:
        async with ready(hasty) as client:
            await send(client, id="1", type="subscribe", payload={"query": "subscription { count(to: 2, every: 1.2) }"})
            await send(client, id="2", type="subscribe", payload={"query": "{ slow(seconds: 60) }"})
            heard = [await receive(client) for _ in range(4)]
    (error,) = [message for message in heard if message["id"] == "2"]
    assert error["payload"][0]["extensions"]["code"] == "TIMEOUT"
    assert [message["type"] for message in heard if message["id"] == "1"] == ["next", "next", "complete"]


async def test_a_stopping_server_says_so_and_leaves_no_source_open() -> None:
    with serving() as door:
        client = await connect(
            door.url.replace("http://", "ws://"), subprotocols=[Subprotocol(PROTOCOL)], open_timeout=PATIENCE
        )
        await send(client, type="connection_init")
        await receive(client)
        await send(client, id="1", type="subscribe", payload={"query": "subscription { count(every: 60) }"})
        await receive(client)
    assert (await close_of(client))[0] == 1012
    assert door.seen.open_streams == 0
