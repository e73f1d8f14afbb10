"""Errors: what is the client's is said, what is ours is hidden under an id and logged whole."""

import logging

import pytest

from server.errors import LONGEST
from tests.server.door import Door


def test_a_fault_has_its_code_and_its_sentence(door: Door) -> None:
    response = door.ask("{ hello fault }")
    assert response.json() == {
        "errors": [
            {
                "message": "This thing is not allowed.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["fault"],
                "extensions": {"code": "INVALID_THING"},
            }
        ],
        "data": {"hello": "hello you", "fault": None},
    }


@pytest.mark.parametrize(
    ("query", "secret"),
    [("{ broken }", "hunter2"), ("{ brokenLeaf }", "a row's secret"), ("{ brokenPromise }", "non-nullable")],
)
def test_the_unexpected_is_masked_and_logged_under_the_id_that_the_client_gets(
    door: Door, caplog: pytest.LogCaptureFixture, query: str, secret: str
) -> None:
    response = door.ask(query)
    (error,) = response.json()["errors"]
    assert error["message"] == "Internal error"
    assert set(error["extensions"]) == {"code", "requestId"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert secret not in response.text
    (record,) = caplog.records
    assert error["extensions"]["requestId"] in record.getMessage()
    assert record.exc_info is not None
    assert secret in str(record.exc_info[1])


def test_errors_of_clients_are_not_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for query in ("{ fault }", "{ unknown }", "{", "{ down }", '{ scalar(n: "x") }'):
        assert door.ask(query).json()["errors"]
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("chorus", "strawberry"))] == []


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ scalar(n: "many") }', None),
        ("query ($n: Number!) { scalar(n: $n) }", {"n": "many"}),
        ("query ($n: Number!) { scalar(n: $n) }", {"n": {"deep": []}}),
    ],
)
def test_what_a_scalar_raises_does_not_reach_clients(door: Door, query: str, variables: object) -> None:
    response = door.ask(query, variables=variables)
    assert response.status_code == 422
    assert "Number" in response.json()["errors"][0]["message"]
    assert "int()" not in response.text
    assert "encountered" not in response.text


@pytest.mark.parametrize("by", [{}, {"id": "1", "handle": "a"}, {"id": None}, {"id": None, "handle": "a"}])
def test_one_of_is_the_clients_to_choose(door: Door, by: object) -> None:
    response = door.ask("query ($by: By!) { found(by: $by) }", variables={"by": by})
    assert response.status_code == 422
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($n: Int!) { number(n: $n) }", {"n": "x" * 100_000}),
        ('{ number(n: "' + "x" * 90_000 + '") }', None),
        ("{ " + "x" * 90_000 + " }", None),
        ("query ($c: Caption!) { caption(caption: $c) }", {"c": {"x" * 100_000: 1}}),
    ],
)
def test_what_was_sent_is_not_echoed_whole(door: Door, query: str, variables: object) -> None:
    response = door.ask(query, variables=variables)
    assert response.status_code == 422
    assert all(len(error["message"]) <= LONGEST + 1 for error in response.json()["errors"])
    assert len(response.content) < 5_000


def test_many_wrong_values_give_few_errors(door: Door) -> None:
    response = door.ask("query ($ids: [ID!]!) { things(ids: $ids) { id } }", variables={"ids": [None] * 5_000})
    assert response.status_code == 422
    assert len(response.json()["errors"]) <= 21
