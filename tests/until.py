"""Waits for what another process, or Postgres, is about to do."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(true: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
    """Returns once the answer is truthy; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110  nobody in this process knows when
            await asyncio.sleep(0.01)
