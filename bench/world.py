"""The world that is asked: the medium sample in a Postgres of the bench's own, made once; or one that is named."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench import machine
from bench.queries import Keys
from db.database import Database
from db.migrate import migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from dev.sample import load_sample, progress_bar
from trending import scoring

FOLDER = Path(".chorus/bench")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # when the world ends and its charts are of: the same world everywhere
SCORING_SECONDS = 60.0
SUBJECT = "bench|viewer"
CHOSEN = 200

SOUNDS = """select id from sounds where video_count >= $2 and status = 'ACTIVE' order by md5(id::text) limit $1"""
PLAYLISTS = """select p.id from playlists p join users u on u.id = p.owner_id and u.status = 'ACTIVE'
    where p.visibility = 'PUBLIC' order by p.item_count desc, p.id limit $1"""
# Somebody who blocks nobody, so that he sees what servers show that know no viewer; the statement that asks is paid all the same.
VIEWER = """insert into identities (subject, user_id) select $1, id from users u
    where status = 'ACTIVE' and not exists (select from blocks b where u.id in (b.user_id, b.blocked_id))
    order by following_count desc, id limit 1 on conflict do nothing"""


@contextmanager
def world(address: str | None) -> Iterator[str]:
    """The address of a world with charts, for the time of the block."""
    if address is not None:
        asyncio.run(_complete(address))
        yield address
        return
    # Durable, and with jit off and random_page_cost 1.1, as every embedded one.
    postgres = EmbeddedPostgres(FOLDER, settings={"max_connections": "200"})
    try:
        dsn = postgres.start()
        asyncio.run(_load(dsn))
        asyncio.run(_complete(dsn))
        yield dsn
    finally:
        postgres.stop()


async def _load(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await migrate(connection, read_migrations())
    finally:
        await connection.close()
    with progress_bar() as progress:
        print(await load_sample(dsn, scale="medium", seed=1, now=NOW, progress=progress))


async def _complete(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(VIEWER, SUBJECT)
        scored = await connection.fetchval("select exists (select from chart_versions where region = 'GLOBAL')")
    finally:
        await connection.close()
    if not scored:
        database = Database(dsn, statement_seconds=SCORING_SECONDS)
        await scoring.score_due(database, NOW, SCORING_SECONDS)
        await database.close()


async def choose_keys(dsn: str, videos: int = 26) -> Keys:
    """Sounds with at least so many videos, and the longest playlists."""
    connection = await asyncpg.connect(dsn)
    try:
        sounds = [row["id"] for row in await connection.fetch(SOUNDS, CHOSEN, videos)]
        return Keys(sounds, [row["id"] for row in await connection.fetch(PLAYLISTS, CHOSEN)])
    finally:
        await connection.close()


async def postmaster(dsn: str) -> tuple[int, str]:
    """The process id of Postgres, whose children are its backends, and its version."""
    connection = await asyncpg.connect(dsn)
    try:
        version: str = await connection.fetchval("show server_version")
        return machine.parent(await connection.fetchval("select pg_backend_pid()")), version
    finally:
        await connection.close()
