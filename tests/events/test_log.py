"""The log holds each committed fact once, in order, without a gap, whatever writers and movers do."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from db.database import Database, Transaction
from dev.postgres import EmbeddedPostgres
from events import log
from events.outbox import Event, publish, publish_all
from tests.ask import Api


async def fact(tx: Transaction, api: Api, name: str) -> None:
    await publish(tx, "SOUND_CREATED", api.now, {"name": name})


async def logged(api: Api) -> list[str]:
    """The names in the log, which must be without a gap."""
    rows = await api.sql("select sequence, body from log order by sequence")
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["body"]["name"] for row in rows]


@asynccontextmanager
async def begun(api: Api) -> AsyncIterator[Transaction]:
    """A transaction that has written something."""
    async with api.database.transaction() as tx:
        await tx.connection.execute("select pg_current_xact_id()")
        yield tx


async def test_a_fact_that_was_written_first_and_commits_last_is_neither_lost_nor_late(api: Api) -> None:
    async with begun(api) as slow:
        await fact(slow, api, "slow")
        async with begun(api) as quick:
            await fact(quick, api, "quick")
        assert await log.move(api.database, api.now) == 0
        assert await logged(api) == []
    assert await log.move(api.database, api.now) == 2
    assert await logged(api) == ["slow", "quick"]


async def test_a_transaction_that_began_first_and_writes_its_fact_last_is_not_lost(api: Api) -> None:
    async with begun(api) as slow:
        async with begun(api) as quick:
            await fact(quick, api, "quick")
        await log.move(api.database, api.now)
        await fact(slow, api, "slow")
    await log.move(api.database, api.now)
    assert await logged(api) == ["quick", "slow"]


async def test_a_fact_goes_with_its_transaction(api: Api) -> None:
    async def write_and_fail() -> None:
        async with api.database.transaction() as tx:
            await fact(tx, api, "never")
            await tx.connection.execute("select 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await write_and_fail()
    assert await log.move(api.database, api.now) == 0
    assert await logged(api) == []


async def test_several_facts_of_a_transaction_keep_their_order(api: Api) -> None:
    names = [f"{number}" for number in range(500)]
    async with api.database.transaction() as tx:
        await publish_all(tx, [Event("SOUND_CREATED", api.now, {"name": name}) for name in names])
    while await log.move(api.database, api.now, limit=64):
        pass
    assert await logged(api) == names


async def test_gapless_and_once_under_concurrent_writers_and_two_movers(api: Api) -> None:
    written: list[str] = []
    done = asyncio.Event()

    async def writer(number: int) -> None:
        rng = random.Random(number)
        for turn in range(15):
            name = f"{number}.{turn}"
            try:
                async with api.database.transaction() as tx:
                    await fact(tx, api, name)
                    await asyncio.sleep(rng.random() * 0.01)
                    await tx.connection.execute("select 1 / $1::integer", rng.choice([0, 1, 1, 1, 1]))
                written.append(name)
            except asyncpg.DivisionByZeroError:
                pass

    async def mover(database: Database) -> None:
        while not done.is_set() or await database.outbox_is_waiting():
            await log.move(database, api.now, limit=7)
            await asyncio.sleep(0)

    other = Database(api.database.dsn)
    movers = [asyncio.create_task(mover(database)) for database in (api.database, other)]
    await asyncio.gather(*(writer(number) for number in range(8)))
    done.set()
    await asyncio.gather(*movers)
    await other.close()
    names = await logged(api)
    assert sorted(names) == sorted(written)
    for number in range(8):
        turns = [int(name.split(".")[1]) for name in names if name.startswith(f"{number}.")]
        assert turns == sorted(turns)
    (row,) = await api.sql("select (select sequence from log_head) head, (select count(*) from outbox) waiting")
    assert (row["head"], row["waiting"]) == (len(written), 0)


async def test_the_next_partition_is_there_before_it_is_needed(api: Api) -> None:
    await api.sql("update log_head set sequence = 749998")
    for _ in range(3):
        async with api.database.transaction() as tx:
            await fact(tx, api, "in the last quarter")
        await log.move(api.database, api.now)
    await api.sql("update log_head set sequence = 999998")
    async with api.database.transaction() as tx:
        await publish_all(tx, [Event("SOUND_CREATED", api.now, {"name": "over the edge"})] * 3)
    assert await log.move(api.database, api.now) == 3
    rows = await api.sql("select tableoid::regclass::text place, sequence from log order by sequence desc limit 3")
    assert [(row["place"], row["sequence"]) for row in rows] == [
        ("log_1", 1_000_001),
        ("log_1", 1_000_000),
        ("log_0", 999_999),
    ]
    indexes = await api.sql("select from pg_index where indrelid = 'log_1'::regclass and indisprimary")
    assert len(indexes) == 1


async def aged(api: Api, *, sequence: int, logged_at: datetime, position: int) -> None:
    """A log whose first partition is full, and how far it was counted."""
    await api.database.add_log_partition(1)
    await api.sql(
        "insert into log (sequence, type, occurred_at, logged_at, body) select s, 'SOUND_CREATED', $1, $1, '{}' from unnest($2::bigint[]) s",
        logged_at,
        [1, 999_999, 1_000_000],
    )
    await api.sql("update log_head set sequence = $1", sequence)
    await api.sql("update consumers set position = $1", position)


@pytest.mark.parametrize(
    ("sequence", "hours", "position"), [(999_999, 73, 999_999), (1_000_000, 71, 1_000_000), (1_000_000, 73, 999_998)]
)
async def test_nothing_is_dropped_that_is_young_or_not_read_by_every_consumer(
    api: Api, sequence: int, hours: int, position: int
) -> None:
    await aged(api, sequence=sequence, logged_at=api.now - timedelta(hours=hours), position=position)
    assert not await log.drop_old(api.database, api.now)
    assert len(await api.database.log_after(0, 5)) == 3


async def test_what_is_older_than_three_days_is_dropped_and_the_head_says_so(api: Api) -> None:
    await aged(api, sequence=1_000_000, logged_at=api.now - timedelta(hours=73), position=1_000_000)
    assert await log.drop_old(api.database, api.now)
    assert not await log.drop_old(api.database, api.now)
    assert [row["sequence"] for row in await api.database.log_after(0, 5)] == [1_000_000]
    assert await log.head(api.database) == log.Head(1, 1_000_000, 999_999, 1_000_000)


async def test_readers_who_hold_the_log_are_not_waited_for(api: Api) -> None:
    await aged(api, sequence=1_000_000, logged_at=api.now - timedelta(hours=73), position=1_000_000)
    async with api.database.transaction() as reading:
        await reading.connection.execute("select from log limit 1")
        assert not await log.drop_old(api.database, api.now)
        assert await log.head(api.database) == log.Head(1, 1_000_000, 0, 1_000_000)
    assert await log.drop_old(api.database, api.now)


async def test_another_life_of_postgres_is_another_epoch(api: Api) -> None:
    await log.begin(api.database)
    await log.begin(api.database)
    assert (await log.head(api.database)).epoch == 1
    await api.sql("update log_head set life = regexp_replace(life, '.$', 'F')")  # the timeline before a failover
    await log.begin(api.database)
    assert (await log.head(api.database)).epoch == 2
    await log.begin(api.database)
    assert (await log.head(api.database)).epoch == 2


async def test_readers_go_by_position(api: Api) -> None:
    async with api.database.transaction() as tx:
        await publish_all(tx, [Event("SOUND_CREATED", api.now, {"name": name}) for name in "abcde"])
    await log.move(api.database, api.now)
    rows = await api.database.log_after(2, 2)
    assert [(row["sequence"], row["body"]["name"], row["occurred_at"]) for row in rows] == [
        (3, "c", api.now),
        (4, "d", api.now),
    ]
    assert await log.head(api.database) == log.Head(1, 5)


async def test_postgres_that_allows_prepared_transactions_is_refused(open_folder: Path) -> None:
    postgres = EmbeddedPostgres(open_folder, settings={"max_prepared_transactions": "2", "fsync": "off"})
    postgres.start()
    database = Database(postgres.address)
    try:
        with pytest.raises(log.PreparedTransactionsAllowed, match="max_prepared_transactions"):
            await log.check(database)
    finally:
        await database.close()
        postgres.stop()
