"""The statements of recounts.sql, by name, and how they are run: whether every count is what the facts say."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

KEYS = {
    "sounds": ("id",),
    "users": ("id",),
    "artists": ("id",),
    "tracks": ("id",),
    "playlists": ("id",),
    "videos": ("sound_id", "id"),
    "video_comments": ("sound_id", "id"),
    "track_comments": ("track_id", "id"),
    "hashtags": ("name",),
    "community_niches": ("sound_id", "niche_id"),
    "community_regions": ("sound_id", "region"),
    "community_growth": ("sound_id", "interval", "at"),
    "trend_counters": ("sound_id", "region", "niche_id"),
    "trend_scopes": ("region", "niche_id"),
    "videos_ahead": ("sound_id", "video_id"),
}  # of the tables that are counted; statements are made of these names alone
# A recount reads the counts of the table that it is named after, and these beside it.
BESIDE = {"sounds.videos": ["videos"], "trend_counters.sums": ["videos_ahead"], "trend_scopes": ["trend_counters"]}

Rows = list[dict[str, Any]]


def read_recounts(path: Path) -> dict[str, str]:
    """The statements of a file by the name above each, `-- table.what`."""
    blocks = re.split(r"^-- (?=[a-z_.]+$)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: statement for name, _, statement in (block.partition("\n") for block in blocks)}


RECOUNTS = read_recounts(Path(__file__).with_suffix(".sql"))


async def differences(
    connection: asyncpg.Connection, recounts: Mapping[str, str] = RECOUNTS, counted: Mapping[str, Rows] | None = None
) -> dict[str, list[Any]]:
    """What each recount finds, of those that find anything; rows of `counted`, by table, stand in the place of those that are stored."""
    counted = counted or {}
    found = {}
    for name, statement in recounts.items():
        tables = [table for table in (name.partition(".")[0], *BESIDE.get(name, [])) if counted.get(table)]
        instead = ", ".join(_instead(table, place) for place, table in enumerate(tables, start=1))
        rows = [counted[table] for table in tables]
        found[name] = await connection.fetch(f"with {instead} {statement}" if tables else statement, *rows)
    return {name: rows for name, rows in found.items() if rows}


def _instead(table: str, place: int) -> str:
    # What is told of a table by its name in the statement behind it.
    given = f"jsonb_populate_recordset(null::{table}, ${place}::jsonb)"
    same = " and ".join(f"""given."{key}" = stored."{key}\"""" for key in KEYS[table])
    return (
        f"{table} as not materialized (select * from {table} stored where not exists (select from {given} given where {same})"  # noqa: S608
        f" union all select * from {given})"
    )


async def see_snapshot(connection: asyncpg.Connection, snapshot: str) -> None:
    """Lets a transaction that has just begun see what the one that shares this snapshot sees."""
    await connection.execute("set transaction isolation level repeatable read")
    await connection.execute(f"set transaction snapshot '{snapshot}'")


async def copy_rows(connection: asyncpg.Connection, table: str, keys: Collection[tuple[Any, ...]]) -> None:
    """From here to the end of the transaction the table's name means, for this session alone, a copy of these rows."""
    wanted = [dict(zip(KEYS[table], map(_plain, key), strict=True)) for key in keys]
    columns = ", ".join(f'"{key}"' for key in KEYS[table])
    await connection.execute(f"create temp table copied on commit drop as select * from {table} with no data")  # noqa: S608
    await connection.execute(
        f"insert into copied select stored.* from {table} stored join"  # noqa: S608
        f" (select {columns} from jsonb_populate_recordset(null::{table}, $1::jsonb)) wanted using ({columns})",
        wanted,
    )
    await _name_copy(connection, table)


async def copy_log(connection: asyncpg.Connection, type_: str, bodies: Sequence[Any]) -> None:
    """Likewise the log: numbered from 1, and of one type."""
    await connection.execute("create temp table copied (sequence bigint, type text, body jsonb) on commit drop")
    await connection.execute(
        "insert into copied select place, $1, body from jsonb_array_elements($2::jsonb) with ordinality given(body, place)",
        type_,
        list(bodies),
    )
    await _name_copy(connection, "log")


async def _name_copy(connection: asyncpg.Connection, table: str) -> None:
    # What was prepared before means the table itself still, until it is planned again.
    await connection.execute(f"alter table copied rename to {table}")
    await connection.execute("discard plans")


async def copied_rows(connection: asyncpg.Connection, table: str) -> Rows:
    """The rows of the copy as they are now."""
    rows: Rows = await connection.fetchval(f"select coalesce(jsonb_agg(to_jsonb(t)), '[]') from {table} t")  # noqa: S608
    return rows


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
