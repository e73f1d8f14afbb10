"""A door for everybody who asks it nothing special."""

from collections.abc import Iterator

import pytest

from tests.server.door import Door, serving
from tests.until import until_now


@pytest.fixture(scope="session")
def open_door() -> Iterator[Door]:
    with serving() as running:
        yield running


@pytest.fixture
def door(open_door: Door) -> Door:
    """The small schema with the limits of production, and no stream of an earlier test."""
    until_now(lambda: not open_door.seen.open_streams)
    return open_door
