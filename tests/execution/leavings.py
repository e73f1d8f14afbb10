"""A schema in which everything has to be awaited, to see what an operation leaves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, execute, parse

from execution import Batched, BreadthFirstExecutor
from tests.execution.small import schema_of

SDL = """
interface Named { name: String }
type A implements Named { name: String sub: A subs: [A!] next: Named nexts: [Named] names: [String] deep: [[String]] fail: Int }
type B implements Named { name: String }
type Query { ones: [A!] one: A fail: Int }
type Mutation { change: A }
"""


class End(BaseException):
    """Ends a program, as KeyboardInterrupt does, and is nobody's value."""


async def later(value: Any, ticks: int = 3) -> Any:
    """What a function gives is made in the end, so that nothing waits in the arguments of what is cancelled."""
    for _ in range(ticks):
        await asyncio.sleep(0)
    return value() if callable(value) else value


async def each(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        await asyncio.sleep(0)
        yield value() if callable(value) else value


def in_a_future(values: Any) -> "asyncio.Future[Any]":
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def answer() -> None:
        if not future.done():
            future.set_result(values)

    loop.call_soon(loop.call_soon, answer)
    return future


def everything() -> GraphQLSchema:
    """A schema in which everything that may be awaited has to be, by resolvers and by batch functions."""

    async def names(parents: list[Any], _context: Any) -> list[Any]:
        await later(None)
        return ["name"] * len(parents)

    schema = schema_of(
        SDL,
        {
            "Query.ones": lambda _root, _info: later([{}, {}]),
            "Query.one": lambda _root, _info: later({}),
            "Mutation.change": lambda _root, _info: later({}),
            "A.subs": lambda _one, _info: [later({}), {}, later({})],
            "A.sub": lambda _one, _info: later({}),
            "A.next": lambda _one, _info: later({}),
            "A.nexts": lambda _one, _info: each(lambda: later({}), {}),
            "A.names": lambda _one, _info: later(lambda: [later("a"), "b", later("c")]),
            "A.deep": lambda _one, _info: [
                later(lambda: [later("a")]),
                [later("b"), "c"],
                each("d", lambda: later("e")),
            ],
            "A.fail": lambda _one, _info: later(ValueError("returned")),
            "B.name": lambda _one, _info: later("b"),
        },
        {"A.name": Batched(names), "Query.fail": Batched(lambda parents, _context: in_a_future([1] * len(parents)))},
    )
    schema.type_map["Named"].resolve_type = lambda _value, _info, _type: later("A")  # type: ignore[attr-defined]
    schema.type_map["A"].is_type_of = lambda _value, _info: later(True)  # type: ignore[attr-defined]
    return schema


F = " fragment F on Named { name ... on A { names deep fail } }"
TEXT = "{ fail one { ...F sub { ...F } next { ...F } nexts { ...F } } ones { ...F subs { ...F } } }" + F
CHANGES = "mutation { a: change { ...F } b: change { ...F } }" + F


def begin(schema: GraphQLSchema, text: str = TEXT) -> "asyncio.Task[ExecutionResult]":
    result = execute(schema, parse(text), executor_class=BreadthFirstExecutor)
    assert not isinstance(result, ExecutionResult)
    return asyncio.ensure_future(result)


async def ticks(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)
