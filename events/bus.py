"""The contract of whatever carries facts to those who listen: wake-ups, and reading from a position.

A wake-up says only that there may be something to read. It can be lost and can come for nothing: who listens reads again after a second
at the latest, whatever he heard.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

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


class Fact(Protocol):
    """A row of the log: `sequence`, `type`, `occurred_at`, `logged_at`, `body`."""

    def __getitem__(self, column: str, /) -> Any: ...


class Topic(NamedTuple):
    """Some of the facts: those of these types, and with a `column` only those whose body has `key` there."""

    types: frozenset[str]
    column: str | None = None
    key: int | None = None


class Bus(Protocol):
    """What a backend does; tests/events/test_bus.py holds each to it."""

    def listen(self, channel: str) -> AbstractContextManager[Wakeups]:
        """Wake-ups of a channel for the time of the block."""

    async def head(self) -> Head:
        """Where the log begins and ends."""

    async def after(self, sequence: int, limit: int) -> Sequence[Fact]:
        """The facts after this sequence, in order."""

    async def of(self, topic: Topic, after: int, until: int, limit: int) -> Sequence[Fact]:
        """The facts of a topic after one sequence and up to another, in order: as many as `limit` where there are so many."""
