"""What goes wrong goes wrong for those alone who asked for it, and is over with it."""

import asyncio
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLField, GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, execute, parse

from db.database import Lent
from db.errors import DatabaseClosed, DatabaseUnavailable
from db.queries import Query
from execution import KIND, Batched, BreadthFirstExecutor, Column
from tests.db.loads import Loads, turns
from tests.until import PATIENCE, until

WRONG = Query("wrong", "one_per", "/* wrong */ select nothing from users where id = any($1::bigint[])", keys=("id",))
DIVIDES = Query(
    "divides", "one_per", "/* divides */ select id, 1 / (id - 7) as one from unnest($1::int[]) id", keys=("id",)
)
NAMELESS = Query(
    "nameless", "one_per", "/* nameless */ select id from users where id = any($1::bigint[])", keys=("missing",)
)
MIGRATED = Query(
    "migrated", "one_per", "/* migrated */ select id, number from migrated where id = any($1::int[])", keys=("id",)
)
POISON = "a\0b"


async def outcomes(*asked: Any) -> list[Any]:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*asked, return_exceptions=True)


async def killed(loads: Loads) -> None:
    """Ends the sessions of our statements."""
    await loads.api.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '/*%' and datname = current_database()"
    )


async def healed(loads: Loads) -> None:
    """Returns once both connections answer; who asks before that is told that the database is unavailable."""

    async def answered() -> bool:
        answers = await outcomes(loads.ask("user_by_id", [1]), loads.ask("sound_by_id", [1]))
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(error, DatabaseUnavailable) for error in failed)
        return not failed

    await until(answered)


async def test_a_failed_statement_fails_only_its_batch(loads: Loads) -> None:
    first, second, user = await outcomes(loads.ask(WRONG, [1]), loads.ask(WRONG, [2]), loads.ask("user_by_id", [1]))
    assert isinstance(first, asyncpg.UndefinedColumnError)
    assert isinstance(second, asyncpg.UndefinedColumnError)
    assert user[0]["id"] == 1
    assert loads.sent == [("wrong", [1, 2]), ("user_by_id", [1])]


async def test_each_is_told_what_failed_by_an_exception_of_its_own(loads: Loads) -> None:
    told = await outcomes(*(loads.ask(WRONG, [1]) for _ in range(100)))
    assert len({id(error) for error in told}) == 100
    assert {str(error) for error in told} == {'column "nothing" does not exist'}
    assert {type(error.__cause__) for error in told} == {type(None)}

    def frames(error: BaseException) -> int:
        trace, number = error.__traceback__, 0
        while trace is not None:
            trace, number = trace.tb_next, number + 1
        return number

    assert len({frames(error) for error in told}) == 1


@pytest.mark.parametrize(
    ("query", "poison", "good"),
    [
        ("user_id_by_handle", POISON, [f"user{n}" for n in range(1, 31)]),
        ("user_id_by_handle", "a\ud800b", [f"user{n}" for n in range(1, 31)]),
        ("user_by_id", 2**63, list(range(1, 31))),
        ("video_by_key", (1, 2**63), [(1, n) for n in range(1, 31)]),
        (DIVIDES, 7, [n for n in range(1, 32) if n != 7]),
    ],
    ids=["nul", "surrogate", "number", "pair", "row"],
)
async def test_a_poisoned_key_fails_alone(loads: Loads, query: str | Query, poison: Any, good: list[Any]) -> None:
    mixed = loads.ask(query, [good[0], poison, None, good[1]])
    others = [loads.ask(query, [key]) for key in good]
    failed, *rows = await outcomes(mixed, *others)
    assert isinstance(failed, asyncpg.DataError)
    assert not any(isinstance(row, Exception) for row in rows)
    answer = mixed.result()
    assert [answer[0], answer[3]] == [rows[0][0], rows[1][0]]
    assert isinstance(answer[1], asyncpg.DataError)
    assert answer[2] is None
    assert len(loads.sent) <= 1 + 2 * 5  # 31 keys are halved five times


async def test_of_a_level_only_the_parent_of_a_poisoned_key_has_an_error(loads: Loads) -> None:
    def divided(numbers: list[int], _: object) -> Any:
        return loads.ask(DIVIDES, numbers)

    one = GraphQLField(GraphQLInt, extensions={KIND: Column("one")})
    fraction = GraphQLField(GraphQLObjectType("Fraction", {"one": one}), extensions={KIND: Batched(divided)})
    numbers = GraphQLList(GraphQLObjectType("Number", {"divided": fraction}))
    schema = GraphQLSchema(GraphQLObjectType("Query", {"numbers": GraphQLField(numbers, resolve=lambda *_: [6, 7, 8])}))
    document = parse("{ numbers { divided { one } } }")
    execution: Any = execute(schema, document, executor_class=BreadthFirstExecutor)
    result = await execution
    assert result.data == {"numbers": [{"divided": {"one": -1}}, {"divided": None}, {"divided": {"one": 1}}]}
    assert [error.path for error in result.errors] == [["numbers", 1, "divided"]]


async def test_a_statement_beyond_its_time_is_told_as_unavailable_and_not_tried_again(
    loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Lent.fetch

    async def briefly(lent: Lent, query: Query, *asked: Any) -> Any:
        # The time limit of those alone who wait for the lock: the others may take theirs.
        connection: Any = lent.connection
        limit = 0.2 if query.name == "user_by_id" else None
        connection._config = connection._config._replace(command_timeout=limit)
        return await fetch(lent, query, *asked)

    async with loads.held():
        with monkeypatch.context() as patch:
            patch.setattr(Lent, "fetch", briefly)
            first, second, sound = await outcomes(
                loads.ask("user_by_id", [1]), loads.ask("user_by_id", [2, 3]), loads.ask("sound_by_id", [1])
            )
    assert isinstance(first, DatabaseUnavailable)
    assert isinstance(second, DatabaseUnavailable)
    assert [row["id"] for row in sound] == [1]
    assert loads.keys("user_by_id") == [[1, 2, 3]]
    await healed(loads)


async def test_a_connection_lost_in_a_statement_is_told_as_unavailable_and_not_tried_again(loads: Loads) -> None:
    async with loads.held():
        asked = loads.ask("user_by_id", [1]), loads.ask("user_by_id", [2, 3])
        await loads.busy()
        await killed(loads)
        first, second = await outcomes(*asked)
    assert isinstance(first, DatabaseUnavailable)
    assert isinstance(second, DatabaseUnavailable)
    assert loads.keys("user_by_id") == [[1, 2, 3]]
    await healed(loads)


async def test_lost_connections_are_replaced(loads: Loads) -> None:
    await killed(loads)
    await healed(loads)


async def test_a_connection_lost_while_a_poisoned_key_is_looked_for_fails_the_batch(loads: Loads) -> None:
    async with loads.held():
        asked = loads.ask("user_by_id", [1, 2, 2**63])
        await loads.busy()  # the first half: the whole was refused before it was sent
        await killed(loads)
        (failed,) = await outcomes(asked)
    assert isinstance(failed, DatabaseUnavailable)
    await healed(loads)


async def test_a_migration_under_a_kept_statement_is_not_noticed(loads: Loads) -> None:
    async def one() -> Any:
        async with loads.database.transaction() as tx:
            return await tx._lent.fetch(MIGRATED, MIGRATED.sql, ([1],))

    await loads.api.sql("create table migrated as select 1 as id, 2 as number")
    before, written = await loads.ask(MIGRATED, [1]), await one()
    await loads.api.sql("alter table migrated alter number type text")
    after = await asyncio.gather(*(loads.ask(MIGRATED, [key]) for key in (1, 1)), loads.ask("user_by_id", [1]))
    assert (before[0]["number"], after[0][0]["number"], after[1][0]["number"]) == (2, "2", "2")
    with pytest.raises(DatabaseUnavailable):  # what it wrote before is rolled back: it begins again
        await one()
    assert (written[0]["number"], (await one())[0]["number"]) == (2, "2")


async def test_a_query_whose_rows_have_no_key_is_told_to_those_who_wait(loads: Loads) -> None:
    (failed,) = await outcomes(loads.ask(NAMELESS, [1]))
    assert isinstance(failed, KeyError)


async def test_who_waits_when_the_database_is_closed_is_told(loads: Loads) -> None:
    async with loads.held():
        asked = await loads.occupied()
        asked += [loads.ask("sound_by_id", [1]), loads.ask("user_by_id", [3])]
        await turns()
        await loads.database.close()
    first, second, waiting, in_line = await outcomes(*asked)
    assert (first[0]["id"], second[0]["id"]) == (1, 2)
    assert isinstance(waiting, DatabaseClosed)
    assert isinstance(in_line, DatabaseClosed)
    (late,) = await outcomes(loads.ask("sound_by_id", [1]))
    assert isinstance(late, DatabaseClosed)


async def test_who_waits_when_the_loop_ends_is_told(loads: Loads) -> None:
    async with loads.held():
        asked = loads.ask("user_by_id", [1]), loads.ask("sound_by_id", [1])
        await loads.busy()
        for task in loads.loader._running:
            task.cancel()
        told = await outcomes(*asked)
    assert isinstance(told[0], DatabaseClosed)
