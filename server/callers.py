"""Who holds streams open: how many each caller, and whether their tokens still hold."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from server.auth import Claims
from server.errors import TooManyStreams, code_of

# By subject: the time (seconds since 1970) up to which its tokens were revoked.
Revoked = Callable[[Sequence[str]], Awaitable[Mapping[str, float]]]
RECHECK = 2.0  # seconds

logger = logging.getLogger("chorus.server")


@dataclass(slots=True, eq=False)
class Held:
    """A stream that somebody holds open with a token, and how it ends when that holds no more."""

    claims: Claims
    end: Callable[[], None]


class Callers:
    """Sockets and event streams together; a caller is a token's subject, or an address."""

    def __init__(self, most: int, revoked: Revoked | None = None) -> None:
        self._most = most
        self._revoked = revoked
        self._open: Counter[str] = Counter()
        self._held: set[Held] = set()
        self._checking: asyncio.Task[None] | None = None

    @contextmanager
    def room_for(self, connection: HTTPConnection, claims: Claims | None, end: Callable[[], None]) -> Iterator[None]:
        """Counts one more for the time of the block; raises TooManyStreams. Calls `end` where its token is revoked meanwhile."""
        client = connection.client
        caller = claims.subject if claims else client.host if client else ""
        if self._open[caller] >= self._most:
            raise TooManyStreams(f"Too many sockets: {self._most} are allowed at a time")
        self._open[caller] += 1
        held = Held(claims, end) if claims else None
        if held is not None:
            self._hold(held)
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
            if held is not None:
                self._held.discard(held)

    def _hold(self, held: Held) -> None:
        self._held.add(held)
        if self._revoked is not None and (self._checking is None or self._checking.done()):
            self._checking = asyncio.create_task(self._check(self._revoked))

    async def _check(self, revoked: Revoked) -> None:
        # For as long as anybody holds a stream with a token.
        while self._held:
            await asyncio.sleep(RECHECK)
            try:
                until = await revoked(list({held.claims.subject for held in self._held}))
            except Exception as error:
                if code_of(error) is None:
                    raise
                logger.warning("whether tokens were revoked cannot be asked: %s", error)
                continue
            for held in list(self._held):
                if held.claims.issued_at <= until.get(held.claims.subject, -1.0):
                    held.end()
