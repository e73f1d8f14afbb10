"""Kept connections: what is cancelled, lost or in the way leaves nothing behind for whoever comes next."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

import db.database
from db.database import Connections, connect
from db.errors import DatabaseClosed, DatabaseUnavailable
from events import log
from events.outbox import publish
from tests.ask import Api
from tests.until import PATIENCE, until


async def test_a_transaction_whose_end_was_cancelled_too_is_nobody_else_s(api: Api) -> None:
    async def insert() -> None:
        async with api.database.transaction() as tx:
            await tx.connection.execute("insert into hashtags values ('dance', 1)")
            await tx.connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(insert())
    await until(
        lambda: api.sql("select from pg_stat_activity where query = 'select pg_sleep(60)' and wait_event = 'PgSleep'")
    )
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # now it waits for its rollback
    with suppress(asyncio.CancelledError):
        await task
    for _ in range(12):  # as many as there are connections, and more
        assert await api.sql("select from hashtags") == []


async def test_who_gives_up_while_connecting_leaves_no_connection(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancelled(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncpg.Connection, "set_type_codec", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await connect(api.database.dsn, application="chorus gave up")
    monkeypatch.undo()

    async def is_gone() -> bool:
        return not await api.sql("select from pg_stat_activity where application_name = 'chorus gave up'")

    await until(is_gone)


async def test_of_two_who_wait_for_each_other_one_is_told_to_try_again(api: Api) -> None:
    async with api.database.transaction() as first, api.database.transaction() as second:
        await first.advance_consumer("counts", 0, 0)
        await second.lock_log_head()
        answers = await asyncio.gather(
            first.lock_log_head(), second.advance_consumer("counts", 0, 0), return_exceptions=True
        )
        (failed,) = [answer for answer in answers if isinstance(answer, BaseException)]
        assert isinstance(failed, DatabaseUnavailable)


async def test_a_connection_that_is_lost_before_the_commit_is_told_as_such(api: Api) -> None:
    async def insert() -> None:
        async with api.database.transaction() as tx:
            await tx.connection.execute("insert into hashtags values ('dance', 1)")
            await api.sql("select pg_terminate_backend($1)", tx.connection.get_server_pid())

    with pytest.raises(DatabaseUnavailable):
        await insert()
    assert await api.sql("select from hashtags") == []


async def test_a_transaction_that_is_left_open_does_not_hold_the_log_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.database, "IDLE_IN_TRANSACTION", "50ms")
    connection = await connect(api.database.dsn)
    # In one message: between two the time might be over.
    await connection.execute(
        "begin; insert into outbox (type, occurred_at, body) values ('SOUND_CREATED', now(), '{}')"
    )
    await until(lambda: asyncio.sleep(0, connection.is_closed()))
    async with api.database.transaction() as tx:
        await publish(tx, "SOUND_CREATED", api.now, {"sound_id": 1})

    async def is_moved() -> bool:  # its end was told before its transaction was over
        return await log.move(api.database, api.now) == 1

    await until(is_moved)


async def test_connections_are_lent_in_the_order_of_asking(api: Api) -> None:
    one = Connections(api.database.dsn, size=1)
    ended: list[str] = []

    async def borrow(name: str, times: int) -> None:
        for _ in range(times):
            async with one.lend() as lent:
                await lent.connection.execute("select 1")
        ended.append(name)

    await asyncio.gather(borrow("greedy", 50), borrow("first", 1), borrow("second", 1))
    await one.close()
    assert ended == ["first", "second", "greedy"]


async def test_who_is_cancelled_with_a_connection_in_hand_hands_it_on(api: Api) -> None:
    one = Connections(api.database.dsn, size=1)

    async def borrow() -> None:
        async with one.lend():
            pass

    async with one.lend():
        first, second = asyncio.create_task(borrow()), asyncio.create_task(borrow())
        await asyncio.sleep(0.01)
    first.cancel()  # it was handed the connection, and does not know it yet
    async with asyncio.timeout(PATIENCE):
        await second
    await one.close()


async def test_who_waits_when_the_connections_are_closed_is_told_and_who_has_one_ends_in_peace(api: Api) -> None:
    one = Connections(api.database.dsn, size=1)

    async def borrow() -> int:
        async with one.lend() as lent:
            return await lent.connection.fetchval("select 1")  # type: ignore[no-any-return]

    async with one.lend() as lent:
        told, gives_up, late = (asyncio.create_task(borrow()) for _ in range(3))
        await asyncio.sleep(0)
        await one.close()
        gives_up.cancel()  # at the same time as he is told
        late_comer = asyncio.create_task(borrow())
        answers = await asyncio.wait_for(
            asyncio.gather(told, gives_up, late, late_comer, return_exceptions=True), timeout=PATIENCE
        )
        assert await lent.connection.fetchval("select 1") == 1
    assert [type(answer) for answer in answers] == [
        DatabaseClosed,
        asyncio.CancelledError,
        DatabaseClosed,
        DatabaseClosed,
    ]
    assert str(answers[0]) == "This process is ending and has closed its connections to the database; try again."
    assert lent.connection.is_closed()
