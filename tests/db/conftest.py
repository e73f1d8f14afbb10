"""Loads that are watched."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.ask import Api
from tests.db.loads import ARRANGED, Loads


@pytest.fixture
async def loads(api: Api) -> AsyncIterator[Loads]:
    """Over thirty users and nine sounds, with two connections; after each test nothing may be left of its loads."""
    for statement in ARRANGED:
        await api.sql(statement)
    watched = Loads(api, readers=2)
    await asyncio.gather(watched.ask("user_by_id", [1]), watched.ask("sound_by_id", [1]))
    watched.sent.clear()
    yield watched
    await watched.close()
