"""The engine equals graphql-core's executor on a schema made for torture."""

import asyncio
import gc
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

import execution.plan
import execution.run
from execution import BreadthFirstExecutor
from tests.execution.documents import Draw, examples
from tests.execution.sameness import same
from tests.execution.torture import One, torture

PLAIN, DECLARED = torture(declared=False), torture(declared=True)
VALUES: dict[str, list[Any]] = {"first": [1, 2, 3]}


async def answer(
    schema: GraphQLSchema, executor: Any, text: str, variables: dict[str, Any], root: One
) -> ExecutionResult:
    result = execute(schema, parse(text), root, None, variables, executor_class=executor)
    if isinstance(result, ExecutionResult):
        return result
    return await result


@pytest.fixture
def swept() -> Iterator[None]:
    """What is left behind is found in the test that left it, and at its end: Python cannot warn of it everywhere."""
    pays, turn = execution.plan.PAYS, execution.run.TURN
    gc.disable()
    yield
    gc.enable()
    execution.plan.PAYS, execution.run.TURN = pays, turn
    gc.collect()


# graphql-core leaves coroutines behind where an error ends a selection set; that the engine does not, test_leavings.py says.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("schema", [PLAIN, DECLARED], ids=["resolvers", "kinds"])
@pytest.mark.parametrize("kind", ["query", "mutation"])
@pytest.mark.parametrize("waits", [False, True], ids=["in turn", "awaited"])
@settings(max_examples=examples(14))
@given(
    random=st.randoms(use_true_random=False),
    seed=st.integers(0, 2**32),
    pays=st.sampled_from([0, 100]),
    turn=st.sampled_from([0.0, 0.01]),
)
def test_the_same_answer_under_torture(
    schema: GraphQLSchema, kind: str, waits: bool, random: Random, seed: int, pays: int, turn: float
) -> None:
    execution.plan.PAYS = pays  # compiled at once, or hardly ever
    execution.run.TURN = turn
    drawn = Draw(schema, random, VALUES).operation(kind)
    assert not validate(PLAIN, parse(drawn.text))
    root = One("Query", "root", seed, waits)
    handed_over = BreadthFirstExecutor.handed_over

    async def both() -> tuple[ExecutionResult, ExecutionResult]:
        return (
            await answer(PLAIN, None, drawn.text, drawn.variables, root),
            await answer(schema, BreadthFirstExecutor, drawn.text, drawn.variables, root),
        )

    expected, found = asyncio.run(both())
    same(expected, found, in_turn=not waits)
    assert BreadthFirstExecutor.handed_over == handed_over
