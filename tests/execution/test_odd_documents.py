"""Documents that validation would refuse, and names and texts that look like code, are answered as by graphql-core."""

from typing import Any

import pytest
from graphql import ExecutionResult, build_schema, execute, execute_sync, parse

import execution
from execution import BreadthFirstExecutor
from tests.execution.sameness import same
from tests.execution.small import engine, schema_of


@pytest.mark.parametrize(
    ("document", "options"),
    [
        ("query A { a } query B { a }", {}),
        ("query A { a }", {"operation_name": "C"}),
        ("fragment F on Query { a }", {}),
        ("mutation { a }", {}),
        ("query ($v: Int!) { a }", {}),
        ("query ($v: Int!) { a }", {"variable_values": {"v": "x"}}),
        ("{ a @skip(if: $nobody) }", {}),
        ("query ($v: Boolean) { a @skip(if: $v) }", {}),
        ("query ($v: Boolean) { a @skip(if: $v) }", {"variable_values": {"v": None}}),
        ("query ($v: [Int]) { a @include(if: $v) }", {"variable_values": {"v": [1]}}),
        ("query ($v: Int) { a @include(if: $v) b }", {"variable_values": {"v": 1}}),
        ("{ a @skip b }", {}),
        ('{ a @skip(if: "no") b }', {}),
        ("{ sub { a @skip(if: 3) } b }", {}),
        ("{ sub { ...F @include(if: $nobody) } subs { b } } fragment F on Sub { a }", {}),
        ("{ nobody { a } a b { c } sub }", {}),
        ("{ ...Nobody a ... on Nobody { b } }", {}),
        ("{ ...F } fragment F on Query { a ...G } fragment G on Query { b ...F }", {}),
        ("{ sub { ...F } } fragment F on Sub { a sub { ...F } }", {}),
        ("{ a a: b sub { a } sub: a }", {}),
    ],
)
async def test_what_validation_would_refuse_is_answered_as_by_graphql_core(
    document: str, options: dict[str, Any]
) -> None:
    schema = build_schema("type Query { a: Int b: Int sub: Sub subs: [Sub] } type Sub { a: Int b: Int sub: Sub }")
    root = {"a": 1, "b": 2, "sub": {"a": 3, "b": 4, "sub": {"a": 5}}, "subs": [{"b": 6}]}
    for _ in range(2):
        expected = execute(schema, parse(document), root, **options)
        found = execute(schema, parse(document), root, executor_class=BreadthFirstExecutor, **options)
        assert isinstance(expected, ExecutionResult)
        assert isinstance(found, ExecutionResult)
        same(expected, found, in_turn=True)


async def test_null_and_absent_conditions_are_told_apart() -> None:
    schema, document = build_schema("type Query { a: Int }"), parse("query ($v: Boolean) { a @skip(if: $v) }")
    for _ in range(2):
        for given in ({"v": None}, {}, {"v": True}, {"v": False}):
            expected = execute_sync(schema, document, {"a": 1}, variable_values=given)
            assert (
                execute_sync(schema, document, {"a": 1}, variable_values=given, executor_class=BreadthFirstExecutor)
                == expected
            )


@pytest.mark.parametrize(
    "keys",
    ["class def None True __init__ lambda self", "o v objects built add known w0 c1 f2 x3 build", "__dict__ __class__"],
)
async def test_response_keys_may_be_any_name(keys: str) -> None:
    schema = schema_of(
        "type Query { ones: [One] } type One { text: String number: Int sub: One }",
        kinds={
            "One.text": execution.Column("text"),
            "One.sub": execution.Itself(),
            "One.number": execution.Each(lambda one: one["n"]),
        },
    )
    fields = " ".join(f"{key}: {'text' if n % 2 else 'number'}" for n, key in enumerate(keys.split()))
    found = await engine(
        schema, f"{{ ones {{ {fields} itself: sub {{ {fields} }} }} }}", {"ones": [{"text": "t", "n": 5}]}
    )
    one = {key: "t" if n % 2 else 5 for n, key in enumerate(keys.split())}
    assert found.errors is None
    assert found.data == {"ones": [one | {"itself": one}]}


async def test_texts_of_the_document_are_no_code() -> None:
    evil = """quote ' double " back \\ brace } % %s {o} \\u00e9 newline"""
    given: list[str] = []
    schema = schema_of(
        "type Query { a(text: String): String ones: [One] } type One { t: String }",
        {"Query.a": lambda _one, _info, text: given.append(text)},
        {"One.t": execution.Text('100%% \'%s\' """ {o} \\', ("a'\"]",))},
    )
    import json

    found = await engine(schema, f"{{ a(text: {json.dumps(evil)}) ones {{ t }} }}", {"ones": [{"a'\"]": 1}]})
    assert given == [evil]
    assert found.data == {"a": None, "ones": [{"t": '100% \'1\' """ {o} \\'}]}


async def test_a_schema_that_is_not_valid_is_refused() -> None:
    with pytest.raises(TypeError, match="Query root type must be provided"):
        execute(build_schema("type Other { a: Int }"), parse("{ a }"), executor_class=BreadthFirstExecutor)
