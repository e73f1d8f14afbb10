"""The recounts of recounts.sql, by name, and how they are run."""

import re
from pathlib import Path
from typing import Any

import asyncpg

RECOUNTS = {
    name: statement
    for name, _, statement in (
        block.partition("\n")
        for block in re.split(
            r"^-- (?=[a-z_.]+$)", (Path(__file__).parent / "recounts.sql").read_text("utf-8"), flags=re.M
        )[1:]
    )
}


async def differences(connection: asyncpg.Connection) -> dict[str, list[Any]]:
    """What each recount finds, of those that find anything."""
    found = {name: await connection.fetch(statement) for name, statement in RECOUNTS.items()}
    return {name: rows for name, rows in found.items() if rows}
