"""A loader whose statements depend on the shape of a query alone, never on which answer came first."""

import asyncio

from db.batch import Batch
from db.loader import Loader, Send

QUIET_TICKS = 20  # turns of the loop without a new load, after which none is coming before an answer does


class LockstepLoader(Loader):
    """Sends when nothing more arrives, and hands out the answers of all statements at once."""

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._turn = asyncio.Lock()
        self._step_of: list[Batch] = []

    def _line_up(self, batch: Batch) -> None:
        self._step_of.append(batch)
        if len(self._step_of) == 1:
            self._start(self._step())

    async def _step(self) -> None:
        async with self._turn:
            seen = -1
            while seen != self._waiting:
                seen = self._waiting
                for _ in range(QUIET_TICKS):
                    await asyncio.sleep(0)
            batches, self._step_of = self._step_of, []
            outcomes = await asyncio.gather(*map(self._fetch, batches))
            for batch, outcome in zip(batches, outcomes, strict=True):
                batch.settle(outcome)
