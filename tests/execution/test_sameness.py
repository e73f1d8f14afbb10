"""The engine equals graphql-core's executor on Chorus's own schema: every golden query, and queries drawn at random."""

from random import Random
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from execution import BreadthFirstExecutor
from schema import build_schema
from tests.ask import Api
from tests.execution.documents import Draw, examples
from tests.execution.sameness import same
from tests.test_golden import NAMES, read

ARGUMENTS: dict[str, list[Any]] = {
    "first": [1, 2, 5, 0, 101],
    "last": [1, 3],
    "after": ["not a cursor"],
    "before": ["not a cursor"],
    "region": ["US", "BR", "ZZ"],
    "query": ["love", "tess mon", "#dance", ""],
    "name": ["dance", "no such name"],
    "handle": ["nobody", "9"],
    "isrc": ["QZES52400001"],
    "upc": ["196000000001"],
    "mbid": ["b9ad642e-b012-41c7-b72a-42cf4911f9ff"],
    "shareToken": ["nothing"],
    "from": ["2026-11-01T00:00:00Z"],
    "to": ["2026-11-20T00:00:00Z"],
}


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_answer_to_the_golden_queries(world: Api, name: str) -> None:
    golden = await read(world, name)
    handed_over = BreadthFirstExecutor.handed_over
    expected = await world.execute(golden.text, golden.variables, viewer=golden.viewer, executor="graphql-core")
    found = await world.execute(golden.text, golden.variables, viewer=golden.viewer, executor="breadth-first")
    same(expected, found, in_turn=False)
    assert BreadthFirstExecutor.handed_over == handed_over


@settings(max_examples=examples(60))
@given(random=st.randoms(use_true_random=False), viewer=st.sampled_from([None, 1, 2, 77]))
async def test_the_same_answer_to_any_query(world: Api, random: Random, viewer: int | None) -> None:
    schema = build_schema()._schema
    ids = [
        f"{kind}_{number}" for kind in ("sound", "user", "track", "artist", "playlist", "niche") for number in (1, 7)
    ]
    arguments = ARGUMENTS | {"id": [*ids, "nonsense"], "ids": ids, "niche": ["niche_1", "niche_2", "sound_1"]}
    drawn = Draw(schema, random, arguments, depth=4, width=4, budget=25).operation()
    assert not validate(schema, parse(drawn.text))
    expected = await world.execute(drawn.text, drawn.variables, viewer=viewer, executor="graphql-core")
    found = await world.execute(drawn.text, drawn.variables, viewer=viewer, executor="breadth-first")
    same(expected, found, in_turn=False)
