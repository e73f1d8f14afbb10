"""Small schemas from SDL, and one document on both executors over them."""

import gc
import warnings
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, build_schema, execute, parse

import execution
from execution import BreadthFirstExecutor
from tests.execution.sameness import same


def schema_of(
    sdl: str,
    resolvers: Mapping[str, Callable[..., Any]] | None = None,
    kinds: Mapping[str, execution.Kind] | None = None,
) -> GraphQLSchema:
    """A schema; resolvers and kinds stand by `Type.field`."""
    schema = build_schema(sdl)
    for place, resolve in (resolvers or {}).items():
        field_of(schema, place).resolve = resolve
    for place, kind in (kinds or {}).items():
        field_of(schema, place).extensions[execution.KIND] = kind
    return schema


def field_of(schema: GraphQLSchema, place: str) -> Any:
    """The field at `Type.field`."""
    type_, name = place.split(".")
    return schema.type_map[type_].fields[name]  # type: ignore[attr-defined]  # the tests name object types


async def engine(schema: GraphQLSchema, text: str, root: Any = None, **options: Any) -> ExecutionResult:
    """The answer of the engine, which must not have been handed over."""
    before = BreadthFirstExecutor.handed_over
    result = execute(schema, parse(text), root, executor_class=BreadthFirstExecutor, **options)
    settled: ExecutionResult = await result if isawaitable(result) else result
    assert BreadthFirstExecutor.handed_over == before
    return settled


async def both(schema: GraphQLSchema, text: str, root: Any = None, **options: Any) -> ExecutionResult:
    """The answer of the engine, which must be graphql-core's; where nothing is awaited, to the last error."""
    result = execute(schema, parse(text), root, **options)
    if not isawaitable(result):
        found = await engine(schema, text, root, **options)
        same(result, found, in_turn=True)
        return found
    with warnings.catch_warnings():
        # graphql-core leaves coroutines behind where an error ends a selection set; that the engine does not, test_leavings.py says.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = await _awaited_of_both(result, schema, text, root, options)
        gc.collect()
    return found


async def _awaited_of_both(
    result: Awaitable[ExecutionResult], schema: GraphQLSchema, text: str, root: Any, options: dict[str, Any]
) -> ExecutionResult:
    expected = await result
    found = await engine(schema, text, root, **options)
    same(expected, found, in_turn=False)
    return found
