"""Documents: what is too large is refused before it costs anything, what is good is read once."""

import asyncio
import time

import pytest
from graphql import get_introspection_query

from server.documents import Documents
from server.errors import RequestError
from tests.server.door import SCHEMA, Door

GRAPH = SCHEMA._schema
DOUBLING = "".join(
    f"fragment F{n} on Thing {{ a: thing {{ ...F{n + 1} }} b: thing {{ ...F{n + 1} }} }} " for n in range(40)
)
SAME_PLACE = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(40))


def refused(door: Door, query: str) -> tuple[int, str, str]:
    started = time.process_time()
    response = door.ask(query)
    assert time.process_time() - started < 5
    error = response.json()["errors"][0]
    assert len(error["message"]) < 500
    return response.status_code, error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ thing " + "{ thing " * 25 + "{ id }" + "}" * 26, "deeper than 20"),
        ("{ " + " ".join(f"a{n}: hello" for n in range(201)) + " }", "more than 50 fields at its root"),
        ("{ thing { " + " ".join(f"a{n}: id" for n in range(201)) + " } }", "more than 200 aliases"),
        ("{ thing { id " + "@include(if: true) " * 201 + "} }", "more than 200 directives"),
        ("{ thing { ...F0 } } " + DOUBLING + "fragment F40 on Thing { id }", "deeper than 20"),
        ("{ thing { " + "id " * 2000 + "} }", "too much in the same places"),
        ("{ __schema { types { name } } a: __schema { types { name } } }", "introspect the `__schema` once"),
        ("{ __schema { types { a: fields { name } } } }", "without aliases inside"),
        ("{ __schema { types { ...F } } } fragment F on __Type { a: fields { name } }", "without aliases inside"),
        ("{ " + " ".join(f'a{n}: __type(name: "Thing") {{ name }}' for n in range(11)) + " }", "10 times a `__type`"),
        (
            "{ thing { ...F0 } } "
            + "".join(f"fragment F{n} on Thing {{ a: thing {{ id }} ...F{n + 1} ...F{n + 1} }} " for n in range(40))
            + "fragment F40 on Thing { id }",
            "more than 5000 fields",
        ),
    ],
)
def test_an_operation_beyond_a_limit_is_refused(door: Door, query: str, limit: str) -> None:
    status, code, message = refused(door, query)
    assert (status, code) == (422, "LIMIT_EXCEEDED")
    assert limit in message


def test_fragments_that_double_at_each_step_cost_nothing_where_they_ask_for_nothing(door: Door) -> None:
    response = door.ask("{ ...F0 } " + SAME_PLACE + "fragment F40 on Query { __typename }")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (422, "LIMIT_EXCEEDED")


def test_too_many_tokens_and_comments_are_refused_before_they_are_parsed(door: Door) -> None:
    for query in ("{ " + "hello " * 5001 + "}", "{ hello }" + "#\n" * 5001):
        status, code, message = refused(door, query)
        assert (status, code) == (400, "GRAPHQL_PARSE_FAILED")
        assert "5000" in message


def test_a_long_document_is_refused_by_its_length(door: Door) -> None:
    status, code, message = refused(door, '{ hello(name: "' + "x" * 500_000 + '") }')
    assert (status, code) == (422, "LIMIT_EXCEEDED")
    assert "100000 characters" in message


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { ...A }",
        "{ thing { ...A } } fragment A on Thing { thing { ...A } }",
        "{ ...Missing }",
        "{ " + " ".join(f"unknown{n}" for n in range(45)) + " }",
        "query (" + " ".join(f"$v{n}: Int" for n in range(1000)) + ") { hello }",
        "type Query { hello: String }",
        "{ hello(name: " + "[" * 150 + "]" * 150 + ") }",
    ],
)
def test_what_does_not_fit_the_schema_has_few_errors_and_is_quick(door: Door, query: str) -> None:
    started = time.process_time()
    response = door.ask(query)
    assert time.process_time() - started < 5
    assert response.status_code == 422
    errors = response.json()["errors"]
    assert 1 <= len(errors) <= 21
    assert {error["extensions"]["code"] for error in errors} <= {
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
    }


@pytest.mark.parametrize(
    "query", ["{" * 5000, "{ hello(name: " + "[" * 5000, "{a" * 1000, "{ hello @" + "a(b:{c:" * 400]
)
def test_deep_nonsense_is_a_syntax_error(door: Door, query: str) -> None:
    status, code, message = refused(door, query)
    assert (status, code) == (400, "GRAPHQL_PARSE_FAILED")
    assert "recursion" not in message


async def test_the_loop_turns_while_a_heavy_document_is_read() -> None:
    heavy = "{ thing { " + "".join(f"...F{n} " for n in range(100)) + "} } "
    heavy += "".join(f"fragment F{n} on Thing {{ id name thing {{ id name }} }} " for n in range(100))
    reading = asyncio.create_task(Documents(GRAPH).read(heavy))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.001)
        turns += 1
    await reading
    assert turns > 5


def test_the_introspection_query_of_clients_is_answered(door: Door) -> None:
    response = door.ask(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert response.status_code == 200
    assert response.json()["data"]["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


def test_types_may_be_asked_for_beside_each_other_and_beside_anything_else(door: Door) -> None:
    response = door.ask('{ hello a: __type(name: "Thing") { name } b: __type(name: "Query") { name } __typename }')
    assert response.json()["data"] == {
        "hello": "hello you",
        "a": {"name": "Thing"},
        "b": {"name": "Query"},
        "__typename": "Query",
    }


@pytest.mark.parametrize(
    ("query", "variables", "argument"),
    [
        ("query ($c: Caption!) { caption(caption: $c) }", {"c": {"text": "a\0b"}}, "$c.text"),
        ("query ($c: Caption!) { caption(caption: $c) }", {"c": {"text": "", "tags": ["", "\0"]}}, "$c.tags[1]"),
        ("query ($n: String!) { hello(name: $n) }", {"n": "\0"}, "$n"),
        ("query ($n: String!) { hello(name: $n) }", {"n": "", "other\0": 1}, "$other"),
        ("{ hello } # \0", {}, "query"),
    ],
)
def test_a_nul_is_refused_with_its_place(door: Door, query: str, variables: object, argument: str) -> None:
    response = door.ask(query, variables=variables)
    (error,) = response.json()["errors"]
    assert response.status_code == 422
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    assert argument in error["message"]


@pytest.mark.parametrize("literal", [r'"a\u0000"', r'"\u{0}"', r'"\u{000}b"'])
def test_a_nul_in_a_literal_is_refused_with_its_place(door: Door, literal: str) -> None:
    response = door.ask("{ caption(caption: { text: " + literal + " }) }")
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (422, {"code": "BAD_USER_INPUT"})
    assert error["locations"] == [{"line": 1, "column": 28}]


@pytest.mark.parametrize("escape", [r"\ud800", r"\udc00x", r"a\udfff", r"\ud800A"])
def test_a_lone_surrogate_is_refused_with_its_place(door: Door, escape: str) -> None:
    body = '{"query": "query ($c: Caption!) { caption(caption: $c) }", "variables": {"c": {"text": "HERE"}}}'
    response = door.send(body.replace("HERE", escape).encode())
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (422, {"code": "BAD_USER_INPUT", "argument": "$c.text"})


def test_a_surrogate_pair_is_a_character(door: Door) -> None:
    response = door.send(rb'{"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": "\ud83c\udfb5"}}')
    assert response.json() == {"data": {"hello": "hello 🎵"}}


def test_a_lone_surrogate_in_a_literal_is_a_syntax_error(door: Door) -> None:
    assert refused(door, r'{ hello(name: "\ud800") }')[:2] == (400, "GRAPHQL_PARSE_FAILED")


def test_variables_nested_without_end_are_an_error(door: Door) -> None:
    nested: object = "x"
    for _ in range(900):
        nested = [nested]
    response = door.ask("query ($ids: [ID!]!) { things(ids: $ids) { id } }", variables={"ids": nested})
    assert response.status_code == 422
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_request_holds_only_so_many_values(door: Door) -> None:
    query = "query ($ids: [ID!]!) { things(ids: $ids) { id } }"
    response = door.ask(query, variables={"ids": [str(n) for n in range(10_001)]})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (422, "LIMIT_EXCEEDED")
    assert len(door.ask(query, variables={"ids": [str(n) for n in range(5_000)]}).json()["data"]["things"]) == 5_000


async def test_a_document_is_read_once_and_the_oldest_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.documents.KEPT_TOKENS", 40)
    documents = Documents(GRAPH)
    texts = [f'{{ hello(name: "{n}") }}' for n in range(6)]
    first = await documents.read(texts[0])
    assert await documents.read(texts[0]) is first
    for text in texts:
        await documents.read(text)
    assert await documents.read(texts[0]) is not first
    assert documents._tokens == sum(document.tokens for document in documents._kept.values()) <= 40


async def test_a_wrong_document_is_not_kept() -> None:
    documents = Documents(GRAPH)
    for _ in range(2):
        with pytest.raises(RequestError):
            await documents.read("{ unknown }")
    assert not documents._kept
