"""However an operation ends, cancelled at any moment, twice, out of time: it leaves no task, no future, no coroutine."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from graphql import execute, parse

from execution import Batched, BreadthFirstExecutor
from tests.execution.leavings import CHANGES, SDL, TEXT, End, begin, everything, ticks
from tests.execution.small import engine, schema_of
from tests.until import PATIENCE

pytestmark = pytest.mark.usefixtures("nothing_left")


async def test_what_ends_well_leaves_nothing() -> None:
    result = await begin(everything())
    assert result.data is not None
    assert {error.message for error in result.errors or ()} == {"returned"}


@pytest.mark.parametrize("text", [TEXT, CHANGES])
async def test_cancelled_at_any_moment_it_leaves_nothing(text: str) -> None:
    schema = everything()
    moments = 0
    while True:
        task = begin(schema, text)
        await ticks(1 + moments)
        if task.done():
            break
        before = asyncio.all_tasks() - {task}
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() <= before
        moments += 1
    assert moments > 20


async def test_cancelled_before_it_began_it_leaves_nothing_but_what_was_never_begun() -> None:
    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await execute(everything(), parse(TEXT), executor_class=BreadthFirstExecutor)  # type: ignore[misc]

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(main())


class Slow:
    """A batch function that takes its time to end when it is cancelled."""

    def __init__(self, ticks: int = 5, error: BaseException | None = None) -> None:
        self.ticks = ticks
        self.error = error
        self.running = 0
        self.ended = 0
        self.begun: Callable[[], None] = lambda: None

    async def __call__(self, parents: list[Any], _context: Any) -> list[Any]:
        self.running += 1
        self.begun()
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            for _ in range(self.ticks):
                await asyncio.sleep(0)
            self.ended += 1
            if self.error is not None:
                raise self.error
        return parents


async def test_it_ends_only_when_all_that_it_began_has_ended() -> None:
    slow = Slow()
    task = begin(
        schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow), "A.fail": Batched(slow)}),
        "{ one { name fail } }",
    )
    await ticks(3)
    assert slow.running == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended == 2


@pytest.mark.parametrize("times", [2, 3])
async def test_cancelled_again_while_it_ends_it_still_leaves_nothing(times: int) -> None:
    class Patient(Slow):
        async def __call__(self, parents: list[Any], _context: Any) -> list[Any]:
            self.running += 1
            try:
                await asyncio.sleep(PATIENCE)
            finally:
                for _ in range(times + 5):
                    try:
                        await asyncio.sleep(0)
                    except asyncio.CancelledError:
                        continue
                self.ended += 1
            return parents

    slow = Patient()
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    for _ in range(times):
        task.cancel()
        await ticks(1)
        assert not task.done()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.running == slow.ended == 1


async def test_a_second_cancellation_reaches_what_takes_too_long_to_end() -> None:
    slow = Slow(ticks=10_000)
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    task.cancel()
    await ticks(5)
    task.cancel()
    await ticks(5)
    assert task.cancelled()


@pytest.mark.parametrize("error", [ValueError("while it ended"), End("while it ended")])
async def test_an_exception_while_it_ends_is_not_missed(error: BaseException) -> None:
    slow = Slow(error=error)
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended == 1


async def test_out_of_time_it_leaves_nothing() -> None:
    slow = Slow()
    schema = schema_of(
        SDL,
        {"Query.one": lambda *_: {}},
        {"A.name": Batched(slow), "A.fail": Batched(lambda *_: asyncio.get_running_loop().create_future())},
    )
    limit = asyncio.timeout(None)
    slow.begun = lambda: limit.reschedule(asyncio.get_running_loop().time())
    with pytest.raises(TimeoutError):
        async with limit:
            await engine(schema, "{ one { name fail } }")
    assert slow.ended == 1
    slow.begun = lambda: None
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine(schema, "{ one { name fail } }"), 0.5)
    assert slow.ended == 2


async def test_closed_it_cancels_what_it_began() -> None:
    slow = Slow(ticks=0)
    result: Any = execute(
        schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}),
        parse("{ one { name } }"),
        executor_class=BreadthFirstExecutor,
    )
    result.send(None)
    await ticks(2)
    assert slow.running == 1
    result.close()
    await ticks(3)
    assert slow.ended == 1
