"""How many streams each caller holds open: a token's subject, or an address."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import HTTPConnection

from server.auth import Claims
from server.errors import TooManyStreams


class Callers:
    """Counts sockets and event streams together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def room_for(self, connection: HTTPConnection, claims: Claims | None) -> Iterator[None]:
        """Counts one more for the time of the block; raises TooManyStreams."""
        client = connection.client
        caller = claims.subject if claims else client.host if client else ""
        if self._open[caller] >= self._most:
            raise TooManyStreams(f"Too many sockets: {self._most} are allowed at a time")
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
