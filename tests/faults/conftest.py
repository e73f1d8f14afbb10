"""One house of real processes for all faults: starting it costs more than most of what is done to it."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    """The house, which answers when a test begins."""
    with tempfile.TemporaryDirectory(prefix="chorus-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # noqa: ASYNC240  where the tests run as root, Postgres is somebody else
        house = Stage(folder)
        try:
            await house.open()
            yield house
        finally:
            await house.close()
