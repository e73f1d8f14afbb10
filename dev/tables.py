"""How rows of the sample world reach Postgres: COPY from columns, with indexes and keys put aside meanwhile."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np

from db.database import connect
from dev.world import Integers

SLICE = 20_000  # rows that are Python objects at a time

# Not the sample's: how the database came to be, what every database has, and what only happens while somebody serves it.
KEPT = [
    "migrations",
    "sample_worlds",
    "niches",
    "outbox",
    "log_head",
    "consumers",
    "idempotency_results",
    "chart_versions",
    "chart_peaks",
    "shares",
    "reports",
    "video_erasures",
    "videos_ahead",
    "play_folds",
    "play_hours",
]

Column = np.ndarray[Any, Any] | Sequence[Any]


@dataclass(frozen=True)
class Table:
    """A table to fill: its columns, as COPY has them, and the rows, made as they are needed."""

    name: str
    columns: str
    rows: Iterable[Sequence[Any]]


def rows(*columns: Column, make: Callable[..., Iterable[Sequence[Any]]] = zip) -> Iterator[Sequence[Any]]:
    """The rows of these columns of one length; `make` gets a slice of each as lists and may add to them."""
    for start in range(0, len(columns[0]), SLICE):
        parts = [column[start : start + SLICE] for column in columns]
        yield from make(*(part.tolist() if isinstance(part, np.ndarray) else part for part in parts))


def identity(numbers: Integers) -> Integers:
    """Ids of things that are numbered from 0."""
    return np.asarray(numbers + 1, np.int64)


def reference(numbers: Integers) -> list[int | None]:
    """Ids of things that are numbered from 0, None for -1."""
    return [number + 1 if number >= 0 else None for number in numbers.tolist()]


async def fill(connection: asyncpg.Connection, table: Table, advance: Callable[[int], None]) -> None:
    """Streams the rows into the table, and tells `advance` of each slice of them."""

    def told() -> Iterator[Sequence[Any]]:
        number = 0
        for number, row in enumerate(table.rows, start=1):
            if number % SLICE == 0:
                advance(SLICE)
            yield row
        advance(number % SLICE)

    await connection.copy_records_to_table(table.name, columns=table.columns.split(), records=told())


async def put_keys_aside(connection: asyncpg.Connection, tables: Sequence[str]) -> list[str]:
    """Drops the keys of these tables, foreign ones too; returns the statements that make them again, in their order."""
    constraints = await connection.fetch(
        """
        select conrelid::regclass::text as "table", quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
        from pg_constraint
        where conrelid = any ($1::text[]::regclass[]) and contype in ('f', 'p', 'u')
        order by contype = 'f' desc, conrelid::regclass::text, conname
        """,
        tables,
    )
    for constraint in constraints:
        await connection.execute(f"alter table {constraint['table']} drop constraint {constraint['name']}")
    return [
        f"alter table {constraint['table']} add constraint {constraint['name']} {constraint['definition']}"
        for constraint in reversed(constraints)  # foreign keys last: they stand on the others
    ]


async def put_indexes_aside(connection: asyncpg.Connection, tables: Sequence[str]) -> list[str]:
    """Drops the indexes of these tables but for those of keys; returns the statements that make them again."""
    indexes = await connection.fetch(
        """
        select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
        from pg_index
        where indrelid = any ($1::text[]::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
        order by indexrelid::regclass::text
        """,
        tables,
    )
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    return [index["definition"] for index in indexes]


async def own_tables(connection: asyncpg.Connection) -> list[str]:
    """The tables that a sample world consists of."""
    rows = await connection.fetch(
        """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and not relispartition and relname <> all ($1) order by relname
        """,
        KEPT,
    )
    return [row["relname"] for row in rows]


async def open_session(dsn: str) -> asyncpg.Connection:
    """A connection for a long transaction over millions of rows; timestamptz are whole microseconds since 2000 on it."""
    connection = await connect(dsn, application="chorus sample")
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda value: (value,),
        decoder=lambda value: value[0],
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + json.dumps(value, ensure_ascii=False).encode(),
        decoder=lambda value: json.loads(value[1:]),
    )
    for name, value in {
        "idle_in_transaction_session_timeout": "0",
        "transaction_timeout": "0",
        "statement_timeout": "0",
        "work_mem": "256MB",
        "maintenance_work_mem": "512MB",
        # Sums of floats come out the same every time.
        "max_parallel_workers_per_gather": "0",
        "synchronize_seqscans": "off",
        "synchronous_commit": "off",
    }.items():
        await connection.execute("select set_config(name, $2, false) from pg_settings where name = $1", name, value)
    return connection
