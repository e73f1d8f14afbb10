"""The contract of whatever carries facts to those who listen: wake-ups, and reading from a position.

A wake-up says only that there may be something to read. It can be lost and can come for nothing: who listens reads again after a second
at the latest, whatever he heard.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from events import log
from events.log import Head

CHARTS = "chorus_charts"
CHANNELS = (log.CHANNEL, CHARTS)
PATIENCE = 1.0  # seconds until a reader looks without having been woken


class Wakeups:
    """The wake-ups of one channel for one reader; any number between two waits are one."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def wait(self, seconds: float = PATIENCE) -> bool:
        """Returns when woken, or False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Logged(Protocol):
    """A row of the log: `sequence`, `type`, `occurred_at`, `logged_at`, `body`."""

    def __getitem__(self, column: str, /) -> Any: ...


class Bus(Protocol):
    """What a backend does."""

    def listen(self, channel: str) -> AbstractContextManager[Wakeups]:
        """Wake-ups of a channel for the time of the block."""

    async def head(self) -> Head:
        """The end of the log."""

    async def after(self, sequence: int, limit: int) -> Sequence[Logged]:
        """The facts after this sequence, in order."""
