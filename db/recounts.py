"""The statements of recounts.sql, by name, and how they are run: whether every count is what the facts say."""

import re
from pathlib import Path
from typing import Any

import asyncpg


def read_recounts(path: Path) -> dict[str, str]:
    """The statements of a file by the name above each, `-- table.what`."""
    blocks = re.split(r"^-- (?=[a-z_.]+$)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: statement for name, _, statement in (block.partition("\n") for block in blocks)}


RECOUNTS = read_recounts(Path(__file__).with_suffix(".sql"))


async def differences(connection: asyncpg.Connection, recounts: dict[str, str] = RECOUNTS) -> dict[str, list[Any]]:
    """What each recount finds, of those that find anything."""
    found = {name: await connection.fetch(statement) for name, statement in recounts.items()}
    return {name: rows for name, rows in found.items() if rows}
