"""One house of real processes for all faults: starting it costs more than most of what is done to it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from tests.faults.stage import Stage
from tests.trending.examples import LONG

if LONG:

    def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
        """On uvloop thousands of sockets cost their clients half as much, which the server has then."""
        return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[Stage]:
    """The house."""
    with tempfile.TemporaryDirectory(prefix="chorus-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # noqa: ASYNC240  where the tests run as root, Postgres is somebody else
        stage = Stage(folder)
        try:
            await stage.open()
            yield stage
        finally:
            await stage.close()


@pytest.fixture
async def stage(house: Stage) -> Stage:
    """The house when a test begins: all of it is there, whatever the test before left of it."""
    await house.stands()
    return house
