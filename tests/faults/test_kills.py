"""kill -9 of the API, of the worker and of Postgres under load: nothing that was acknowledged is lost, nothing is doubled, and who listens misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from tests.faults.crowd import ACCEPT, PASSING, Crowd
from tests.faults.sizes import SIZE
from tests.faults.sockets import Listener
from tests.faults.stage import Stage, said
from trending import recount

VIEWED = {"query": '{ node(id: "sound_1") { id } }'}


@asynccontextmanager
async def under_load(stage: Stage, name: str) -> AsyncIterator[tuple[Crowd, list[Listener]]]:
    """People who write and listen for the time of the block; behind it all that must hold is proven."""
    shares = (await stage.sql("select count(*) from shares"))[0][0]
    crowd = Crowd(f"{stage.door.site}/graphql", SIZE.rate, name)
    async with stage.listened(SIZE.listeners) as listeners:
        async with crowd.writing():
            before = await crowd.more(SIZE.facts)
            yield crowd, listeners
            after = await crowd.more(SIZE.facts)
            assert await recount.differences(stage.database, datetime.now(UTC)) == {}  # while facts come
        await stage.settled()
        await stage.prove_listeners(listeners)
    await stage.prove_writes(crowd)
    await stage.prove_shares(shares + sum(not id for id in crowd.acknowledged.values()))
    await stage.prove_log()
    assert set(crowd.codes) <= PASSING | {"IN_PROGRESS"}
    said(
        fault=name,
        facts=len(crowd.acknowledged),
        a_second_before=round(before),
        a_second_after=round(after),
        listeners=len(listeners),
        connections=sum(one.connections for one in listeners),
        told=sum(len(one.heard) for one in listeners),
        statuses=dict(crowd.statuses),
        codes=dict(crowd.codes),
    )


async def test_the_api_is_killed(stage: Stage) -> None:
    async with under_load(stage, "api") as (_, listeners):
        stage.door.kill()
        await asyncio.sleep(SIZE.away)
        stage.door.start()
        await stage.door.answers()
    assert all(one.connections > 1 for one in listeners)


async def test_the_worker_is_killed(stage: Stage) -> None:
    async with under_load(stage, "worker") as (_, listeners):
        stage.worker.kill()
        await asyncio.sleep(SIZE.away)
        stage.worker.start()
    assert all(one.connections == 1 for one in listeners)


async def test_postgres_is_killed_and_neither_the_api_nor_the_worker_has_to_be_started_again(stage: Stage) -> None:
    processes = stage.door.pid, stage.worker.pid
    async with under_load(stage, "postgres") as (crowd, _), httpx.AsyncClient(timeout=15, headers=ACCEPT) as http:
        stage.kill_postgres()
        refused = await http.post(crowd.url, json=VIEWED)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        assert (await http.get(f"{stage.door.site}/ready")).status_code == 503
        assert (await http.get(f"{stage.door.site}/health")).status_code == 200
        await asyncio.sleep(SIZE.away)
        await stage.restart_postgres()
        await stage.door.answers()
    assert (stage.door.pid, stage.worker.pid) == processes
    assert crowd.codes["UNAVAILABLE"]
