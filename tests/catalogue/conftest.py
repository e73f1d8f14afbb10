"""Databases for those who only read: the small scene, and the larger one on which statements are counted."""

from collections.abc import AsyncIterator

import pytest

from db.database import Database
from tests.ask import Api
from tests.catalogue.scene import MANY, SCENE, arrange
from tests.conftest import NOW, Copy


async def arranged(copy: Copy, template: str, statements: tuple[str, ...]) -> AsyncIterator[Api]:
    async with copy(template) as dsn:
        database = Database(dsn)
        yield await arrange(Api(database, NOW), statements)
        await database.close()


@pytest.fixture(scope="session")
async def scene(copy: Copy, template: str) -> AsyncIterator[Api]:
    """The small scene, to be read only."""
    async for api in arranged(copy, template, SCENE):
        yield api


@pytest.fixture(scope="session")
async def many(copy: Copy, template: str) -> AsyncIterator[Api]:
    """Two parents with 130 of each thing, to be read only."""
    async for api in arranged(copy, template, MANY):
        yield api
