"""A loader whose statements depend on the shape of a query alone, never on which answer came first."""

import asyncio
from typing import Any

from db.loader import Batch, Loader, Send

QUIET_TICKS = 20  # turns of the loop without a new load, after which none is coming before an answer does


class LockstepLoader(Loader):
    """Sends when nothing more arrives, and hands out the answers of all statements at once."""

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._turn = asyncio.Lock()

    def _schedule(self, batch: Batch) -> None:
        if len(self._open) == 1:
            self._start(self._step())

    async def _step(self) -> None:
        async with self._turn:
            seen = -1
            while seen != self._asked():
                seen = self._asked()
                for _ in range(QUIET_TICKS):
                    await asyncio.sleep(0)
            batches = list(self._open.values())
            answers: list[Any] = await asyncio.gather(*map(self._fetch, batches))
            for batch, found in zip(batches, answers, strict=True):
                batch.settle(found)

    def _asked(self) -> int:
        return sum(1 + len(batch.keys) for batch in self._open.values())
