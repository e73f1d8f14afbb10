"""One worker at a time, chosen by a lock that goes with its connection, which survives whatever is lost around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import worker as worker_module
from db.database import Database, connect
from events import log
from tests.ask import Api
from tests.trending.scene import arrange, post, settle
from tests.until import PATIENCE, until
from worker import Worker

HOLDERS = """
select a.pid from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and a.datname = current_database() and a.application_name = 'chorus worker'
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "COMPETE", 0.05)
    monkeypatch.setattr(worker_module, "PAUSE", 0.02)
    monkeypatch.setattr(worker_module, "HEARTBEAT", 0.5)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[list[asyncio.Task[None]]]:
    """These workers at work for the time of the block."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def videos_of(api: Api, sound: int) -> int:
    (row,) = await api.sql("select video_count from sounds where id = $1", sound)
    return int(row["video_count"])


def counted(api: Api, sound: int, videos: int) -> Any:
    async def is_so() -> bool:
        return await videos_of(api, sound) == videos

    return is_so


async def test_a_posted_video_is_counted_and_charted_within_seconds(api: Api) -> None:
    await arrange(api)
    for creator in range(1, 16):
        await post(api, 1, creator)
    async with running(Worker(api.database, clock=lambda: api.now)):
        await until(counted(api, 1, 15))
        await until(
            lambda: api.sql(
                "select from chart_versions where \"window\" = 'HOUR' and kind = 'BREAKOUT' and sound_ids = '{1}'"
            )
        )


def competing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each try to become the worker from now on."""
    tries: list[str] = []

    async def tried(dsn: str, **options: Any) -> Any:
        tries.append(dsn)
        return await connect(dsn, **options)

    monkeypatch.setattr(worker_module, "connect", tried)
    return tries


async def test_one_of_two_works_and_the_other_takes_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await arrange(api)
    other = Database(api.database.dsn)
    clock = lambda: api.now  # noqa: E731
    async with running(Worker(api.database, clock)) as (first,):
        await until(lambda: api.sql(HOLDERS))
        tries = competing(monkeypatch)
        async with running(Worker(other, clock)):
            await until(lambda: asyncio.sleep(0, len(tries) > 2))
            assert len(await api.sql(HOLDERS)) == 1
            first.cancel()
            await asyncio.wait([first])
            await post(api, 1, 1)
            await until(counted(api, 1, 1))
            assert len(await api.sql(HOLDERS)) == 1
    await other.close()


async def test_who_loses_the_lock_s_connection_stops_and_competes_again(api: Api) -> None:
    await arrange(api)
    async with running(Worker(api.database, clock=lambda: api.now)):
        await until(lambda: api.sql(HOLDERS))
        (held,) = await api.sql(HOLDERS)
        await api.sql("select pg_terminate_backend($1)", held["pid"])

        async def another_holds() -> bool:
            return [row["pid"] for row in await api.sql(HOLDERS)] not in ([], [held["pid"]])

        await until(another_holds)
        await post(api, 1, 1)
        await until(counted(api, 1, 1))


async def test_a_lock_that_was_taken_by_another_is_not_worked_without(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arrange(api)
    steps: list[datetime] = []

    class Watched(Worker):
        async def step(self) -> bool:
            steps.append(datetime.now(UTC))
            return await super().step()

    tries = competing(monkeypatch)

    async def more_tries(number: int) -> None:
        wanted = len(tries) + number
        await until(lambda: asyncio.sleep(0, len(tries) >= wanted))

    async with running(Watched(api.database, clock=lambda: api.now)):
        await until(lambda: api.sql(HOLDERS))
        (held,) = await api.sql(HOLDERS)
        async with api.database.transaction() as tx:
            taking = asyncio.create_task(tx.connection.execute("select pg_advisory_xact_lock($1)", worker_module.LOCK))
            await until(lambda: api.sql("select from pg_locks where locktype = 'advisory' and not granted"))
            await api.sql("select pg_terminate_backend($1)", held["pid"])
            await taking
            await more_tries(1)  # it knows
            before = len(steps)
            await more_tries(3)
            assert len(steps) == before
        await until(lambda: asyncio.sleep(0, len(steps) > before))


async def test_it_goes_on_after_every_connection_was_lost(api: Api) -> None:
    await arrange(api)
    async with running(Worker(api.database, clock=lambda: api.now)) as (task,):
        await until(lambda: api.sql(HOLDERS))
        outside = Database(api.database.dsn)
        async with outside.transaction() as tx:
            await tx.connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )
        await outside.close()
        await post(api, 1, 1)
        await until(counted(api, 1, 1))
        assert not task.done()


async def test_an_error_of_the_database_is_not_the_end(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await arrange(api)
    await post(api, 1, 1, caption="#rain")
    await api.sql("alter table hashtags rename to hidden_hashtags")
    async with running(Worker(api.database, clock=lambda: api.now)):
        await until(lambda: asyncio.sleep(0, "the worker failed" in caplog.text))
        assert await videos_of(api, 1) == 0
        await api.sql("alter table hidden_hashtags rename to hashtags")
        await until(counted(api, 1, 1))


async def test_it_outlives_an_outage_of_any_length(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "LONGEST_BACKOFF", 0.0)
    tries = 0

    async def refused(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise OSError("there is nobody")

    monkeypatch.setattr(worker_module, "connect", refused)
    async with running(Worker(api.database)) as (task,):
        await until(lambda: asyncio.sleep(0, tries > 1100 or task.done()))
        assert not task.done()


async def test_it_refuses_a_log_that_could_be_held_back_for_ever(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(_: Database) -> None:
        raise log.PreparedTransactionsAllowed

    monkeypatch.setattr(log, "check", check)
    with pytest.raises(log.PreparedTransactionsAllowed):
        await asyncio.wait_for(Worker(api.database, clock=lambda: api.now).run(), PATIENCE)
    assert await api.sql(HOLDERS) == []


async def test_results_of_repeatable_calls_are_dropped_after_a_day(api: Api) -> None:
    await api.sql(
        "insert into idempotency_results (caller, field, key, input_hash, result, created_at)"
        " select 'caller', 'postVideo', n::text, '', '{}', $1::timestamptz - n * interval '1 hour' from generate_series(1, 50) n",
        api.now,
    )
    await settle(api)
    (row,) = await api.sql("select count(*), min(created_at) from idempotency_results")
    assert tuple(row) == (24, api.now - timedelta(hours=24))
