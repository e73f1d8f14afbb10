"""A door for everybody who asks it nothing special."""

from collections.abc import Iterator

import pytest

from tests.server.door import Door, serving


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """The small schema with the limits of production."""
    with serving() as running:
        yield running
