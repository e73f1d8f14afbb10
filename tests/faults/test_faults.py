"""Whatever becomes of processes, connections and clocks under load: nothing that was acknowledged is lost or doubled, who listens misses nothing, every count is what the facts say."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from db.database import connect
from events.outbox import Event, publish_all
from server.auth import mint
from tests.ask import SECRET, Api
from tests.faults.crowd import ACCEPT, USERS
from tests.faults.sizes import SIZE
from tests.faults.sockets import Listener, never_reading
from tests.faults.stage import Stage, said
from tests.serving import token
from tests.trending.scene import post
from tests.until import PATIENCE, until

ANOTHER = {"authorization": f"Bearer {token(f'dev|{USERS + 1}')}"}  # for whom nobody of the crowd has to wait
HOUR = 3600.0
JUMPS = [(HOUR, HOUR), (0.0, 0.0), (-HOUR, -HOUR), (HOUR, 0.0), (0.0, HOUR), (0.0, 0.0)]  # of the API, of the worker
SCORED = """select from trend_scopes where region = 'GLOBAL' and niche_id = 0 and scored_at between $1 and $2"""
VERSIONS = 'select region, niche_id, "window", kind, version, sequence from chart_versions order by 1, 2, 3, 4, 5'
VIEWED = '{ node(id: "sound_1") { id } }'
MEGABYTE = 1 << 20
THOUSANDS = 3000
HEAVY = f"""subscription {{ events(types: [VIDEO_POSTED]) {{ __typename ... on Event {{
  {" ".join(f"v{n}: subject {{ ... on Video {{ id caption }} }}" for n in range(40))} }} }} }}"""
# Whoever creates a late sound commits when the test lets him: at the commit the trigger waits for a lock that the test holds. A post would share its
# statement, and its lateness, with those of others.
LATE = """
create function wait_for_the_test() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock_shared(18); return null; end';
create constraint trigger late after insert on sounds deferrable initially deferred for each row
    when (new.title = 'late') execute function wait_for_the_test();
"""
CREATE = """mutation ($input: CreateSoundInput!) { createSound(input: $input) { ... on CreateSoundPayload { sound { id } } } }"""
RECORD = """mutation ($input: RecordPlaysInput!) { recordPlays(input: $input) { __typename
  ... on RecordPlaysPayload { accepted duplicates refused { path } } } }"""


async def scored_by(stage: Stage, now: datetime) -> None:
    """Returns once the charts of the world are those of this time."""
    await until(lambda: stage.sql(SCORED, now, now + timedelta(minutes=5)), 2 * PATIENCE)


async def test_clocks_jump_an_hour_ahead_and_an_hour_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def signed_long_ago(subject: str, seconds: float = 30 * HOUR) -> str:
        now = time.time() - 2 * HOUR
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now)
            return mint(SECRET, subject, audience="chorus", seconds=seconds)

    await stage.have_clocks()
    passing = signed_long_ago("dev|1", 2.5 * HOUR)  # it is good for another half an hour
    async with (
        stage.under_load("clock", sign=signed_long_ago) as (crowd, _),
        httpx.AsyncClient(timeout=PATIENCE, headers=ACCEPT) as http,
    ):

        async def record(by: str) -> Any:
            play = {"eventId": "e", "subjectId": "track_1", "playedAt": datetime.now(UTC).isoformat(), "durationMs": 9}
            body = {"query": RECORD, "variables": {"input": {"plays": [play]}}}
            return (await http.post(crowd.url, json=body, headers={"authorization": f"Bearer {by}"})).json()

        for off, worker_off in JUMPS:
            stage.jump(off, worker_off)
            now = datetime.now(UTC) + timedelta(seconds=worker_off)
            await crowd.more(SIZE.facts // 4)
            await scored_by(stage, now)
            answer = await record(passing)
            if off == HOUR:
                assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            elif off == -HOUR:  # the play is yet to be heard
                assert answer["data"]["recordPlays"]["refused"] == [{"path": ["input", "plays", "0", "playedAt"]}]
            else:
                assert answer["data"]["recordPlays"]["accepted"] == 1
    versions = await stage.sql(VERSIONS)
    assert versions
    for earlier, later in pairwise(versions):
        assert earlier[:4] != later[:4] or earlier["sequence"] <= later["sequence"]
    assert (await stage.database.log_head())["epoch"] == 1


async def test_the_api_is_killed(stage: Stage) -> None:
    async with stage.under_load("api") as (_, listeners):
        stage.door.kill()
        await asyncio.sleep(SIZE.away)
        stage.door.start()
        await stage.door.answers()
    assert all(one.connections > 1 for one in listeners)


async def test_the_worker_is_killed(stage: Stage) -> None:
    async with stage.under_load("worker") as (_, listeners):
        stage.worker.kill()
        await asyncio.sleep(SIZE.away)
        stage.worker.start()
    assert all(one.connections == 1 for one in listeners)


async def test_postgres_is_killed_and_neither_the_api_nor_the_worker_has_to_be_started_again(stage: Stage) -> None:
    processes = stage.door.pid, stage.worker.pid
    async with stage.under_load("postgres") as (crowd, _), httpx.AsyncClient(timeout=PATIENCE, headers=ACCEPT) as http:

        async def is_away() -> bool:
            # Its processes are killed in their turn, and until then they answer.
            refused = await http.post(crowd.url, json={"query": VIEWED})
            if refused.status_code == 200:
                return False
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
            return (await http.get(f"{stage.door.site}/ready")).status_code == 503

        stage.kill_postgres()
        await until(is_away)
        assert (await http.get(f"{stage.door.site}/health")).status_code == 200
        await asyncio.sleep(SIZE.away)
        await stage.restart_postgres()
        await stage.door.answers()
    assert (stage.door.pid, stage.worker.pid) == processes
    assert crowd.codes["UNAVAILABLE"]


@asynccontextmanager
async def trigger(stage: Stage) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the lock that late commits wait for."""
    connection = await connect(stage.dsn)
    try:
        await connection.execute(LATE)
        yield connection
    finally:
        await connection.close()


async def test_a_transaction_commits_long_after_those_that_began_behind_it(stage: Stage) -> None:
    async with (
        trigger(stage) as connection,
        stage.under_load("late") as (crowd, _),
        httpx.AsyncClient(timeout=2 * PATIENCE) as http,
    ):
        await connection.execute("select pg_advisory_lock(18)")
        began = time.monotonic()
        wish = {"title": "late", "kind": "ORIGINAL", "durationMs": 1000}
        late = asyncio.create_task(
            http.post(crowd.url, json={"query": CREATE, "variables": {"input": wish}}, headers=ANOTHER)
        )
        await until(lambda: stage.sql("select from pg_locks where locktype = 'advisory' and not granted"))
        await crowd.more(SIZE.facts // 10)
        while time.monotonic() - began < SIZE.late:
            await crowd.more(SIZE.facts // 10)
        async with stage.database.transaction() as tx:
            await publish_all(tx, [Event("SOUND_CREATED", datetime.now(UTC), {"sound_id": 1})] * THOUSANDS)
        assert not late.done(), late.result().text
        passed = (await stage.sql("select count(*) from outbox"))[0][0]
        assert passed > THOUSANDS
        await connection.close()  # and with it goes the lock
        made = (await late).json()["data"]["createSound"]["sound"]["id"]
        said(late_by=round(time.monotonic() - began, 1), facts_that_waited=passed)
    logged = "select count(*) from log where type = 'SOUND_CREATED' and 'sound_' || (body ->> 'sound_id') = $1"
    assert (await stage.sql(logged, made))[0][0] == 1


async def test_those_who_never_read_cost_little_and_hold_nobody_up(stage: Stage) -> None:
    assert stage.door.pid is not None
    process = psutil.Process(stage.door.pid)
    async with stage.under_load("unread", words="x" * 2000) as (crowd, _):
        narrow = [await never_reading(stage.door.port, HEAVY) for _ in range(20)]
        before = process.memory_info().rss
        await crowd.more(SIZE.facts)
        grown = (process.memory_info().rss - before) // MEGABYTE
        unbounded = 20 * SIZE.facts // 5 * 80_000 // MEGABYTE
        said(never_reading=20, grown_mb=grown, unread_mb=unbounded)
        assert grown < 32 < unbounded
        for one in narrow:
            one.close()


async def test_thousands_come_back_within_seconds(stage: Stage) -> None:
    people = Api(stage.database, datetime.now(UTC))
    async with stage.listened([stage.listener(1) for _ in range(SIZE.sockets)]) as herd:
        for listener in herd:
            listener.pause = SIZE.back
        stage.door.kill()
        await until(lambda: _none_is_ready(herd))
        for creator in (1, 2, 3):
            await post(people, 1, creator)
        started = time.monotonic()
        stage.door.start()
        await until(lambda: _some_are_ready(herd), 3 * PATIENCE)
        first = time.monotonic()
        await until(lambda: _all_have_heard(herd, 3), 300)
        said(
            sockets=len(herd),
            seconds_until_the_first_was_back=round(first - started, 1),
            seconds_from_then_until_all_had_heard_what_they_missed=round(time.monotonic() - first, 1),
        )
        for creator in (4, 5):
            await post(people, 1, creator)
        await stage.settled()
        await stage.prove_listeners(herd)
        assert all(len(one.heard) == 5 for one in herd)
    await stage.prove_log()


async def _some_are_ready(herd: list[Listener]) -> bool:
    return any(one.ready.is_set() for one in herd)


async def _all_have_heard(herd: list[Listener], facts: int) -> bool:
    return all(len(one.heard) >= facts for one in herd)


async def _none_is_ready(herd: list[Listener]) -> bool:
    return not any(one.ready.is_set() for one in herd)
