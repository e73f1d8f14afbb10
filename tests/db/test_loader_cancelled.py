"""Who is cancelled, or has no time left, takes nothing from the others and leaves nothing behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from schema import build_schema
from server.errors import TimedOut
from server.operation import Operations
from tests.db.loads import Loads, context, turns

DEADLINE = 0.05


async def one(loads: Loads, query: str, key: int) -> Any:
    (row,) = await loads.ask(query, [key])
    return row["id"]


async def given_up(*asked: "asyncio.Task[Any]") -> None:
    for task in asked:
        task.cancel()
    await asyncio.wait(asked)
    assert all(task.cancelled() for task in asked)


async def test_who_is_cancelled_takes_nothing_from_those_who_wait_for_the_same_statement(loads: Loads) -> None:
    async with loads.held():
        waiting = [asyncio.create_task(one(loads, "user_by_id", key)) for key in (1, 2, 2, 3)]
        await loads.busy()
        await given_up(waiting[0], waiting[1])
    assert await asyncio.gather(*waiting[2:]) == [2, 3]
    assert loads.sent == [("user_by_id", [1, 2, 3])]


async def test_who_is_cancelled_leaves_no_waiter(loads: Loads) -> None:
    async with loads.held():
        occupied = await loads.occupied()
        stays = asyncio.create_task(one(loads, "sound_by_id", 1))
        leaves = [asyncio.create_task(one(loads, "sound_by_id", 1)) for _ in range(100)]
        await turns()
        (batch,) = loads.loader._open.values()
        assert (len(batch.waiting), batch.wanted) == (101, 101)
        await given_up(*leaves)
        del leaves
        assert (len(batch.waiting), batch.wanted) == (1, 1)
    assert await stays == 1
    await asyncio.gather(*occupied)


async def test_a_batch_that_nobody_wants_any_more_is_not_sent(loads: Loads) -> None:
    async with loads.held():
        occupied = await loads.occupied()
        given = [asyncio.create_task(one(loads, "sound_by_id", key)) for key in (1, 2)]
        never_awaited = loads.ask("hidden_by_user", [1])
        line = [asyncio.create_task(one(loads, "user_by_id", key)) for key in (3, 4)]
        await turns()
        await given_up(*given, *line)
        del given, line, never_awaited
    await asyncio.gather(*occupied)
    assert loads.sent == [("user_by_id", [1]), ("user_by_id", [2])]


async def test_what_was_asked_and_is_not_awaited_yet_is_wanted(loads: Loads) -> None:
    asked = loads.ask("sound_by_id", [1])
    assert await one(loads, "user_by_id", 1) == 1
    assert [row["id"] for row in await asked] == [1]


async def test_one_of_two_who_wait_for_the_same_load_may_give_up(loads: Loads) -> None:
    async def wait() -> Any:
        return await asked

    async with loads.held():
        asked = loads.ask("user_by_id", [1])
        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        await loads.busy()
        await given_up(first)
        third = asyncio.create_task(wait())
    assert await second is await third


async def test_who_gave_up_may_wait_again(loads: Loads) -> None:
    async with loads.held():
        asked = loads.ask("user_by_id", [1])
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(DEADLINE):
                    await asked
    assert [row["id"] for row in await asked] == [1]


async def test_a_deadline_around_a_load_holds(loads: Loads) -> None:
    async with loads.held():
        patient = asyncio.create_task(one(loads, "user_by_id", 1))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                await loads.ask("user_by_id", [1])
        assert not patient.done()  # nor would the other be before the block ends
    assert await patient == 1


async def test_the_deadline_of_an_operation_holds(loads: Loads) -> None:
    schema = build_schema()
    operations, unhurried = Operations(schema, time_limit=DEADLINE), Operations(schema)
    sound = await operations.find('{ sound(id: "sound_1") { title creator { handle } } }', None)
    chart = await operations.find('{ nodes(ids: ["user_1", "sound_2"]) { id } sound(id: "sound_1") { id } }', None)
    async with loads.held():
        occupied = await loads.occupied()
        loads.sent.clear()
        for operation in (sound, chart):
            with pytest.raises(TimedOut):
                await operations.answer(operation, None, context(loads))
        assert not any(batch.wanted or batch.waiting for batch in loads.loader._open.values())
    await asyncio.gather(*occupied)
    assert loads.sent == []
    answer = await unhurried.answer(sound, None, context(loads))
    assert answer == {"data": {"sound": {"title": "Sound 1", "creator": {"handle": "user1"}}}}


async def test_a_request_that_is_cancelled_in_any_turn_takes_nothing_from_the_next(loads: Loads) -> None:
    operations = Operations(build_schema())
    query = '{ sound(id: "sound_1") { creator { handle } community { videos(first: 2) { edges { node { id } } } } } }'
    operation = await operations.find(query, None)

    def ask() -> Coroutine[Any, Any, Any]:
        return operations.answer(operation, None, context(loads))

    whole = await ask()
    for number in range(30):
        cancelled, other = asyncio.create_task(ask()), asyncio.create_task(ask())
        await turns(number)
        cancelled.cancel()
        assert await other == whole
        await asyncio.wait([cancelled])
    assert "errors" not in whole
