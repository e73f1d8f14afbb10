"""graphql-sse in distinct connections: what is streamed, to whom, and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import server.graphql_sse
from server.graphql_ws import Bounds
from tests.server.door import LIFETIMES, Door, bearer, serving
from tests.until import PATIENCE, until_now

COUNT = {"query": "subscription { count }"}
EVENTS = {"accept": "text/event-stream"}


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream and their data; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append((fields["event"].strip(), json.loads(fields["data"]) if fields["data"].strip() else ""))
    return found


def test_a_subscription_by_post_is_a_stream_that_ends_with_complete(door: Door) -> None:
    answer = door.ask(**COUNT, headers=EVENTS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert events(answer.text) == [
        *(("next", {"data": {"count": n}}) for n in (1, 2, 3)),
        ("complete", ""),
    ]
    assert "\r" not in answer.text
    assert answer.text.startswith(":\n\n")


def test_a_subscription_by_get_needs_no_header_that_a_browsers_page_cannot_send(door: Door) -> None:
    answer = door.client.get(door.url, params=COUNT, headers=EVENTS)
    assert events(answer.text)[-1] == ("complete", "")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_subscriptions_are_streamed(door: Door, method: str) -> None:
    asked = {"query": "{ hello }"}
    parameters: dict[str, Any] = {"params": asked} if method == "GET" else {"json": asked}
    assert door.client.request(method, door.url, headers=EVENTS, **parameters).status_code == 406
    many = {"accept": "application/graphql-response+json, application/json, text/event-stream"}
    assert door.ask(**asked, headers=many).json() == {"data": {"hello": "hello you"}}
    assert events(door.ask(**COUNT, headers=many).text)[0] == ("next", {"data": {"count": 1}})


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/json, text/event-stream;q=0"])
def test_who_does_not_ask_for_events_gets_none(door: Door, accept: str) -> None:
    answer = door.ask(**COUNT, headers={"accept": accept})
    assert answer.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_STREAM"


def test_what_is_wrong_with_a_document_is_said_in_the_stream(door: Door) -> None:
    for query, code in (
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { no }", "GRAPHQL_VALIDATION_FAILED"),
    ):
        answer = door.ask(query, headers=EVENTS)
        assert answer.status_code == 200
        (kind, body), last = events(answer.text)
        assert (kind, body["errors"][0]["extensions"]["code"], last) == ("next", code, ("complete", ""))


def test_what_is_wrong_with_the_caller_is_a_status(door: Door) -> None:
    answer = door.ask(**COUNT, headers=EVENTS | {"authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        401,
        "application/graphql-response+json; charset=utf-8",
    )


def test_what_a_source_raises_is_masked(door: Door) -> None:
    _, (kind, body), last = events(door.ask("subscription { failing }", headers=EVENTS).text)
    assert (kind, body["errors"][0]["message"], last) == ("next", "Internal error", ("complete", ""))


@pytest.fixture(scope="module")
def narrow() -> Iterator[Door]:
    with serving(bounds=Bounds(sockets=1)) as running:
        yield running


def test_streams_are_counted_with_the_callers_sockets(narrow: Door) -> None:
    endless = {"query": "subscription { count(every: 60) }"}
    with narrow.client.stream("POST", narrow.url, json=endless, headers=EVENTS) as open_stream:
        parts = open_stream.iter_text()
        assert next(parts).startswith(":")
        refused = narrow.ask(**COUNT, headers=EVENTS)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "LIMIT_EXCEEDED")
        other = narrow.ask(**COUNT, headers=EVENTS | {"authorization": bearer("mira")})
        assert other.status_code == 200


def test_whoever_goes_leaves_no_source_open(door: Door) -> None:
    endless = {"query": "subscription { count(every: 60) }"}
    with door.client.stream("POST", door.url, json=endless, headers=EVENTS) as answer:
        parts = answer.iter_text()
        while "next" not in next(parts):
            pass
        assert door.seen.open_streams == 1
    until_now(lambda: not door.seen.open_streams)


def test_a_comment_keeps_a_quiet_connection_open(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.graphql_sse, "KEEP_ALIVE_SECONDS", 0.05)
    heard = ""
    with door.client.stream("POST", door.url, json={"query": "subscription { held }"}, headers=EVENTS) as answer:
        for part in answer.iter_text():
            heard += part
            if heard.count(":\n\n") > 3:
                monkeypatch.setattr(door.seen, "released", True)
    assert [kind for kind, _ in events(heard)] == ["next", "next", "complete"]


def test_a_stream_ends_when_its_token_does(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.auth.LEEWAY", 0.0)
    told: list[Any] = []
    for seconds in LIFETIMES:
        headers = EVENTS | {"authorization": bearer("someone brief", seconds=seconds)}
        answer = door.client.post(
            door.url, json={"query": "subscription { count(every: 600) }"}, headers=headers, timeout=2 * PATIENCE
        )
        told = events(answer.text) if answer.status_code == 200 else []
        if told:
            break
    assert told == [("next", {"data": {"count": 1}})]
