"""However wide, deep or circular a document is: its cost is linear in it, and what is nested too deeply is a clear error."""

import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    parse,
)
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.language import DocumentNode, InlineFragmentNode, OperationType

import execution
from execution import BreadthFirstExecutor
from tests.execution.small import both, engine, schema_of
from tests.execution.test_plan import ONE, SDL


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often a line of Python was called, by the name of the function: work that no other process disturbs."""
    counted: Counter[str] = Counter()

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        counted[event] += event in ("call", "c_call")

    sys.setprofile(count)
    yield counted
    sys.setprofile(None)


def work(steps: Counter[str], text: str, schema: GraphQLSchema) -> int:
    document = parse(text)
    steps.clear()
    result = execute_sync(schema, document, ONE, executor_class=BreadthFirstExecutor)
    done = steps.total()
    assert not result.errors
    return done


def wide(n: int) -> str:
    return "{ one { " + " ".join(f"k{k}: b" for k in range(n)) + " } }"


def merged(n: int) -> str:
    return "{ " + " ".join("one { a b }" for _ in range(n)) + " }"


def deep(n: int) -> str:
    return "{ " + "one { a b " * n + "}" * n + " }"


def branching(n: int) -> str:
    return "{ " + " ".join(f"k{k}: one {{ a one {{ c }} }}" for k in range(n)) + " }"


def fragments(n: int) -> str:
    spread = " ".join(f"...F{k}" for k in range(n))
    return f"{{ one {{ {spread} }} }} " + " ".join(f"fragment F{k} on One {{ k{k}: a }}" for k in range(n))


def chained(n: int) -> str:
    chain = " ".join(f"fragment F{k} on One {{ k{k}: a one {{ ...F{k + 1} }} }}" for k in range(n))
    return f"{{ one {{ ...F0 }} }} {chain} fragment F{n} on One {{ b }}"


def aliased_with_arguments(n: int) -> str:
    return "{ one { " + " ".join(f"k{k}: a(by: {k})" for k in range(n)) + " } }"


@pytest.mark.parametrize("kind", ["resolvers", "columns"])
@pytest.mark.parametrize("text", [wide, merged, deep, branching, fragments, chained, aliased_with_arguments])
def test_planning_and_execution_are_linear_in_the_document(text: Any, kind: str, steps: Counter[str]) -> None:
    columns = {f"One.{name}": execution.Column(name) for name in "bc"}
    schema = schema_of(SDL, kinds=columns if kind == "columns" else None)
    schema.type_map["One"].fields["a"].resolve = lambda one, _info, by=0: by  # type: ignore[attr-defined]
    n = 60 if text in (deep, chained) else 400
    once, twice = work(steps, text(n), schema), work(steps, text(2 * n), schema)
    assert once < twice < 2.2 * once


@pytest.mark.parametrize("fields", [5_000, 10_000])
async def test_thousands_of_aliases_are_answered(fields: int) -> None:
    schema = schema_of(SDL, kinds={"One.b": execution.Column("b")})
    found = await engine(schema, wide(fields), ONE)
    assert found.errors is None
    assert found.data == {"one": {f"k{k}": 2 for k in range(fields)}}


async def test_thousands_of_fragments_are_answered() -> None:
    found = await engine(
        build_schema(SDL),
        fragments(3_000),
        ONE,
    )
    assert found.errors is None
    assert found.data == {"one": {f"k{k}": 1 for k in range(3_000)}}


def nested(depth: int, *, name: str = "one") -> DocumentNode:
    """A document deeper than what the parser reads."""
    selection = SelectionSetNode(selections=(FieldNode(name=NameNode(value="b")), FieldNode(name=NameNode(value="a"))))
    for _ in range(depth):
        field = FieldNode(name=NameNode(value=name), selection_set=selection)
        selection = SelectionSetNode(selections=(field,))
    return DocumentNode(definitions=(OperationDefinitionNode(operation=OperationType.QUERY, selection_set=selection),))


@pytest.mark.parametrize("depth", [150, 500, 2_000])
@pytest.mark.parametrize("name", ["one", "ones"])
@pytest.mark.parametrize("is_batched", [False, True])
def test_a_document_may_be_deeper_than_pythons_stack(depth: int, name: str, is_batched: bool) -> None:
    def fail(one: Any, info: Any) -> None:
        raise ValueError(len(info.path.as_list()))

    kinds = {
        f"One.{key}": execution.Batched(lambda parents, _context, key=key: [one[key] for one in parents])
        for key in ("one", "ones")
    }
    schema = schema_of(SDL, {"One.a": fail}, kinds if is_batched else None)
    result = execute_sync(schema, nested(depth, name=name), ONE, executor_class=BreadthFirstExecutor)
    (error,) = result.errors or []
    length = depth * (1 if name == "one" else 2) + 1
    assert error.message == str(length)
    assert error.path is not None
    assert len(error.path) == length
    at: Any = result.data
    for _ in range(depth):
        at = at[name] if name == "one" else at[name][0]
    assert at == {"a": None, "b": 2}


def inline(depth: int) -> SelectionSetNode:
    selection = SelectionSetNode(selections=(FieldNode(name=NameNode(value="b")),))
    for _ in range(depth):
        selection = SelectionSetNode(selections=(InlineFragmentNode(selection_set=selection),))
    return selection


def test_fragments_nested_too_deeply_are_graphql_cores_clear_error() -> None:
    schema = build_schema(SDL)
    operation = OperationDefinitionNode(operation=OperationType.QUERY, selection_set=inline(3_000))
    document = DocumentNode(definitions=(operation,))
    for _ in range(2):
        expected = execute_sync(schema, document, ONE)
        found = execute_sync(schema, document, ONE, executor_class=BreadthFirstExecutor)
        assert found == expected
        assert [error.message for error in found.errors or ()] == [SELECTIONS_NESTED_TOO_DEEPLY]
        assert (found.errors or [])[0].__context__ is None
        assert (found.errors or [])[0].original_error is None


@pytest.mark.parametrize("name", ["one", "ones"])
def test_fragments_nested_too_deeply_below_a_field_are_its_error(name: str) -> None:
    schema = build_schema(SDL)
    field = FieldNode(name=NameNode(value=name), selection_set=inline(3_000))
    selection = SelectionSetNode(selections=(field, FieldNode(name=NameNode(value="a"))))
    document = DocumentNode(
        definitions=(OperationDefinitionNode(operation=OperationType.QUERY, selection_set=selection),)
    )
    found = execute_sync(schema, document, ONE, executor_class=BreadthFirstExecutor)
    assert found.data == {name: None, "a": 1}
    assert [(error.message, error.path) for error in found.errors or ()] == [
        (SELECTIONS_NESTED_TOO_DEEPLY, [name] if name == "one" else [name, 0])
    ]
    assert execute_sync(schema, document, ONE).data == found.data


async def test_fragments_in_a_circle_end_where_the_data_ends() -> None:
    text = "{ one { ...F } } fragment F on One { a ...G } fragment G on One { b one { ...F ones { ...G } } ...F }"
    root: dict[str, Any] = {"one": {"a": 1, "b": 2, "one": {"a": 3, "one": None, "ones": [{"b": 4}]}}}
    await both(build_schema(SDL), text, root)


def test_a_circle_of_fragments_over_a_circle_of_objects_is_stopped_by_nobody_but_validation() -> None:
    from graphql import validate

    text = "{ one { ...F } } fragment F on One { one { ...F } }"
    assert validate(build_schema(SDL), parse(text))


async def test_large_variables_are_given_to_all_without_a_copy_each() -> None:
    numbers = list(range(100_000))
    seen = set()

    def count(one: Any, _info: Any, numbers: list[int]) -> int:
        seen.add(id(numbers))
        return len(numbers)

    schema = schema_of("type Query { ones: [One] } type One { count(numbers: [Int!]!): Int }", {"One.count": count})
    text = "query ($n: [Int!]!) { ones { count(numbers: $n) again: count(numbers: $n) } }"
    found = await engine(schema, text, {"ones": [1] * 10}, variable_values={"n": numbers})
    assert found.data == {"ones": [{"count": 100_000, "again": 100_000}] * 10}
    assert len(seen) == 1
