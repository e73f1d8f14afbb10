"""GraphQL over HTTP: media types, statuses, methods, and every body that is not a request."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.server.door import Door, serving
from tests.until import until_now

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


@pytest.fixture(scope="module")
def classic() -> Iterator[Door]:
    with serving(classic=True) as running:
        yield running


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    assert error["message"]
    return str(error["extensions"]["code"])


def test_a_query_is_answered(door: Door) -> None:
    response = door.ask("query ($n: String!) { hello(name: $n) }", variables={"n": "Änne 🎵"})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.json() == {"data": {"hello": "hello Änne 🎵"}}


def test_every_answer_forbids_sniffing(door: Door) -> None:
    answers = [door.ask("{ hello }"), door.send(b""), door.get(query="{ hello }"), door.client.put(door.url)]
    assert [answer.headers["x-content-type-options"] for answer in answers] == ["nosniff"] * 4


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, GRAPHQL),
        ("", GRAPHQL),
        ("*/*", GRAPHQL),
        ("application/*", GRAPHQL),
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        ("application/json, text/plain, */*", JSON),
        (f"{GRAPHQL}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
    ],
)
def test_the_media_type_is_the_one_that_the_client_likes_best(door: Door, accept: str | None, media_type: str) -> None:
    request = httpx.Request("POST", door.url, json={"query": "{ hello }"})
    if accept is not None:
        request.headers["accept"] = accept
    with httpx.Client() as client:
        response = client.send(request)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "text/event-stream", "image/*", f"{JSON};q=0", "nonsense"])
def test_no_acceptable_media_type_is_406(door: Door, accept: str) -> None:
    response = door.ask("{ hello }", headers={"accept": accept})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


STATUSES = [
    ({"query": "{ hello }"}, 200, 200, 200),
    ({"query": "{ hello fault }"}, 294, 200, 200),
    ({"query": "{ brokenPromise }"}, 294, 200, 200),
    ({"query": "{ hello"}, 400, 400, 200),
    ({"query": "{ unknown }"}, 422, 400, 200),
    ({"query": "query A { hello } query B { hello }"}, 422, 400, 200),
    ({"query": "query A { hello }", "operationName": "B"}, 422, 400, 200),
    ({"query": "query ($n: Int!) { number(n: $n) }"}, 422, 400, 200),
    ({"query": "query ($n: Int!) { number(n: $n) }", "variables": {"n": "many"}}, 422, 400, 200),
    ({"query": "subscription { count }"}, 422, 400, 200),
    ({"query": 5}, 422, 400, 400),
    ({"query": ""}, 422, 400, 400),
    ({}, 422, 400, 400),
    ({"query": "{ hello }", "variables": []}, 422, 400, 400),
    ({"query": "{ hello }", "variables": "{}"}, 422, 400, 400),
    ({"query": "{ hello }", "operationName": 5}, 422, 400, 400),
    ({"query": "{ hello }", "operationName": "x" * 2000}, 422, 400, 400),
    ({"query": "{ hello }", "extensions": 5}, 422, 400, 400),
    ([{"query": "{ hello }"}], 422, 400, 400),
    ([], 422, 400, 400),
]


@pytest.mark.parametrize(("body", "draft", "earlier", "plain"), STATUSES)
def test_the_status_follows_stage_media_type_and_profile(
    door: Door, classic: Door, body: object, draft: int, earlier: int, plain: int
) -> None:
    raw = json.dumps(body).encode()
    assert door.send(raw, accept=GRAPHQL).status_code == draft
    assert classic.send(raw, accept=GRAPHQL).status_code == earlier
    assert door.send(raw, accept=JSON).status_code == plain
    assert classic.send(raw, accept=JSON).status_code == plain


def test_nothing_but_a_down_database_is_503_and_worth_another_try(door: Door) -> None:
    response = door.ask("{ down }")
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    assert door.ask("{ hello down }").status_code == 294


def test_unknown_keys_are_ignored_and_null_is_absent(door: Door) -> None:
    response = door.ask("{ hello }", variables=None, operationName=None, extensions=None, documentId=None, ua="x", id=7)
    assert response.json() == {"data": {"hello": "hello you"}}


def test_a_batch_is_refused_with_one_error(door: Door) -> None:
    response = door.send(json.dumps([{"query": "{ hello }"}] * 3).encode())
    assert code(response) == "BATCHING_NOT_SUPPORTED"


def test_a_persisted_query_without_text_is_asked_for_again(door: Door) -> None:
    response = door.ask(extensions={"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}})
    assert code(response) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"


def test_an_operation_is_chosen_by_its_name(door: Door) -> None:
    response = door.ask("query A { a: hello } query B { b: hello }", operationName="B")
    assert response.json() == {"data": {"b": "hello you"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b'\xef\xbb\xbf{"query": "{ hello }"}',
        b'{"query": "{ hello }", "variables": {"n": NaN}}',
        b'{"query": "{ hello }", "variables": {"n": 1e999}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"query": "{ hello }"} and more',
    ],
)
def test_what_is_not_json_is_400(door: Door, body: bytes) -> None:
    response = door.send(body)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("body", [b"null", b"5", b'"text"', b"true", b"1.5"])
def test_json_that_is_no_object_is_a_malformed_request(door: Door, body: bytes) -> None:
    response = door.send(body)
    assert (response.status_code, code(response)) == (422, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
    ],
)
def test_only_json_in_utf_8_is_taken(door: Door, content_type: str) -> None:
    response = door.send(b'{"query": "{ hello }"}', content_type=content_type)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type", ["application/json", 'Application/JSON; charset="UTF-8"', "application/json;charset=utf8"]
)
def test_json_may_name_its_charset(door: Door, content_type: str) -> None:
    assert door.send(b'{"query": "{ hello }"}', content_type=content_type).status_code == 200


def test_a_compressed_body_is_415(door: Door) -> None:
    response = door.send(gzip.compress(b'{"query": "{ hello }"}'), content_encoding="gzip")
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")


def test_a_body_beyond_the_limit_is_413_whether_or_not_it_says_its_length(door: Door) -> None:
    large = b'{"query": "' + b" " * 1_048_576 + b'{ hello }"}'

    def chunks() -> Iterator[bytes]:
        yield from (large[start : start + 65_536] for start in range(0, len(large), 65_536))

    headers = {"content-type": JSON}
    answers = [door.client.post(door.url, content=content, headers=headers) for content in (large, chunks())]
    assert [(answer.status_code, code(answer)) for answer in answers] == [(413, "PAYLOAD_TOO_LARGE")] * 2


def test_a_body_in_chunks_is_one_body(door: Door) -> None:
    parts = iter([b'{"query"', b": ", b'"{ hello }"}'])
    response = door.client.post(door.url, content=parts, headers={"content-type": JSON})
    assert response.json() == {"data": {"hello": "hello you"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_405_with_allow(door: Door, method: str) -> None:
    response = door.client.request(method, door.url)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_a_query_may_be_a_get(door: Door) -> None:
    response = door.get(
        query="query A($n: String!) { hello(name: $n) } query B { hello }",
        operationName="A",
        variables='{"n": "Zoë"}',
        extensions="",
    )
    assert response.json() == {"data": {"hello": "hello Zoë"}}


def test_empty_parameters_of_a_get_are_absent(door: Door) -> None:
    assert door.get(query="{ hello }", operationName="", variables="").status_code == 200


@pytest.mark.parametrize("variables", ["{", "[1]", '"x"', "\udc80"])
def test_variables_of_a_get_are_a_json_object(door: Door, variables: str) -> None:
    raw = variables.encode(errors="surrogateescape")
    query = "query=%7Bhello%7D&variables=" + "".join(f"%{byte:02X}" for byte in raw)
    response = door.client.get(f"{door.url}?{query}", headers={"graphql-require-preflight": "1"})
    assert (response.status_code, code(response)) in [(400, "BAD_REQUEST"), (422, "BAD_REQUEST")]


def test_a_mutation_by_get_is_405_and_not_executed(door: Door) -> None:
    before = len(door.seen.contexts)
    response = door.get(query='mutation { post(text: "x") }')
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert len(door.seen.contexts) == before


def test_a_get_needs_a_preflight_header(door: Door) -> None:
    bare = door.client.get(door.url, params={"query": "{ hello }"})
    assert (bare.status_code, code(bare)) == (403, "PREFLIGHT_REQUIRED")
    as_json = door.client.get(door.url, params={"query": "{ hello }"}, headers={"content-type": JSON})
    assert as_json.status_code == 200


def test_an_operation_that_takes_too_long_is_stopped() -> None:
    with serving(time_limit=0.1) as quick:
        response = quick.ask("{ slow(seconds: 60) }")
        assert (response.status_code, code(response)) == (503, "TIMEOUT")
        until_now(lambda: quick.ask("{ slow(seconds: 0.001) }").json() == {"data": {"slow": "done"}})


def test_health_and_readiness(door: Door) -> None:
    base = door.url.removesuffix("/graphql")
    assert door.client.get(f"{base}/health").json() == {"status": "ok"}
    assert door.client.get(f"{base}/ready").status_code == 200
    door.seen.healthy = False
    try:
        assert door.client.get(f"{base}/ready").status_code == 503
        assert door.client.get(f"{base}/health").status_code == 200
    finally:
        door.seen.healthy = True
