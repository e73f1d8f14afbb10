"""Every kind of field gives what it says, and where a row is bad only what reads it is an error."""

from typing import Any

import pytest
from graphql import GraphQLSchema

import execution
from tests.execution.small import engine, schema_of

KINDS = """
type Query { ones: [One!] one: One deep: [[One]] either: [Either] }
union Either = One | Two
type One { column: Int! each: String text: ID text2: Int itself: One unless: Other place: String! list: [Int!] one: One ones: [One!] made: Made big: Big }
type Two { place: String }
type Other { column: Int place: String }
scalar Made
scalar Big
"""


class Two(dict[str, Any]):
    pass


def made(value: int) -> str:
    return f"made {10 // value}"


@pytest.fixture
def kinds() -> GraphQLSchema:
    """Every kind of field."""
    schema = schema_of(
        KINDS,
        kinds={
            "One.column": execution.Column("column"),
            "One.list": execution.Column("list"),
            "One.each": execution.Each(lambda one: f"each {one['column'] + 0}"),
            "One.text": execution.Text("one_%s_%s", ("column", "n")),
            "One.text2": execution.Text("%s", ("column",)),
            "One.itself": execution.Itself(),
            "One.unless": execution.Itself("n"),
            "One.one": execution.Column("one"),
            "One.ones": execution.Column("ones"),
            "One.made": execution.Column("column"),
            "One.big": execution.Column("column"),
            "Other.column": execution.Column("column"),
            **{
                f"{name}.place": execution.Placed(lambda owner, index, _: f"{(owner or {}).get('n')} {index}")
                for name in ("One", "Two", "Other")
            },
        },
    )
    schema.type_map["Two"].extensions[execution.CLASSES] = (Two,)
    schema.type_map["One"].extensions[execution.CLASSES] = (dict,)
    schema.type_map["Made"].coerce_output_value = made  # type: ignore[attr-defined]
    schema.type_map["Made"].extensions[execution.WRITES] = (int, made)
    schema.type_map["Big"].extensions[execution.WRITES] = (int, None)
    return schema


def one(column: Any, n: Any = None, **more: Any) -> dict[str, Any]:
    return {"column": column, "n": n, "list": [column], **more}


async def test_the_kinds_of_fields_give_what_they_say(kinds: GraphQLSchema) -> None:
    text = "{ ones { column list each text text2 itself { itself { column } } unless { column } made big } }"
    found = await engine(kinds, text, {"ones": [one(1, 7), one(2)]})
    assert found.errors is None
    assert found.data == {
        "ones": [
            {
                "column": 1,
                "list": [1],
                "each": "each 1",
                "text": "one_1_7",
                "text2": 1,
                "itself": {"itself": {"column": 1}},
                "unless": {"column": 1},
                "made": "made 10",
                "big": 1,
            },
            {
                "column": 2,
                "list": [2],
                "each": "each 2",
                "text": "one_2_None",
                "text2": 2,
                "itself": {"itself": {"column": 2}},
                "unless": None,
                "made": "made 5",
                "big": 2,
            },
        ]
    }


async def test_one_bad_row_spoils_only_its_own_fields(kinds: GraphQLSchema) -> None:
    text = "{ ones { column each text itself { each } unless { column } } one { made big list } }"
    bad: dict[str, Any] = {"column": "x", "list": [1, None]}
    found = await engine(kinds, text, {"ones": [one(1, 2), bad | {"n": 1}, one(3)], "one": one(0)})
    assert found.data == {"ones": None, "one": {"made": None, "big": 0, "list": [0]}}
    assert [error.path for error in found.errors or ()] == [["ones", 1, "column"], ["one", "made"]]


@pytest.mark.parametrize("missing", ["column", "n", "list"])
async def test_a_column_that_is_missing_is_an_error_where_it_is_read(kinds: GraphQLSchema, missing: str) -> None:
    text = "{ ones { each text text2 itself { each list } unless { column } list one { each } ones { place } } }"
    rows = [one(1, 2, one=None, ones=[]), one(3, 4, one=one(5, 6), ones=None), one(7, 8, one=None, ones=None)]
    del rows[1][missing]
    found = await engine(kinds, text, {"ones": rows})
    whole = await engine(kinds, text, {"ones": [rows[0], one(3, 4, one=one(5, 6), ones=None), rows[2]]})
    assert whole.errors is None
    assert found.data["ones"][0] == whole.data["ones"][0]  # type: ignore[index]
    assert found.data["ones"][2] == whole.data["ones"][2]  # type: ignore[index]
    reads = {
        "column": {"each", "text", "text2", "itself.each", "unless.column"},
        "n": {"text", "unless"},
        "list": {"list", "itself.list"},
    }
    assert {".".join(map(str, (error.path or [])[2:])) for error in found.errors or ()} == reads[missing]
    assert {tuple((error.path or [])[:2]) for error in found.errors or ()} == {("ones", 1)}


def below(owner: str, index: int) -> dict[str, Any]:
    return {
        "place": f"{owner} {index}",
        "itself": {"place": "inner None"},
        "unless": {"place": "inner None"},
    }


async def test_a_place_is_told_its_owner_and_index_wherever_it_stands(kinds: GraphQLSchema) -> None:
    text = """{ ones { place ones { place itself { place } unless { place } } one { place } }
        deep { place } either { ... on One { place } ... on Two { place } } }"""
    inner = one(1, "inner", ones=None, one=None)
    root = {
        "n": "root",
        "ones": [
            one(0, "a", ones=[inner, inner], one=None),
            one(0, "b", ones=[inner], one=inner),
            one(0, "c", ones=[], one=inner),
        ],
        "deep": [[inner, None], [], [None, inner]],
        "either": [Two(), inner, None, Two(), inner],
    }
    found = await engine(kinds, text, root)
    assert found.errors is None
    assert found.data == {
        "ones": [
            {"place": "root 0", "ones": [below("a", 0), below("a", 1)], "one": None},
            {"place": "root 1", "ones": [below("b", 0)], "one": {"place": "b None"}},
            {"place": "root 2", "ones": [], "one": {"place": "c None"}},
        ],
        "deep": [[{"place": "root 0"}, None], [], [None, {"place": "root 1"}]],
        "either": [{"place": "root 0"}, {"place": "root 1"}, None, {"place": "root 3"}, {"place": "root 4"}],
    }
