"""A request leaves nothing behind that only the collector would find, however it ends."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from db.database import Database
from db.errors import DatabaseUnavailable
from db.loader import LastCall
from db.queries import Query
from resolvers.context import Context
from resolvers.sharing import beside, mark, observed, standing
from schema import build_schema
from server.errors import TimedOut
from server.operation import Operations
from server.sharing import Sharing
from tests.ask import Api
from tests.collector import without_the_collector
from tests.gathering import MIRA, arrange
from tests.test_golden import NAMES, Golden, read

TIMES = 20
SEVERAL = ("sound_page", "playlist_page")
SHARING = Sharing(observed, mark, beside, standing)
Answer = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # A kept log record keeps its exception.
    caplog.set_level(logging.CRITICAL, "chorus.server")


@pytest.fixture
async def fresh(world: Api) -> AsyncIterator[Api]:
    """The world behind the loader of production."""
    database = Database(world.database.dsn)
    yield Api(database, world.now)
    await database.close()


async def asking(api: Api, golden: Golden, operations: Operations | None = None, **options: Any) -> Answer:
    """A function that answers the query as an endpoint would."""
    operations = operations or Operations(build_schema(), **options)
    operation = await operations.find(golden.text, None)

    async def answer() -> Any:
        ctx = Context(db=api.database, cursors=api.cursors, now=api.now, viewer=golden.viewer, subject="somebody")
        return await operations.answer(operation, golden.variables, ctx)

    return answer


async def leaves_nothing(answer: Answer) -> None:
    for _ in range(3):  # what is learned once is kept
        await answer()
    with without_the_collector() as found:
        for _ in range(TIMES):
            await answer()
        await asyncio.sleep(0.01)
    assert not found


@pytest.mark.parametrize("name", NAMES)
async def test_an_answer_leaves_nothing(fresh: Api, name: str) -> None:
    answer = await asking(fresh, await read(fresh, name))
    assert "errors" not in await answer()
    await leaves_nothing(answer)


async def test_a_document_that_is_dropped_leaves_nothing(fresh: Api) -> None:
    operations = Operations(build_schema())
    for name in NAMES:
        await (await asking(fresh, await read(fresh, name), operations=operations))()
    gc.collect()  # what validation left
    with without_the_collector() as found:
        operations._executor.plans._kept.clear()  # type: ignore[attr-defined]
        operations._documents._kept.clear()
    assert not found


async def test_requests_leave_no_memory(world: Api) -> None:
    database = Database(world.database.dsn, readers=1)  # another would prepare its statements when it is first lent
    api, operations = Api(database, world.now), Operations(build_schema(), sharing=SHARING)
    answers = [await asking(api, await read(api, name), operations=operations) for name in SEVERAL]

    async def blocks() -> int:
        for _ in range(TIMES):
            for answer in answers:
                await answer()
        gc.collect()
        return sys.getallocatedblocks()

    sizes = [await blocks() for _ in range(8)]  # at first Python itself keeps some for later
    await database.close()
    assert min(after - before for before, after in pairwise(sizes)) < TIMES * len(answers)  # one a request


@pytest.mark.parametrize("gone", [0, 2, 6])
async def test_those_who_are_answered_as_one_leave_nothing(fresh: Api, gone: int) -> None:
    operations = Operations(build_schema(), sharing=SHARING)
    whole = await asking(fresh, await read(fresh, "sound_page"), operations=operations)

    async def answer() -> None:
        for turns in range(3):
            tasks = [asyncio.ensure_future(whole()) for _ in range(6)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks[:gone]:
                task.cancel()
            await asyncio.wait(tasks)

    await leaves_nothing(answer)
    assert operations._coalescer is not None
    assert not operations._coalescer._lines


async def test_a_fault_leaves_nothing(fresh: Api) -> None:
    text = """{ node(id: "nothing") { id } sound(id: "track_1") { id } nodes(ids: ["sound_1", "x"]) { id }
      a: sound(id: "sound_1") { community { videos(after: "x") { edges { cursor } } } }
      b: sound(id: "sound_1") { community { videos(first: 1000) { edges { cursor } } } } }"""
    answer = await asking(fresh, Golden(text, None, {}))
    assert len((await answer())["errors"]) == 5
    await leaves_nothing(answer)


@pytest.mark.parametrize("lost", ["sound_by_id", "active_user_by_id", "videos_by_sound"])
async def test_a_database_that_is_away_leaves_nothing(fresh: Api, lost: str) -> None:
    send = fresh.database._loader._send

    async def away(query: Query, last_call: LastCall) -> Any:
        if query.name == lost:
            raise DatabaseUnavailable
        return await send(query, last_call)

    fresh.database._loader._send = away
    answer = await asking(fresh, await read(fresh, "sound_page"))
    assert "errors" in await answer()
    await leaves_nothing(answer)


@pytest.mark.parametrize("sharing", [None, SHARING], ids=["alone", "as one"])
async def test_who_has_no_time_left_leaves_nothing(fresh: Api, sharing: Sharing | None) -> None:
    golden = await read(fresh, "sound_page")
    operations = Operations(build_schema(), sharing=sharing)
    await (await asking(fresh, golden, operations=operations))()
    operations._time_limit = 0.0005
    late = await asking(fresh, golden, operations=operations)

    async def one() -> None:
        try:
            await late()
        except TimedOut:
            return
        pytest.fail("it was in time")

    async def answer() -> None:
        await asyncio.gather(*(one() for _ in range(6)))

    await leaves_nothing(answer)


async def test_who_is_cancelled_leaves_nothing(fresh: Api) -> None:
    whole = await asking(fresh, await read(fresh, "sound_page"))

    async def answer() -> None:
        for turns in range(12):
            task = asyncio.ensure_future(whole())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

    await leaves_nothing(answer)


async def test_a_mutation_leaves_nothing(api: Api) -> None:
    await arrange(api)
    text = """mutation { postVideo(input: {soundId: "sound_1", caption: "again", durationMs: 1000}) {
      __typename ... on PostVideoPayload { video { id creator { handle } } community { sound { title } } } } }"""
    answer = await asking(api, Golden(text, MIRA, {}))
    assert (await answer())["data"]["postVideo"]["__typename"] == "PostVideoPayload"
    await leaves_nothing(answer)
