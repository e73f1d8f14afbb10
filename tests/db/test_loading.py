"""A load is awaited, gone on from and dropped, and what it held goes with it."""

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from db.batch import Batch, Pick
from db.loading import Loading, loaded, loading
from tests.collector import without_the_collector
from tests.db.loads import Loads, turns
from tests.db.test_loader_faults import WRONG


def ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


async def test_then_goes_on_from_the_answer_without_a_task(loads: Loads) -> None:
    called = []

    def counted(numbers: list[int]) -> int:
        called.append(numbers)
        return len(numbers)

    number = loads.ask("user_by_id", [1, 2]).then(ids).then(counted)
    assert not number.done()
    assert len(asyncio.all_tasks()) == 2  # this test and the loader's
    assert await number == 2
    assert number.done()
    assert number.result() == await number == 2
    assert called == [[1, 2]]


@pytest.mark.parametrize("slower", ["users", "sounds"])
async def test_joined_waits_for_both(loads: Loads, slower: str) -> None:
    async with loads.held(slower):
        users, sounds = loads.ask("user_by_id", [1]), loads.ask("sound_by_id", [2, 3])
        both = users.joined(sounds, lambda some, others: (ids(some), ids(others)))
        woken: list[Any] = []
        both.add_done_callback(woken.append)
        await (sounds if slower == "users" else users)
        assert not both.done()
        assert woken == []
    assert await both == ([1], [2, 3])
    assert woken == [both]


async def test_what_is_loaded_joins_without_a_wait(loads: Loads) -> None:
    assert loaded(7).done()
    assert await loaded(7).then(lambda seven: seven + 1) == 8
    assert await loads.ask("user_by_id", [4]).joined(loaded(7), lambda rows, seven: [*ids(rows), seven]) == [4, 7]


async def test_what_failed_is_raised_at_the_end_of_the_way(loads: Loads) -> None:
    good, failing = loads.ask("user_by_id", [1]), loads.ask(WRONG, [1])
    poisoned = loads.ask("sound_by_id", [1, 2**63])
    ways = (
        failing.then(len),
        good.joined(failing, lambda *_: None),
        failing.joined(good, lambda *_: None),
        poisoned.then(len),
        good.joined(poisoned, lambda *_: None),
        good.then(lambda rows: rows[0]["nothing"]),
    )
    for way in ways:
        with pytest.raises((asyncpg.UndefinedColumnError, asyncpg.DataError, KeyError)) as raised:
            await way
        assert type(way.exception()) is raised.type
    assert good.exception() is None
    assert isinstance(poisoned.result()[1], asyncpg.DataError)


async def test_only_a_load_is_gone_on_from_without_a_task(loads: Loads) -> None:
    asked = loads.ask("user_by_id", [1])
    assert loading(asked) is asked
    with pytest.raises(TypeError):
        loading(asyncio.get_running_loop().create_future())
    await asked


async def test_a_listener_that_is_removed_is_not_called(loads: Loads) -> None:
    asked = loads.ask("user_by_id", [1])
    called: list[str] = []

    def first(_: object) -> None:
        called.append("first")

    def second(_: object) -> None:
        called.append("second")

    asked.add_done_callback(first)
    asked.add_done_callback(second)
    asked.remove_done_callback(first)
    asked.remove_done_callback(first)
    await asked
    assert called == ["second"]


async def test_a_load_over_several_statements_is_there_with_the_last(loads: Loads) -> None:
    asked = loads.ask("user_by_id", range(1, 3_001))
    assert ids((await asked)[:30]) == list(range(1, 31))
    assert len(loads.sent) == 3


def alive() -> Counter[type]:
    return Counter(type(one) for one in gc.get_objects() if type(one) in (Batch, Pick, Loading))


async def test_an_answer_holds_neither_its_batch_nor_the_rows_of_others(loads: Loads) -> None:
    with without_the_collector():
        before = alive()
        mine, other = loads.ask("user_by_id", [1]), loads.ask("user_by_id", [2])
        longer = mine.then(ids)
        await longer
        await other
        del other
        await loads.quiet()
        assert alive() - before == {Loading: 2}


async def succeed(loads: Loads) -> None:
    users = loads.ask("user_by_id", [1, 2, None])
    await users.joined(loads.ask("hidden_by_user", [1]).then(len), lambda rows, _: rows)


async def fail(loads: Loads) -> None:
    asked: list[Loading[Any]] = [loads.ask(WRONG, [1]).then(len), loads.ask("user_by_id", [1, 2**63])]
    for one in asked:
        try:
            await one
        except (asyncpg.UndefinedColumnError, asyncpg.DataError):
            continue
        pytest.fail("it did not fail")


async def give_up(loads: Loads) -> None:
    task = asyncio.create_task(succeed(loads))
    await turns(2)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("one", [succeed, fail, give_up])
async def test_hundreds_of_loads_leave_nothing_behind(loads: Loads, one: Callable[[Loads], Awaitable[None]]) -> None:
    await one(loads)
    await loads.quiet()
    with without_the_collector() as found:
        before = alive()
        for _ in range(300):
            await one(loads)
        await loads.quiet()
        assert not alive() - before
    assert not found
