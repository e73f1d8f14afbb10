"""Migrations: forward only, in order, once; and db/schema.sql is what they produce."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.database import connect
from db.migrate import FOLDER, BadMigration, Migration, migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from dev.world import NICHES
from tests.conftest import Copy, address, run_sql

SCHEMA = FOLDER.parent / "schema.sql"


@pytest.fixture
async def blank(copy: Copy) -> AsyncIterator[str]:
    """The address of a database without anything in it."""
    async with copy("template0") as dsn:
        yield dsn


def dump(cluster: EmbeddedPostgres, dsn: str) -> list[str]:
    ran = subprocess.run(
        [cluster.binaries / "pg_dump", "--inserts", "--no-owner", "--exclude-table=migrations", dsn],
        check=True,
        capture_output=True,
        text=True,
    )
    # Newer ones write a random word into \restrict, and comments name the version.
    return [line for line in ran.stdout.splitlines() if line and not line.startswith(("--", "\\"))]


async def test_the_migrations_produce_schema_sql(cluster: EmbeddedPostgres, template: str, blank: str) -> None:
    await run_sql(blank, SCHEMA.read_text(encoding="utf-8"))
    assert dump(cluster, blank) == dump(cluster, address(cluster, template))


async def test_a_second_run_does_nothing_and_two_at_once_migrate_once(blank: str) -> None:
    connections = [await connect(blank) for _ in range(2)]
    applied = await asyncio.gather(*(migrate(connection, read_migrations()) for connection in connections))
    assert sorted(map(len, applied)) == [0, len(read_migrations())]
    assert await migrate(connections[0], read_migrations()) == []
    for connection in connections:
        await connection.close()


async def test_a_sample_world_that_brought_its_niches_keeps_them(blank: str) -> None:
    connection = await connect(blank)
    await migrate(connection, read_migrations()[:2])
    brought = [(place, slug, slug.upper()) for place, slug in enumerate(NICHES, start=1)]
    await connection.copy_records_to_table("niches", records=brought)
    assert "0003_niches.sql" in await migrate(connection, read_migrations())
    assert [tuple(row) for row in await connection.fetch("select id, slug, name from niches order by id")] == brought
    await connection.close()


async def test_an_operator_s_own_niches_stay_among_ours(blank: str) -> None:
    connection = await connect(blank)
    await migrate(connection, read_migrations()[:2])
    await connection.execute("insert into niches values (5, 'choirs', 'Choirs'), (90, 'art', 'Arts')")
    await migrate(connection, read_migrations())
    slugs = {row["id"]: row["slug"] for row in await connection.fetch("select id, slug from niches")}
    assert (slugs[5], slugs[90]) == ("choirs", "art")
    assert sorted(slugs) == [*range(1, 18), 90]
    await connection.close()


@pytest.mark.parametrize(
    ("migrations", "message"),
    [
        ([Migration(1, "0001_a.sql", "select 1;")], "0001_a.sql was changed after it was applied"),
        ([], "the database has migration 0001_foundation.sql, which this version of Chorus does not know"),
    ],
)
async def test_a_history_of_other_files_is_refused(blank: str, migrations: list[Migration], message: str) -> None:
    connection = await connect(blank)
    await migrate(connection, read_migrations())
    with pytest.raises(BadMigration, match=message):
        await migrate(connection, migrations)
    await connection.close()


async def test_a_migration_that_fails_leaves_nothing(blank: str) -> None:
    connection = await connect(blank)
    with pytest.raises(BadMigration, match="0001_a"):
        await migrate(connection, [Migration(1, "0001_a.sql", "create table kept (n int); select no_such_function();")])
    assert await connection.fetchval("select to_regclass('kept')") is None
    await connection.close()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_a.sql", "0003_b.sql"], "0003_b.sql: expected number 0002"),
        (["0001_a.sql", "0001_b.sql"], "0001_b.sql: expected number 0002"),
        (["one.sql"], "one.sql: a migration is named like"),
    ],
)
def test_files_out_of_order_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(BadMigration, match=message):
        read_migrations(tmp_path)
