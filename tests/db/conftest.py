"""Loads that are watched."""

from collections.abc import AsyncIterator

import pytest

from tests.ask import Api
from tests.db.loads import ARRANGED, Loads, warm


@pytest.fixture
async def loads(api: Api) -> AsyncIterator[Loads]:
    """Over thirty users and nine sounds, with two connections; after each test nothing may be left of its loads."""
    for statement in ARRANGED:
        await api.sql(statement)
    watched = Loads(api, readers=2)
    await warm(watched)
    yield watched
    await watched.close()
