"""Whoever else is on the loop has a turn between the fields, however large the document."""

import asyncio
import gc
from time import thread_time
from typing import Any, Self

import pytest
from graphql import execute, parse

import execution
import execution.run
from execution import Batched, BreadthFirstExecutor
from tests.execution.small import engine, schema_of


class Others:
    """Whoever else is on the loop: how many turns they had, and the longest wait for one in seconds of this thread."""

    def __init__(self) -> None:
        self.turns = 0
        self.longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._take())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _take(self) -> None:
        last = thread_time()
        while True:
            await asyncio.sleep(0)
            self.turns += 1
            self.longest, last = max(self.longest, thread_time() - last), thread_time()


async def test_others_get_their_turn_between_the_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution.run, "TURN", 0)
    turns: list[int] = []
    others = Others()

    def number(parents: list[Any], _context: Any, by: int) -> list[int]:
        turns.append(others.turns)
        return [by] * len(parents)

    async def late(parents: list[Any], _context: Any) -> list[Any]:
        return list(parents)

    sdl = "type Query { late: Query number(by: Int!): Int }"
    schema = schema_of(sdl, kinds={"Query.late": Batched(late), "Query.number": Batched(number)})
    numbers = " ".join(f"n{by}: number(by: {by})" for by in range(5))
    async with others:
        found = await engine(schema, f"{{ {numbers} late {{ {numbers} late {{ {numbers} }} }} }}", {})
    answer = {f"n{by}": by for by in range(5)}
    assert found.data == answer | {"late": answer | {"late": answer}}
    assert len(set(turns[:5])) == 1, "nothing was awaited yet"
    assert len(set(turns[5:])) == 10


async def test_no_field_of_a_mutation_is_left_out_where_turns_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution.run, "TURN", 0)
    done: list[int] = []

    async def late(parents: list[Any], _context: Any, by: int) -> list[int]:
        done.append(by)
        return [by] * len(parents)

    def now(parents: list[Any], _context: Any, by: int) -> list[int]:
        done.append(by)
        return [by] * len(parents)

    sdl = "type Query { a: Int } type Mutation { late(by: Int!): Int now(by: Int!): Int }"
    schema = schema_of(sdl, kinds={"Mutation.late": Batched(late), "Mutation.now": Batched(now)})
    for first in ("late", "now"):
        done.clear()
        text = (
            f"mutation {{ a: {first}(by: 1) b: now(by: 2) c: now(by: 3) d: late(by: 4) e: now(by: 5) f: now(by: 6) }}"
        )
        found = await engine(schema, text, {})
        assert found.data == {key: by for by, key in enumerate("abcdef", start=1)}
        assert done == [1, 2, 3, 4, 5, 6]


async def test_the_largest_new_document_stalls_nobody() -> None:
    """Some 4,000 fields in 400 selections, each with a batch function, each planned for the first time."""

    async def late(parents: list[Any], _context: Any) -> list[Any]:
        return list(parents)

    columns = [f"c{n}" for n in range(10)]
    sdl = (
        f"type Query {{ {' '.join(f'{name}: Int' for name in columns)} {' '.join(f'l{n}: Query' for n in range(6))} }}"
    )
    kinds = {f"Query.{name}": execution.Column(name) for name in columns} | {
        f"Query.l{n}": Batched(late) for n in range(6)
    }

    def below(depth: int) -> str:
        deeper = "".join(f" l{n} {{ {below(depth - 1)} }}" for n in range(6)) if depth else ""
        return " ".join(columns) + deeper

    schema, document, root = schema_of(sdl, kinds=kinds), parse(f"{{ {below(3)} }}"), dict.fromkeys(columns, 1)
    gc.collect()
    gc.disable()
    try:
        async with Others() as others:
            result: Any = execute(schema, document, root, executor_class=BreadthFirstExecutor)
            found = await result
    finally:
        gc.enable()
    assert found.errors is None
    assert others.turns > 5
    assert others.longest < 0.05
