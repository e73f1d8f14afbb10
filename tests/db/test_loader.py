"""What shares a statement with what, when it goes out, and how much may wait."""

import asyncio
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

import db.loader
from db.errors import TooManyLoads
from db.loader import MOST_TURNS
from db.queries import Query, Slice
from resolvers.context import Context
from schema import build_schema
from server.graphql_http import GraphQLHttp
from server.operation import Operations
from tests.ask import Api
from tests.db.loads import Loads, context, turns, warm
from tests.gathering import ANA, LOU, MIRA, RAIN, arrange
from tests.server.door import tokens

WHO = ContextVar("WHO", default="nobody")
GATED = Query(
    "gated_user",
    "one_per",
    "/* gated_user */ with gate as materialized (select pg_advisory_xact_lock_shared(7))"
    " select id, display_name from users, gate where id = any($1::bigint[])",
    keys=("id",),
)


async def test_an_idle_load_goes_out_with_the_next_turn_of_the_loop(loads: Loads) -> None:
    first = loads.ask("user_by_id", [1, 2])
    second = loads.ask("user_by_id", [2, 3])
    assert loads.sent == []
    for _ in range(2):
        await asyncio.sleep(0)
    assert loads.sent == [("user_by_id", [1, 2, 3])]
    assert [row["handle"] for row in await first] == ["user1", "user2"]
    assert [row["handle"] for row in await second] == ["user2", "user3"]


async def test_a_batch_waits_as_long_as_each_turn_brings_more_keys_but_not_for_ever(loads: Loads) -> None:
    asked = []
    for key in range(1, 4 * MOST_TURNS + 1):
        asked.append(loads.ask("user_by_id", [key]))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    together = loads.keys("user_by_id")
    assert MOST_TURNS <= len(together[0]) <= MOST_TURNS + 2
    assert sum(map(len, together)) == 4 * MOST_TURNS


async def test_all_who_ask_in_one_tick_share_its_statement(loads: Loads) -> None:
    async def ask(key: int) -> Any:
        (row,) = await loads.ask("user_by_id", [key])
        return row["id"]

    assert await asyncio.gather(*map(ask, (3, 1, 2, 1))) == [3, 1, 2, 1]
    assert loads.sent == [("user_by_id", [3, 1, 2])]


async def test_what_is_asked_while_its_statements_run_joins_the_next_batch(loads: Loads) -> None:
    roomy = Loads(loads.api, readers=4)
    await warm(roomy)
    async with roomy.held():
        asked = await roomy.occupied()
        for key in (3, 4, 5):
            asked.append(roomy.ask("user_by_id", [key]))
            await turns()
        assert [row["title"] for row in await roomy.ask("sound_by_id", [1])] == ["Sound 1"]
    assert [row["id"] for (row,) in await asyncio.gather(*asked)] == [1, 2, 3, 4, 5]
    assert roomy.keys("user_by_id") == [[1], [2], [3, 4, 5]]
    await roomy.close()


async def test_what_is_asked_while_all_connections_are_lent_joins_the_batch_that_waits_for_one(loads: Loads) -> None:
    async with loads.held():
        users = await loads.occupied()
        sounds = []
        for key in (1, 2, 3):
            sounds.append(loads.ask("sound_by_id", [key]))
            await turns()
    assert [row["id"] for (row,) in await asyncio.gather(*sounds)] == [1, 2, 3]
    assert loads.keys("sound_by_id") == [[1, 2, 3]]
    await asyncio.gather(*users)


async def test_a_load_reads_what_was_committed_before_it_was_asked(loads: Loads) -> None:
    async with loads.api.database.transaction() as gate:
        await gate.connection.execute("select pg_advisory_xact_lock(7)")
        early = loads.ask(GATED, [1])
        await loads.busy(1)  # it was sent, and sees the table as it is now
        await loads.api.sql("update users set display_name = 'Ada' where id = 1")
        late = loads.ask(GATED, [1])
        await loads.busy(2)
        await loads.api.sql("update users set display_name = 'Ada Lovelace' where id = 1")
        waiting = loads.ask(GATED, [1])
        await turns()
        await loads.api.sql("update users set display_name = 'Countess' where id = 1")
        latest = loads.ask(GATED, [1])
    answers = await asyncio.gather(early, late, waiting, latest)
    assert [row["display_name"] for (row,) in answers] == ["User 1", "Ada", "Countess", "Countess"]
    assert loads.keys("gated_user") == [[1], [1], [1]]


async def test_a_thousand_requests_for_one_user_are_one_row_asked_once(loads: Loads) -> None:
    operations = Operations(build_schema())
    operation = await operations.find('{ user(by: {id: "user_7"}) { handle } }', None)
    answers = await asyncio.gather(*(operations.answer(operation, None, context(loads)) for _ in range(1_000)))
    assert all(answer == {"data": {"user": {"handle": "user7"}}} for answer in answers)
    assert loads.sent == [("active_user_by_id", [7])]


async def test_viewers_who_hide_different_people_share_the_statement_of_a_list(api: Api) -> None:
    await arrange(api)
    loads = Loads(api, readers=2)
    await warm(loads)
    operations = Operations(build_schema())
    query = '{ sound(id: "sound_1") { community { videos(sort: RECENT, first: 3) { edges { node { creator { handle } } } } } } }'
    operation = await operations.find(query, None)
    asked = [context(loads, viewer=viewer) for viewer in (None, MIRA, ANA, LOU)]
    answers = await asyncio.gather(*(operations.answer(operation, None, ctx) for ctx in asked))
    shown = [answer["data"]["sound"]["community"]["videos"]["edges"] for answer in answers]
    assert {len(edges) for edges in shown} == {3}
    assert len({str(edges) for edges in shown}) > 1
    assert loads.keys("videos_by_sound") == [[RAIN]]
    assert loads.keys("hidden_by_user") == [[MIRA, ANA, LOU]]
    await loads.close()


async def test_only_loads_of_the_same_arguments_share_a_statement(loads: Loads) -> None:
    slices = [Slice(limit, descending=True) for limit in (5, 5, 6)]
    asked = [loads.database.videos_by_sound([number], part) for number, part in enumerate(slices, start=1)]
    assert await asyncio.gather(*asked) == [[[]], [[]], [[]]]
    assert sorted(loads.keys("videos_by_sound")) == [[1, 2], [3]]


async def test_a_load_without_a_key_is_there_at_once(loads: Loads) -> None:
    rows, lists = loads.ask("user_by_id", [None, None]), loads.ask("hidden_by_user", [None])
    assert rows.done() and rows.result() == [None, None]
    assert lists.done() and lists.result() == [[]]
    assert await loads.ask("user_by_id", [None, 1, 99, 1]) == [
        None,
        (one := await loads.ask("user_by_id", [1]))[0],
        None,
        one[0],
    ]
    assert loads.keys("user_by_id") == [[1, 99], [1]]


async def test_a_statement_takes_a_thousand_keys_at_most(loads: Loads) -> None:
    many = loads.ask("user_by_id", [*range(1, 16), *range(100, 2_570), *range(16, 31)])
    few = loads.ask("user_by_id", range(2_470, 2_670))
    assert [row and row["id"] for row in await many] == [*range(1, 16), *[None] * 2_470, *range(16, 31)]
    assert await few == [None] * 200
    assert [len(keys) for keys in loads.keys("user_by_id")] == [1_000, 1_000, 600]


async def test_the_pages_of_one_statement_hold_a_bounded_number_of_rows(loads: Loads) -> None:
    asked = loads.database.videos_by_sound(range(1, 301), Slice(105, descending=True))
    assert await asked == [[]] * 300
    assert [len(keys) for keys in loads.keys("videos_by_sound")] == [
        db.loader.MOST_ROWS // 105,
        300 - db.loader.MOST_ROWS // 105,
    ]


@pytest.mark.parametrize(("bound", "most"), [("MOST_WAITING", 5), ("MOST_BATCHES", 2)])
async def test_beyond_what_may_wait_a_load_is_refused(
    loads: Loads, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(db.loader, bound, most)
    async with loads.held():
        asked = await loads.occupied()
        asked += [loads.ask("sound_by_id", [1, 2]), loads.ask("user_id_by_handle", ["user1"])]
        with pytest.raises(TooManyLoads):
            loads.ask("sound_by_id", [3])
    await asyncio.gather(*asked)
    assert (await loads.ask("sound_by_id", [3]))[0]["title"] == "Sound 3"


async def test_of_a_key_that_many_ask_for_each_load_counts_among_those_that_wait(
    loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.loader, "MOST_WAITING", 100)
    async with loads.held():
        asked = await loads.occupied()
        asked += [loads.ask("sound_by_id", [1]) for _ in range(99)]
        with pytest.raises(TooManyLoads):
            loads.ask("sound_by_id", [1])
    await asyncio.gather(*asked)


async def test_a_refused_load_reaches_the_client_as_unavailable(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    async def new_context(*_: object) -> Context:
        return context(loads)

    door = GraphQLHttp(Operations(build_schema()), tokens(), new_context)
    monkeypatch.setattr(db.loader, "MOST_WAITING", 0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door)) as client:
        response = await client.post(
            "http://chorus/graphql",
            json={"query": '{ user(by: {id: "user_1"}) { handle } sound(id: "sound_1") { title } }'},
            headers={"accept": "application/graphql-response+json"},
        )
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["UNAVAILABLE"] * 2
    assert response.json()["errors"][0]["message"] == str(TooManyLoads())


async def test_the_loader_works_in_no_request_s_context(loads: Loads) -> None:
    seen = []
    send = loads.loader._send

    async def sent(*args: Any) -> list[Any]:
        seen.append(WHO.get())
        return await send(*args)

    loads.loader._send = sent
    WHO.set("somebody")
    await loads.ask("user_by_id", [1])
    assert seen == ["nobody"]
