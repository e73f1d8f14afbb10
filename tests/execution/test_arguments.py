"""Arguments are coerced as graphql-core coerces them, and belong to whom they are given."""

from typing import Any

import pytest
from graphql import execute_sync, parse

import execution
from execution import BreadthFirstExecutor
from tests.execution.small import both, schema_of

ARGUMENTS = """
enum Colour { RED BLUE }
input Inner { number: Int = 7 words: [String!] }
input Choice @oneOf { name: String number: Int }
type Query {
  ones: [One]
}
type One {
  plain(a: Int, b: Int = 3, c: Int! = 4, d: String = "d", from: ID): String
  lists(a: [Int], b: [[Int!]!] = [[1]], c: [Colour!]): String
  inputs(a: Inner, b: Inner = {number: 1}, c: Choice, d: [Choice!]): String
  enums(a: Colour, b: Colour! = RED): String
}
"""


def shown(_one: Any, _info: Any, **arguments: Any) -> str:
    return repr(arguments)


@pytest.mark.parametrize("kind", ["resolver", "batched"])
@pytest.mark.parametrize(
    "field",
    [
        "plain",
        "plain(a: 1, b: 2, c: 3, d: null, from: 5)",
        "plain(c: $int, a: $null, b: $absent, d: $text)",
        "plain(b: $defaulted, c: $nothing)",
        "plain(c: null)",
        'plain(a: "1")',
        "plain(a: $text)",
        "plain(a: 3000000000)",
        "plain(unknown: 1)",
        "lists(a: 1, b: [[1, 2], [3]], c: [RED, BLUE])",
        "lists(a: [$int, $absent, 3], b: null)",
        "lists(a: $ints, c: RED)",
        "lists(b: [[null]])",
        "lists(c: [GREEN])",
        'inputs(a: {}, b: {words: ["a"]})',
        "inputs(a: $inner, c: {name: $text})",
        "inputs(a: {number: $absent, words: $nothing})",
        "inputs(c: {name: $absent})",
        "inputs(c: {name: null})",
        'inputs(c: {name: "a", number: 1})',
        'inputs(c: $choice, d: [{number: 1}, {name: "b"}])',
        "inputs(a: {unknown: 1})",
        "enums",
        "enums(a: BLUE, b: $colour)",
        "enums(a: GREEN)",
        'enums(a: "RED")',
        "enums(a: $colours)",
    ],
)
async def test_arguments_are_coerced_as_graphql_core_coerces_them(kind: str, field: str) -> None:
    schema = schema_of(ARGUMENTS, {f"One.{name}": shown for name in ("plain", "lists", "inputs", "enums")})
    schema.type_map["One"].fields["plain"].args["from"].out_name = "from_"  # type: ignore[attr-defined]
    if kind == "batched":
        for one in schema.type_map["One"].fields.values():  # type: ignore[attr-defined]
            one.extensions[execution.KIND] = execution.Batched(
                lambda parents, _context, **arguments: [shown(one, None, **arguments) for one in parents]
            )
    document = f"""query ($int: Int!, $null: Int, $absent: Int, $text: String, $defaulted: Int = 9, $nothing: Int, $ints: [Int],
        $inner: Inner, $choice: Choice, $colour: Colour!, $colours: [Colour]) {{ ones {{ a: {field} b: {field} }} }}"""
    variables = {
        "int": 5,
        "null": None,
        "text": "t",
        "ints": [1, 2],
        "inner": {"words": ["w"]},
        "choice": {"number": 2},
    }
    options = {"variable_values": variables | {"colour": "BLUE", "colours": ["RED"]}}
    for _ in range(2):
        await both(schema, document, {"ones": [1, 2]}, **options)


@pytest.mark.parametrize("field", ['all(a: [1, 2], b: {words: ["a"]})', "all", "all(a: [1, $v], b: {words: [$w]})"])
@pytest.mark.parametrize("is_batched", [False, True])
async def test_who_changes_its_arguments_changes_nobody_elses(field: str, is_batched: bool) -> None:
    def change(**arguments: Any) -> str:
        before = repr(arguments)
        for value in (arguments.get("a"), (arguments.get("b") or {}).get("words")):
            if value:
                value.append(value[0])
        arguments["a"] = None
        return before

    schema = schema_of(
        "input In { words: [String!] } type Query { ones: [One] } type One { all(a: [Int], b: In): String }",
        {"One.all": lambda _one, _info, **arguments: change(**arguments)},
    )
    if is_batched:
        schema.type_map["One"].fields["all"].extensions[execution.KIND] = execution.Batched(  # type: ignore[attr-defined]
            lambda parents, _context, **arguments: [change(**arguments)] * len(parents)
        )
    document = parse(f'query ($v: Int = 2, $w: String! = "a") {{ ones {{ x: {field} y: {field} }} }}')
    answers = [execute_sync(schema, document, {"ones": [1, 2]}, executor_class=BreadthFirstExecutor) for _ in range(3)]
    texts = {text for answer in answers for one in answer.data["ones"] for text in one.values()}  # type: ignore[index]
    assert len(texts) == 1


async def test_what_prepare_makes_of_unchanging_arguments_is_kept_with_the_plan() -> None:
    prepared = []

    def prepare(given: dict[str, Any], place: execution.Place) -> dict[str, Any]:
        prepared.append((given, place.response_key))
        return {"by": given["by"] + 1}

    kind = execution.Batched(lambda parents, _context, by: [by * one for one in parents], prepare)
    schema = schema_of("type Query { ones: [One] } type One { times(by: Int!): Int }", kinds={"One.times": kind})
    document = parse("query ($by: Int!) { ones { a: times(by: 1) b: times(by: $by) } }")
    for by in (1, 2):
        options: dict[str, Any] = {"variable_values": {"by": by}, "executor_class": BreadthFirstExecutor}
        result = execute_sync(schema, document, {"ones": [1, 2]}, **options)
        assert result.data == {"ones": [{"a": 2, "b": by + 1}, {"a": 4, "b": 2 * (by + 1)}]}
    assert prepared == [({"by": 1}, "a"), ({"by": 1}, "b"), ({"by": 2}, "b")]
