"""The sample world: whole, exact, the same for the same seed, believable, and never loaded twice."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.database import connect
from dev.sample import SampleRefused, load_sample
from dev.tables import own_tables
from tests.conftest import NOW, Copy

RECOUNTS = {
    name: sql
    for name, _, sql in (
        block.partition("\n") for block in re.split(r"^-- (?=[a-z_.]+$)", (Path(__file__).parent / "recounts.sql").read_text(), flags=re.M)[1:]
    )
}


@pytest.fixture(scope="module")
async def sample(copy: Copy, template_world: str) -> Any:
    async with copy(template_world) as dsn:
        connection = await connect(dsn)
        yield connection
        await connection.close()


@pytest.mark.parametrize("name", RECOUNTS)
async def test_every_stored_count_is_what_its_rows_say(sample: asyncpg.Connection, name: str) -> None:
    assert await sample.fetch(RECOUNTS[name]) == []


async def test_it_has_something_of_everything(sample: asyncpg.Connection) -> None:
    counts = {name: await sample.fetchval(f"select count(*) from {name}") for name in await own_tables(sample)}

    assert [name for name, count in counts.items() if count == 0] == []
    assert (counts["users"], counts["sounds"], counts["videos"]) == (2_000, 400, 20_000)
