"""The commands of operators: is every count what the facts say, and what is to be seen no longer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from db.database import Database
from reach import Address, CommandFailed, database_url
from settings import load
from trending.recount import NeverStill, differences

RECOUNT_SECONDS = 3600.0
SHOWN = 5  # rows of a recount


def recount(address: Address = None) -> None:
    """Count everything again from the facts; fail where a stored count differs."""
    found = asyncio.run(_differences(database_url(load(), address)))
    if not found:
        typer.echo("Every count and sum is what the facts say.")
        return
    Console(soft_wrap=True).print(_table(found))
    raise CommandFailed(f"{len(found)} of the recounts found what the facts do not say.")


async def _differences(dsn: str) -> dict[str, list[Any]]:
    database = Database(dsn, readers=1, writers=1, statement_seconds=RECOUNT_SECONDS)
    try:
        return await differences(database, datetime.now(UTC))
    except NeverStill as error:
        raise CommandFailed(str(error)) from error
    finally:
        await database.close()


def _table(found: dict[str, list[Any]]) -> Table:
    table = Table("recount", "rows", "the first of them")
    for name, rows in found.items():
        first = "; ".join(", ".join(map(str, row)) for row in rows[:SHOWN])
        table.add_row(name, str(len(rows)), first)
    return table
