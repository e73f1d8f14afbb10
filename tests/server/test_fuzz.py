"""Whatever arrives, the door answers with what its protocols know: never a 500, never an abnormal closure."""

import json
from contextlib import suppress
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.server.door import Door
from tests.server.talk import PROTOCOL
from tests.until import PATIENCE

SOME = settings(max_examples=40)
EXPECTED = {200, 294, 400, 413, 415, 422}
CLOSES = {1000, 4400, 4401, 4403, 4409, 4429}

text = st.text(st.characters(codec=None), max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | text
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
)
queries = st.sampled_from(
    [
        "{ hello }",
        "query ($c: Caption!) { caption(caption: $c) }",
        "query ($by: By!) { found(by: $by) }",
        "query ($n: Number!) { scalar(n: $n) }",
        "query ($ids: [ID!]!) { things(ids: $ids) { id thing { name } } }",
        "mutation ($t: String!) { post(text: $t) }",
        "subscription ($n: Int!) { count(to: $n) }",
    ]
)
variables = st.dictionaries(st.sampled_from(["c", "by", "n", "ids", "t"]), values, max_size=3)
requests = st.fixed_dictionaries(
    {},
    optional={
        "query": queries | text | values,
        "variables": variables | values,
        "operationName": values,
        "extensions": values,
    },
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["connection_init", "subscribe", "complete", "ping", "pong", "next"]) | values,
        "id": st.sampled_from(["1", "2"]) | values,
        "payload": requests | values,
    },
)


def checked(response: httpx.Response) -> None:
    assert response.status_code in EXPECTED, response.text
    for error in response.json().get("errors", []):
        assert error["extensions"]["code"] != "INTERNAL", response.text
        assert len(error["message"]) <= 401


@SOME
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered(door: Door, body: bytes) -> None:
    checked(door.send(body))


@SOME
@given(body=requests | values)
def test_any_json_is_answered(door: Door, body: Any) -> None:
    checked(door.send(json.dumps(body).encode()))


@SOME
@given(accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_any_accept_header_is_answered(door: Door, accept: str) -> None:
    response = door.ask("{ hello }", headers={"accept": accept.strip()})
    assert response.status_code in (200, 406)


@SOME
@given(query=text, variables=text, name=text)
def test_any_url_is_answered(door: Door, query: str, variables: str, name: str) -> None:
    encoded = [part.encode(errors="surrogatepass") for part in (query, variables, name)]
    given_parameters = dict(zip(("query", "variables", "operationName"), encoded, strict=True))
    checked(door.client.get(door.url, params=given_parameters, headers={"graphql-require-preflight": "1"}))


@SOME
@given(sent=st.lists(messages.map(json.dumps) | values.map(json.dumps) | st.binary(max_size=20), max_size=6))
def test_any_messages_end_in_a_close_that_the_protocol_knows(door: Door, sent: list[str | bytes]) -> None:
    address = door.url.replace("http://", "ws://")
    with connect(address, subprotocols=[Subprotocol(PROTOCOL)], open_timeout=PATIENCE) as client:
        with suppress(ConnectionClosed):
            for message in ('{"type": "connection_init"}', *sent, '{"type": "connection_init"}'):
                client.send(message)
        with suppress(ConnectionClosed):
            while True:
                answer = json.loads(client.recv(PATIENCE))
                assert answer["type"] in ("connection_ack", "next", "error", "complete", "pong")
                assert "INTERNAL" not in json.dumps(answer)
        assert client.close_code in CLOSES, (client.close_code, client.close_reason)
