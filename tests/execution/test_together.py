"""Several requests answered as one are answered as each of them alone."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    parse,
)
from graphql.pyutils import Path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import execution.plan
from execution import KIND, Apart, Batched, BreadthFirstExecutor, Column
from execution.level import Level
from execution.plan import Field
from execution.run import Run
from tests.execution.documents import Draw, examples
from tests.execution.sameness import same
from tests.execution.test_torture import DECLARED, PLAIN, VALUES, answer, swept
from tests.execution.torture import One

__all__ = ["swept"]


def built(schema: GraphQLSchema, text: str, variables: Any = None, *, root: Any = None, context: Any = None) -> Any:
    executor = BreadthFirstExecutor.build(
        schema, parse(text), root_value=root, context_value=context, raw_variable_values=variables
    )
    assert isinstance(executor, BreadthFirstExecutor)
    return executor


async def together(executors: list[Any], context: Any = None) -> list[ExecutionResult]:
    results = executors[0].in_context(context).execute_together(executors)
    return results if isinstance(results, list) else await results


def told(run: Run, _: Level, field: Field, __: int) -> Any:
    """An `info` for several requests: here nobody looks at what differs between them, so that nobody need be answered apart."""
    return run.executor.build_resolve_info(
        field.definition, field.nodes, field.parent_type, Path(None, field.key, None)
    )


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("waits", [False, True], ids=["in turn", "awaited"])
@settings(
    deadline=None,
    max_examples=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False), seed=st.integers(0, 2**32), pays=st.sampled_from([0, 100]))
def test_under_torture_each_has_the_answer_that_graphql_core_gives_him(
    waits: bool, random: Random, seed: int, pays: int
) -> None:
    execution.plan.PAYS = pays
    drawn = Draw(DECLARED, random, VALUES).operation("query")
    roots = [One("Query", "root", seed + number, waits) for number in range(3)]

    async def both() -> tuple[list[ExecutionResult], list[ExecutionResult]]:
        alone = [await answer(PLAIN, None, drawn.text, drawn.variables, root) for root in roots]
        asked = [built(DECLARED, drawn.text, drawn.variables, root=root) for root in roots]
        return alone, await together(asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "info", told)
        expected, found = asyncio.run(both())
    for one, other in zip(expected, found, strict=True):
        same(one, other, in_turn=not waits)


Named = Callable[..., Any]


def schema(root: Named, below: Named) -> GraphQLSchema:
    """`one(id:)` with a title and what is `below` it, both batched."""

    def batched(type_: Any, function: Named, **args: GraphQLArgument) -> GraphQLField:
        return GraphQLField(type_, args, extensions={KIND: Batched(function)})

    title = GraphQLField(GraphQLNonNull(GraphQLString), extensions={KIND: Column("title")})
    resolved = GraphQLField(GraphQLString, resolve=lambda *_: "by itself")
    inner = batched(GraphQLNonNull(GraphQLInt), below)
    one = GraphQLObjectType("One", {"title": title, "below": inner, "resolved": resolved})
    return GraphQLSchema(
        GraphQLObjectType("Query", {"one": batched(one, root, id=GraphQLArgument(GraphQLNonNull(GraphQLInt)))})
    )


def found(_: list[Any], who: str, id: int) -> list[Any]:
    return [{"id": id, "title": f"{id} for {who}"}]


TEXT = "query ($id: Int!) { one(id: $id) { title below } }"


async def test_the_root_is_answered_for_each_and_what_is_below_once_for_all() -> None:
    calls = []

    async def later(parents: list[Any], who: str, id: int) -> list[Any]:
        await asyncio.sleep(0)
        return found(parents, who, id)

    def below(parents: list[Any], who: str) -> list[Any]:
        calls.append((who, [one["id"] for one in parents]))
        return [one["id"] * 10 for one in parents]

    own = schema(later, below)
    asked = [built(own, TEXT, {"id": number}, context=f"caller {number}") for number in (3, 1, 2)]
    answers = await together(asked, "all")
    assert [one.data for one in answers] == [
        {"one": {"title": f"{number} for caller {number}", "below": number * 10}} for number in (3, 1, 2)
    ]
    assert calls == [("all", [3, 1, 2])]


async def test_an_error_is_that_of_one_and_its_path_is_as_if_he_were_alone() -> None:
    def below(parents: list[Any], _: str) -> list[Any]:
        return [ValueError("odd") if one["id"] % 2 else one["id"] for one in parents]

    own = schema(found, below)
    answers = await together([built(own, TEXT, {"id": number}) for number in (1, 2, 3)])
    assert [one.data for one in answers] == [{"one": None}, {"one": {"title": "2 for None", "below": 2}}, {"one": None}]
    assert [[(error.message, error.path) for error in one.errors or ()] for one in answers] == [
        [("odd", ["one", "below"])],
        [],
        [("odd", ["one", "below"])],
    ]


async def test_what_fails_at_the_root_of_one_leaves_the_others() -> None:
    def root(parents: list[Any], who: str, id: int) -> list[Any]:
        if id == 1:
            raise ValueError("not this one")
        return found(parents, who, id)

    own = schema(root, lambda parents, _: [one["id"] for one in parents])
    first, second = await together([built(own, TEXT, {"id": number}) for number in (1, 2)])
    assert (first.data, second.data) == ({"one": None}, {"one": {"title": "2 for None", "below": 2}})
    assert [(error.message, error.path) for error in first.errors or ()] == [("not this one", ["one"])]
    assert second.errors is None


async def test_a_field_that_asks_for_its_info_is_answered_apart() -> None:
    own = schema(found, lambda parents, _: [1 for _ in parents])
    with pytest.raises(Apart):
        await together([built(own, "{ one(id: 1) { resolved } }") for _ in range(2)])


@pytest.mark.usefixtures("nothing_left")
async def test_who_cancels_all_leaves_nothing_behind() -> None:
    begun = asyncio.Event()

    async def never(parents: list[Any], who: str, id: int) -> list[Any]:
        begun.set()
        await asyncio.Event().wait()
        return found(parents, who, id)

    own = schema(never, lambda parents, _: [1 for _ in parents])
    async with asyncio.timeout(30):
        running = {asyncio.create_task(together([built(own, TEXT, {"id": 1}) for _ in range(3)]))}
        await begun.wait()
        for one in running:
            one.cancel()
        done, _ = await asyncio.wait(running)
    assert [one.cancelled() for one in done] == [True]
