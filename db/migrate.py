"""Forward-only numbered migrations, one transaction each, under an advisory lock."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.errors import DomainError

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x63686F727573  # "chorus": two processes that start at once migrate one after the other
FILE = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
HISTORY = """
create table if not exists migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


class BadMigration(DomainError):
    """The migrations cannot be applied to this database."""


@dataclass(frozen=True)
class Migration:
    """One file: its number, its name, its text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files in order; raises BadMigration for a name out of form or a number that is missing or double."""
    migrations = []
    for path in sorted(folder.iterdir()):
        if path.suffix != ".sql":
            continue
        found = FILE.match(path.name)
        if found is None:
            raise BadMigration(f"{path.name}: a migration is named like 0001_what_it_does.sql")
        migrations.append(Migration(int(found[1]), path.name, path.read_text(encoding="utf-8")))
    for expected, migration in enumerate(migrations, start=1):
        if migration.number != expected:
            raise BadMigration(
                f"{migration.name}: expected number {expected:04d}; numbers count up from 0001 without a gap"
            )
    return migrations


async def migrate(connection: asyncpg.Connection, migrations: list[Migration]) -> list[str]:
    """Applies what is missing and returns the names; raises BadMigration, and then nothing of the failed one remains."""
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    try:
        await connection.execute(HISTORY)
        rows = await connection.fetch("select number, name, checksum from migrations order by number")
        applied = {row["number"]: row for row in rows}
        check_history(migrations, applied)
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            await _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK)


def check_history(migrations: list[Migration], applied: dict[int, asyncpg.Record]) -> None:
    """Raises BadMigration where the database was migrated by other files than these."""
    known = {migration.number: migration for migration in migrations}
    for number, row in applied.items():
        if number not in known:
            raise BadMigration(
                f"the database has migration {row['name']}, which this version of Chorus does not know: it was migrated by a newer one"
            )
        if known[number].checksum != row["checksum"]:
            raise BadMigration(
                f"{known[number].name} was changed after it was applied; undo the change and write a new migration"
            )
    gap = next((number for number in range(1, len(applied) + 1) if number not in applied), None)
    if gap is not None:
        raise BadMigration(f"the database has later migrations but not {gap:04d}: its history was edited by hand")


async def require_current(connection: asyncpg.Connection, migrations: list[Migration]) -> None:
    """Raises BadMigration where the database is not at exactly this schema."""
    there = await connection.fetchval("select to_regclass('migrations') is not null")
    rows = await connection.fetch("select number, name, checksum from migrations order by number") if there else []
    check_history(migrations, {row["number"]: row for row in rows})
    if len(rows) < len(migrations):
        raise BadMigration(f"the database lacks {migrations[len(rows)].name} and what follows: run `chorus migrate`")


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into migrations (number, name, checksum) values ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.checksum,
            )
    except asyncpg.PostgresError as error:
        raise BadMigration(f"{migration.name}: {error}") from error
