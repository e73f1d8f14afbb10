"""What is coerced by what was found out once is coerced as graphql-core does, or left to it."""

from typing import Any

import pytest
from graphql import GraphQLInputType, Undefined, build_schema, parse_type, type_from_ast
from graphql.utilities import coerce_input_value
from hypothesis import given
from hypothesis import strategies as st

from execution.coercion import coercer
from tests.trending.examples import examples

SCHEMA = build_schema("""
    type Query { field(argument: Plain): Int }
    enum Colour { RED GREEN }
    input Plain { id: ID! number: Int colour: Colour others: [Other!] grid: [[Float!]!] }
    input Other { yes: Boolean! name: String }
    input Defaulted { number: Int = 3 }
    input Either @oneOf { id: ID name: String }
    input Tree { children: [Tree!] }
    input Holder { tree: Tree }
""")
BY_US = ("Int", "ID!", "[Int!]", "Colour!", "Plain", "Plain!", "[Plain!]!", "[[Other]]")
BY_GRAPHQL_CORE = ("Defaulted", "Either!", "[Either!]", "Tree", "Holder!")

leaves = st.none() | st.booleans() | st.integers(-5, 2**33) | st.floats() | st.sampled_from(["RED", "BLUE", "", "x"])
names = st.sampled_from(["id", "number", "colour", "others", "grid", "yes", "name", "odd"])
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5))
likely = st.fixed_dictionaries(
    {"id": leaves},
    optional={
        "number": leaves,
        "colour": st.sampled_from(["RED", "GREEN", None]),
        "others": st.lists(st.fixed_dictionaries({"yes": leaves}, optional={"name": leaves}), max_size=2),
        "grid": st.lists(st.lists(st.floats(0, 1), max_size=2), max_size=2),
    },
)


def named(text: str) -> GraphQLInputType:
    found = type_from_ast(SCHEMA, parse_type(text))
    assert found is not None
    return found  # type: ignore[return-value]


@given(text=st.sampled_from(BY_US), value=values | likely | st.lists(likely, max_size=2))
@examples(300)
def test_whatever_is_coerced_is_what_graphql_core_makes_of_it(text: str, value: Any) -> None:
    coerce = coercer(named(text))
    assert coerce is not None
    expected = coerce_input_value(value, named(text))
    try:
        found = coerce(value)
    except Exception:  # noqa: BLE001  then graphql-core is asked
        return
    assert repr(found) == repr(expected)  # nan is not equal to itself
    assert expected is not Undefined


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Plain!", {"id": "a"}),
        ("Plain", None),
        ("[Plain!]!", [{"id": 7, "number": None, "others": [{"yes": True}], "grid": [[1, 2.5], []], "colour": "RED"}]),
        ("[[Other]]", [None, [None, {"yes": False, "name": "x"}]]),
    ],
)
def test_what_is_right_is_coerced_without_asking(text: str, value: Any) -> None:
    coerce = coercer(named(text))
    assert coerce is not None
    assert coerce(value) == coerce_input_value(value, named(text))


@pytest.mark.parametrize("text", BY_GRAPHQL_CORE)
def test_defaults_choices_and_what_holds_itself_are_left_to_graphql_core(text: str) -> None:
    assert coercer(named(text)) is None
