"""The deterministic loader sends the same statements whichever answer comes first."""

import asyncio

import pytest

from tests.db.loads import Loads, turns, warm
from tests.lockstep import LockstepLoader


@pytest.fixture
async def lockstep(loads: Loads) -> Loads:
    watched = Loads(loads.api, readers=2, loader=LockstepLoader)
    await warm(watched)
    return watched


@pytest.mark.parametrize("slow", ["users", "blocks"])
async def test_branches_meet_whichever_is_the_slower(lockstep: Loads, slow: str) -> None:
    async def branch(query: str, key: int) -> None:
        await lockstep.ask(query, [key])
        await lockstep.ask("sound_by_id", [key])

    async with lockstep.held(slow):
        asked = asyncio.gather(branch("user_by_id", 1), branch("hidden_by_user", 2))
        await lockstep.busy()
        await asyncio.sleep(0.01)
    await asked
    assert sorted(lockstep.sent) == [("hidden_by_user", [2]), ("sound_by_id", [1, 2]), ("user_by_id", [1])]
    await lockstep.close()


async def test_what_is_asked_some_turns_later_goes_out_with_the_rest(lockstep: Loads) -> None:
    async def later(number: int) -> None:
        await turns(number)
        await lockstep.ask("user_by_id", [number])

    await asyncio.gather(*map(later, (1, 5, 15)))
    assert lockstep.sent == [("user_by_id", [1, 5, 15])]
    await lockstep.close()


async def test_what_is_asked_while_statements_run_goes_out_after_them(lockstep: Loads) -> None:
    async with lockstep.held():
        first = lockstep.ask("user_by_id", [1])
        await lockstep.busy()
        others = [lockstep.ask("user_by_id", [2]), lockstep.ask("sound_by_id", [1])]
        await turns(50)
        assert lockstep.sent == [("user_by_id", [1])]
    assert [row["id"] for (row,) in await asyncio.gather(first, *others)] == [1, 2, 1]
    await lockstep.close()


async def test_more_queries_than_connections_and_more_keys_than_a_statement_takes(lockstep: Loads) -> None:
    queries = ("user_by_id", "sound_by_id", "hidden_by_user", "track_by_id")
    answers = await asyncio.gather(*(lockstep.ask(query, range(1, 2_002)) for query in queries))
    assert [len(answer) for answer in answers] == [2_001] * 4
    assert sorted(len(keys) for _, keys in lockstep.sent) == [1] * 4 + [1_000] * 8
    await lockstep.close()
