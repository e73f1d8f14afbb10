"""Queries that ask the same at the same time are executed as one, and each caller has the answer that he would have alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

import server.sharing
from db.database import Database
from db.errors import DatabaseUnavailable
from db.loader import LastCall
from db.queries import Query
from execution import BreadthFirstExecutor
from resolvers.context import Context
from resolvers.sharing import Depends, beside, mark, observed, standing
from schema import build_schema
from server.errors import TimedOut
from server.operation import Operations, written
from server.sharing import Sharing
from tests.ask import Api
from tests.collector import without_the_collector
from tests.test_golden import NAMES, Golden, read, rounded

SHARING = Sharing(observed, mark, beside, standing)
PAGE = """query ($id: ID!) { sound(id: $id) { id title creator { id handle } community { videos(first: 5) {
  edges { node { id creator { handle } } } pageInfo { endCursor } } } } }"""
MINE = """query ($id: ID!) { sound(id: $id) { id viewerHasSaved } viewer { user { id handle } } }"""

PAGES = {"videos_by_sound", "videos_top_by_sound"}

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def fresh(world: Api) -> AsyncIterator[Api]:
    """The world behind the loader of production."""
    database = Database(world.database.dsn)
    yield Api(database, world.now)
    await database.close()


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests each execution of several had."""
    seen: list[int] = []
    execute = BreadthFirstExecutor.execute_together

    def counted(self: BreadthFirstExecutor, several: Any) -> Any:
        seen.append(len(several))
        return execute(self, several)

    monkeypatch.setattr(BreadthFirstExecutor, "execute_together", counted)
    return seen


async def callers(api: Api, number: int = 4) -> list[str | None]:
    """The subjects of people, some of whom blocked others, and of nobody."""
    rows = await api.sql(
        "select i.subject from identities i left join (select distinct user_id from blocks) b using (user_id) "
        "order by b.user_id is null, i.user_id limit $1",
        number,
    )
    return [row["subject"] for row in rows] + [None]


async def asking(api: Api, text: str, sharing: Sharing | None = SHARING, **options: Any) -> Ask:
    """A function that answers this query as an endpoint would, to the bearer of a subject."""
    operations = Operations(build_schema("breadth-first"), sharing=sharing, **options)
    operation = await operations.find(text, None)

    async def ask(subject: str | None = None, **variables: Any) -> Any:
        ctx = Context(db=api.database, cursors=api.cursors, now=api.now)
        if subject is not None:
            await ctx.sign_in(subject)
        return orjson.loads(written(await operations.answer(operation, variables, ctx)))

    return ask


async def sounds(api: Api, number: int) -> list[str]:
    rows = await api.sql("select id from sounds where status = 'ACTIVE' order by video_count desc, id limit $1", number)
    return [f"sound_{row['id']}" for row in rows]


@pytest.mark.parametrize("name", NAMES)
async def test_the_golden_queries_have_the_same_answers_when_many_ask_at_once(fresh: Api, name: str) -> None:
    golden: Golden = await read(fresh, name)
    people = await callers(fresh, 2)
    if golden.viewer is not None:
        rows = await fresh.sql("select subject from identities where user_id = $1", golden.viewer)
        people += [row["subject"] for row in rows]
    alone, together = await asking(fresh, golden.text, None), await asking(fresh, golden.text)
    expected = {subject: await alone(subject, **golden.variables) for subject in people}
    crowd = people * 4
    answers = await asyncio.gather(*(together(subject, **golden.variables) for subject in crowd))
    for subject, answer in zip(crowd, answers, strict=True):
        assert rounded(answer) == rounded(expected[subject])


async def test_those_who_ask_the_same_of_different_sounds_are_answered_as_one(fresh: Api, sizes: list[int]) -> None:
    ids = await sounds(fresh, 20)
    alone, together = await asking(fresh, PAGE, None), await asking(fresh, PAGE)
    await together(id=ids[0])
    expected = [await alone(id=one) for one in ids]
    assert len({str(one) for one in expected}) == 20
    assert await asyncio.gather(*(together(id=one) for one in ids)) == expected
    assert sizes == [20]


async def test_no_more_wait_for_each_other_than_one_execution_may_build(
    fresh: Api, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await sounds(fresh, 20)
    ask = await asking(fresh, PAGE)
    await ask(id=ids[0])
    monkeypatch.setattr(server.sharing, "MOST_OBJECTS", 60)  # a page has twelve to fifteen
    await asyncio.gather(*(ask(id=one) for one in ids))
    assert max(sizes) <= 5
    assert sum(sizes) == 20


async def test_what_depends_on_the_caller_is_his(fresh: Api, sizes: list[int]) -> None:
    (sound,) = await sounds(fresh, 1)
    people = await callers(fresh, 5)
    alone, together = await asking(fresh, MINE, None), await asking(fresh, MINE)
    expected = {subject: await alone(subject, id=sound) for subject in people}
    assert len({str(one) for one in expected.values()}) == len(people)
    for _ in range(2):  # the first time nobody knows yet on what of him the answer depends
        crowd = people * 5
        for subject, answer in zip(
            crowd, await asyncio.gather(*(together(subject, id=sound) for subject in crowd)), strict=True
        ):
            assert answer == expected[subject]
    assert max(sizes) > 1


def test_who_has_no_profile_shares_nothing_of_his_with_who_is_not_signed_in(world: Api) -> None:
    nobody, newcomer = (
        Context(db=world.database, cursors=world.cursors, now=world.now, subject=one) for one in (None, "new")
    )
    assert standing(nobody, Depends.HIDDEN) == standing(newcomer, Depends.HIDDEN)
    assert standing(nobody, Depends.VIEWER) != standing(newcomer, Depends.VIEWER)
    assert mark(nobody, Depends.VIEWER) != mark(newcomer, Depends.VIEWER)


async def test_different_variables_below_the_root_are_different_questions(fresh: Api) -> None:
    text = """query ($id: ID!, $first: Int!, $more: Boolean!) { sound(id: $id) { id community { videos(first: $first) {
      edges { node { id } cursor @include(if: $more) } } } } }"""
    ids = await sounds(fresh, 8)
    asked = [{"id": one, "first": 1 + n % 3, "more": n % 2 == 0} for n, one in enumerate(ids * 3)]
    alone, together = await asking(fresh, text, None), await asking(fresh, text)
    expected = [await alone(**variables) for variables in asked]
    assert await asyncio.gather(*(together(**variables) for variables in asked)) == expected


async def test_what_is_wrong_with_one_is_told_to_him_alone(fresh: Api) -> None:
    ids = await sounds(fresh, 6)
    ids[3] = "sound_x"
    ask = await asking(fresh, PAGE)
    answers = await asyncio.gather(*(ask(id=one) for one in ids))
    assert [("errors" in one, one["data"]["sound"] is None) for one in answers] == [
        (index == 3, index == 3) for index in range(6)
    ]
    assert answers[3]["errors"][0]["path"] == ["sound"]


async def test_a_database_that_is_away_is_told_to_each(fresh: Api) -> None:
    ids = await sounds(fresh, 6)
    ask, send = await asking(fresh, PAGE), fresh.database._loader._send

    async def away(query: Query, last_call: LastCall) -> Any:
        if query.name in PAGES:
            raise DatabaseUnavailable
        return await send(query, last_call)

    fresh.database._loader._send = away
    answers = await asyncio.gather(*(ask(id=one) for one in ids))
    assert [[error["extensions"]["code"] for error in one["errors"]] for one in answers] == [["UNAVAILABLE"]] * 6


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  it is the state that counts, and nobody tells of it
            await asyncio.sleep(0.01)


@pytest.fixture
def stuck(fresh: Api) -> asyncio.Event:
    """Pages of videos are loaded only when it is set."""
    send, go_on = fresh.database._loader._send, asyncio.Event()

    async def late(query: Query, last_call: LastCall) -> Any:
        if query.name in PAGES:
            await go_on.wait()
        return await send(query, last_call)

    fresh.database._loader._send = late
    return go_on


async def stuck_in_pairs(ask: Ask, ids: list[str], sizes: list[int]) -> list[asyncio.Future[Any]]:
    """The askers of these, of whom two at a time are being answered."""
    asked: list[asyncio.Future[Any]] = []
    while len(asked) < len(ids):
        pairs = len(sizes) + 1
        asked += [asyncio.ensure_future(ask(id=one)) for one in ids[len(asked) :][:2]]
        while len(sizes) < pairs:  # noqa: ASYNC110  it is the state that counts
            await asyncio.sleep(0.01)
    return asked


async def test_who_goes_away_takes_nothing_from_the_others(fresh: Api, stuck: asyncio.Event) -> None:
    ids = await sounds(fresh, 8)
    alone, ask = await asking(fresh, PAGE, None), await asking(fresh, PAGE)
    asked = [asyncio.ensure_future(ask(id=one)) for one in ids]
    await asyncio.sleep(2 * server.sharing.PATIENCE)
    assert not any(one.done() for one in asked)
    for gone in (asked[0], asked[4]):
        gone.cancel()
    stuck.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for index, (one, answer) in enumerate(zip(ids, answers, strict=True)):
        if index in (0, 4):
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert answer == await alone(id=one)


async def test_an_execution_ends_when_all_have_gone(fresh: Api, stuck: asyncio.Event) -> None:
    ids = await sounds(fresh, 8)
    ask = await asking(fresh, PAGE)
    before = asyncio.all_tasks()
    asked = [asyncio.ensure_future(ask(id=one)) for one in ids]
    await asyncio.sleep(2 * server.sharing.PATIENCE)
    assert not any(one.done() for one in asked)
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)
    stuck.set()
    await until(lambda: asyncio.all_tasks() <= before)
    assert (await ask(id=ids[0]))["data"]["sound"]["id"] == ids[0]


async def test_who_goes_as_his_execution_begins_blocks_nobody(
    fresh: Api, stuck: asyncio.Event, sizes: list[int]
) -> None:
    ids = await sounds(fresh, 5)
    operations = Operations(build_schema("breadth-first"), sharing=SHARING)
    operation = await operations.find(PAGE, None)
    assert operations._coalescer is not None
    lines = operations._coalescer._lines

    async def ask(id: str) -> Any:
        ctx = Context(db=fresh.database, cursors=fresh.cursors, now=fresh.now)
        return await operations.answer(operation, {"id": id}, ctx)

    asked = await stuck_in_pairs(ask, ids[:4], sizes)
    late = asyncio.ensure_future(ask(id=ids[4]))
    (line,) = lines.values()
    await until(lambda: bool(line.waiting))
    late.cancel()
    line.waiting[0].begin()
    stuck.set()
    await asyncio.wait([*asked, late])
    assert late.cancelled()
    await until(lambda: not lines)


async def test_many_leave_nothing_to_the_collector(fresh: Api) -> None:
    ids = await sounds(fresh, 12)
    ask = await asking(fresh, PAGE)
    for _ in range(3):
        await asyncio.gather(*(ask(id=one) for one in ids))
    with without_the_collector() as found:
        for _ in range(5):
            await asyncio.gather(*(ask(id=one) for one in ids))
        await asyncio.sleep(0.01)
    assert not found


async def test_an_execution_that_takes_too_long_is_stopped_for_all(fresh: Api, stuck: asyncio.Event) -> None:
    ids = await sounds(fresh, 6)
    ask = await asking(fresh, PAGE, time_limit=0.3)
    before = asyncio.all_tasks()
    answers = await asyncio.gather(*(ask(id=one) for one in ids), return_exceptions=True)
    assert [type(one) for one in answers] == [TimedOut] * 6
    assert str(answers[5]) == "The operation took longer than 0.3 s and was stopped."
    stuck.set()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_nobody_waits_long_for_others_that_take_their_time(
    fresh: Api, stuck: asyncio.Event, sizes: list[int]
) -> None:
    ids = await sounds(fresh, 6)
    asked = await stuck_in_pairs(await asking(fresh, PAGE), ids, sizes)
    assert sizes == [2, 2, 2]
    assert not any(one.done() for one in asked)
    stuck.set()
    answers = await asyncio.gather(*asked)
    assert [one["data"]["sound"]["id"] for one in answers] == ids


async def test_a_context_whose_blocks_are_not_known_is_answered_alone(fresh: Api, sizes: list[int]) -> None:
    unknown = SHARING._replace(standing=lambda *_: None)
    ids = await sounds(fresh, 4)
    ask = await asking(fresh, PAGE, unknown)
    assert len(await asyncio.gather(*(ask(id=one) for one in ids))) == 4
    assert sizes == []
