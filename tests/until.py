"""Waits for what another process, or Postgres, is about to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 60.0  # seconds: what comes at all comes sooner, however busy the machine


async def until(true: Callable[[], Awaitable[object]], seconds: float = PATIENCE) -> None:
    """Returns once the answer is truthy; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110  nobody in this process knows when
            await asyncio.sleep(0.01)


def until_now(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """The same for whoever has no loop."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
