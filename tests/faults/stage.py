"""A Postgres, an API and a worker of the tests' own, those who listen and write, and what must hold when it is quiet again."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from struct import pack
from typing import Any

import asyncpg
import httpx

from db.database import Database, connect
from db.migrate import migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from tests.faults import costs
from tests.faults.crowd import PASSING, SOUNDS, USERS, Crowd
from tests.faults.processes import JUMPING, Door, Process
from tests.faults.sizes import SIZE
from tests.faults.sockets import Listener
from tests.running import free_port
from tests.serving import token
from tests.until import PATIENCE, until
from trending import plays, recount

# What is acknowledged is in the log of Postgres, and outlives its kill; of the machine's death nothing is said here.
DURABLE = {"fsync": "off", "synchronous_commit": "on", "max_connections": "100", "shared_buffers": "256MB"}
ARRANGED = f"""
with made as (
    insert into users (handle, display_name, region, joined_at)
    select 'user' || n, 'User', 'DE', now() - interval '1 year' from generate_series(1, {USERS} + 1) n returning id, handle),
claimed as (insert into handles (handle, user_id) select handle, id from made)
insert into identities (subject, user_id) select 'dev|' || id, id from made;
insert into sounds (title, kind, duration_ms, created_at)
select 'Sound ' || n, 'ORIGINAL', 1000, now() - interval '1 year' from generate_series(1, {SOUNDS}) n;
insert into tracks (title, duration_ms) values ('A song', 180000);
"""
SEED = (
    """mutation ($input: PostVideoInput!) { postVideo(input: $input) { ... on PostVideoPayload { video { id } } } }"""
)
OPENING = 200  # sockets at a time
POSTED = """subscription ($sound: ID!, $after: Cursor) { communityActivity(soundId: $sound, after: $after) {
  __typename ... on Update { cursor sequence } ... on ResyncRequired { reason } } }"""
EVERYTHING = """subscription ($after: Cursor) { events(types: [VIDEO_POSTED, VIDEO_REMOVED], after: $after) {
  __typename ... on Update { cursor sequence } ... on ResyncRequired { reason } } }"""


class Stage:
    """One house; whatever becomes of its processes, its database stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "postgres", settings=DURABLE)
        self.dsn = self.postgres.start()
        self.database = Database(self.dsn, statement_seconds=600)
        self.clocks = folder / "serve.clock", folder / "worker.clock"
        of_door, of_worker = ({"CHORUS_DATABASE_URL": self.dsn, "CHORUS_TEST_CLOCK": str(file)} for file in self.clocks)
        self.door = Door(folder, free_port(), **of_door)
        self.worker = Process(folder, "worker", **of_worker)

    async def stands(self) -> None:
        """Returns once the database and both processes are there, started where they are not."""
        if not await asyncio.to_thread(self.postgres.running):
            await self.restart_postgres()
        for process in (self.door, self.worker):
            if process.pid is None:
                process.start()
        await self.door.answers()

    async def have_clocks(self) -> None:
        """The processes run by clocks that can be set."""
        for process in (self.door, self.worker):
            if process.module != JUMPING:
                process.kill()
                process.start(JUMPING)
        await self.door.answers()

    def jump(self, *seconds: float) -> None:
        """From now on the clocks of the API and of the worker are off by so much."""
        for file, off in zip(self.clocks, seconds, strict=True):
            with file.open("r+b" if file.exists() else "wb") as clock:  # in place: they have it mapped
                clock.write(pack("d", off))

    async def open(self) -> None:
        """The database with people and sounds, a video of each, and both processes."""
        self.jump(0, 0)
        self.door.start(JUMPING)
        connection = await connect(self.dsn)
        await migrate(connection, read_migrations())
        await connection.execute(ARRANGED)
        await connection.close()
        await plays.keep(self.database, datetime.now(UTC), 0)
        self.worker.start(JUMPING)
        await self.door.answers()
        headers = {"authorization": f"Bearer {token('dev|1')}"}
        async with httpx.AsyncClient(headers=headers) as http:
            for sound in range(1, SOUNDS + 1):
                wish = {"soundId": f"sound_{sound}", "caption": "", "durationMs": 1000}
                made = await http.post(f"{self.door.site}/graphql", json={"query": SEED, "variables": {"input": wish}})
                assert made.json()["data"]["postVideo"]["video"]["id"] == f"video_{sound}_{sound}"

    async def close(self) -> None:
        """Nothing of it is left."""
        self.door.kill()
        self.worker.kill()
        await self.database.close()
        self.postgres.stop()

    async def sql(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Runs one statement."""
        async with self.database.transaction() as tx:
            rows: list[asyncpg.Record] = await tx.connection.fetch(query, *args)
            return rows

    @property
    def postmaster(self) -> int:
        """The first process of Postgres."""
        return int((self.folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])

    def kill_postgres(self) -> None:
        """Kill -9 of its first process; the others end when they find that it is gone."""
        os.kill(self.postmaster, signal.SIGKILL)

    def used(self) -> dict[str, float]:
        """CPU time so far, in seconds, process by process."""
        return costs.seconds(self.postmaster, api=self.door.pid, worker=self.worker.pid)

    async def restart_postgres(self) -> None:
        """Another one on the same folder."""
        await asyncio.to_thread(self.postgres.stop)
        await asyncio.to_thread(self.postgres.start)

    def everybody(self) -> list[Listener]:
        """Those who listen under load: one in 25 to everything, the others to one sound."""
        return [
            Listener(self.door.port, EVERYTHING) if n % 25 == 0 else self.listener(n % SOUNDS + 1)
            for n in range(SIZE.listeners)
        ]

    def listener(self, sound: int) -> Listener:
        """One who listens to a sound."""
        return Listener(self.door.port, POSTED, sound=f"sound_{sound}")

    @asynccontextmanager
    async def listened(self, listeners: list[Listener]) -> AsyncIterator[list[Listener]]:
        """They listen for the time of the block."""
        try:
            for begin in range(0, len(listeners), OPENING):
                some = listeners[begin : begin + OPENING]
                for listener in some:
                    listener.start()
                await asyncio.wait_for(asyncio.gather(*(one.ready.wait() for one in some)), 2 * PATIENCE)
            yield listeners
        finally:
            for listener in listeners:
                listener.end()

    async def settled(self) -> None:
        """Returns once everything is in the log and counted."""
        await until(self._is_settled, 300)

    async def _is_settled(self) -> bool:
        head = await self.database.log_head()
        (row,) = await self.sql(
            "select exists (select from outbox) waits, (select min(position) from consumers) counted"
        )
        assert self.worker.pid is not None, self.worker.printed
        return not row["waits"] and row["counted"] == head["sequence"]

    @asynccontextmanager
    async def under_load(self, name: str, **crowd_of: Any) -> AsyncIterator[tuple[Crowd, list[Listener]]]:
        """People who write and listen for the time of the block; behind it all that must hold is proven."""
        shares = (await self.sql("select count(*) from shares"))[0][0]
        crowd = Crowd(f"{self.door.site}/graphql", SIZE.rate, name, **crowd_of)
        async with self.listened(self.everybody()) as listeners:
            async with crowd.writing():
                used, written = self.used(), crowd.facts
                before = await crowd.more(SIZE.facts)
                cpu = costs.microseconds(used, self.used(), crowd.facts - written)
                yield crowd, listeners
                after = await crowd.more(SIZE.facts)
                assert await recount.differences(self.database, datetime.now(UTC)) == {}  # while facts come
            await self.settled()
            await self.prove_listeners(listeners)
        await self.prove_writes(crowd)
        shares += sum(not known for known in crowd.acknowledged.values())
        assert (await self.sql("select count(*) from shares"))[0][0] == shares
        played = await self.sql("select event_id from plays where event_id like $1", f"{crowd.name}/%")
        assert sorted(row["event_id"] for row in played) == sorted(crowd.played)
        await self.prove_log()
        assert set(crowd.codes) <= PASSING | {"IN_PROGRESS"}
        said(
            fault=name,
            facts=crowd.facts,
            plays_among_them=len(crowd.played),
            facts_a_second=(before.facts, after.facts),
            calls_a_second=(before.calls, after.calls),
            cpu_us_a_fact=cpu,
            listeners=len(listeners),
            connections=sum(one.connections for one in listeners),
            told=sum(len(one.heard) for one in listeners),
            statuses=dict(crowd.statuses),
            codes=dict(crowd.codes),
        )

    async def prove_listeners(self, listeners: list[Listener]) -> None:
        """Each heard each of his facts once, in order, and nothing else."""
        rows = await self.sql(
            "select sequence, (body ->> 'sound_id')::bigint sound_id from log"
            " where type in ('VIDEO_POSTED', 'VIDEO_REMOVED') order by sequence"
        )
        for listener in listeners:
            assert listener.begin is not None
            sound = listener.variables.get("sound")
            told = [
                row["sequence"]
                for row in rows
                if row["sequence"] > listener.begin and sound in (None, f"sound_{row['sound_id']}")
            ]
            with suppress(TimeoutError):  # what he did not hear is said below
                await _heard(listener, len(told))
            assert not listener.wrong, (listener.wrong, len(listener.heard), len(told))
            assert listener.heard == told

    async def prove_writes(self, crowd: Crowd) -> None:
        """What was acknowledged is there, once, and nothing else is."""
        made = await self.sql(
            "select caption words, 'video_' || sound_id || '_' || id known from videos where caption like $1"
            " union all select text, 'videocomment_' || sound_id || '_' || id from video_comments where text like $1",
            f"{crowd.name} %",
        )
        acknowledged = [
            (key + crowd.words if known.startswith("video_") else key, known)
            for key, known in crowd.acknowledged.items()
            if known
        ]
        assert sorted((row["words"], row["known"]) for row in made) == sorted(acknowledged)

    async def prove_log(self) -> None:
        """The log is without a gap, and the counts are what the facts say."""
        (row,) = await self.sql("select count(*) facts, min(sequence) first, max(sequence) last from log")
        assert (row["first"], row["last"]) == (1, row["facts"])
        assert await recount.differences(self.database, datetime.now(UTC)) == {}


async def _heard(listener: Listener, facts: int) -> None:
    async def enough() -> bool:
        return len(listener.heard) >= facts

    await until(enough, 2 * PATIENCE)


def said(**figures: object) -> None:
    """Says what was measured, to who runs it with `make faults`."""
    print(json.dumps(figures, default=str))  # noqa: T201
