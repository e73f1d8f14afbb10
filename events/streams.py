"""The sources of subscriptions: what a listener is told, in order, beginning with a checkpoint."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from db.errors import DatabaseUnavailable
from events.bus import CHARTS, Bus, Wakeups
from events.cursor import Cursors
from events.log import Head

logger = logging.getLogger(__name__)
QUIET = 60.0  # seconds without news until a checkpoint
UNREAD = -1  # the version of a chart before the first look

Chart = Mapping[str, Any]
# From the versions that are known: how far the log was counted, and the newest version of those charts where it is another.
ReadCharts = Callable[[Mapping[Any, int]], Awaitable[tuple[Head, Mapping[Any, Chart]]]]


class Listener:
    """One who waits for versions of one chart. Charts are conflated: who is slow finds the newest, not each."""

    def __init__(self, watch: "ChartWatch", chart: Chart | None) -> None:
        self.wakeups = Wakeups()
        self.chart = chart
        self._watch = watch

    @property
    def counted(self) -> Head:
        """How far the log was counted when the charts were last looked at."""
        return self._watch.counted

    async def first(self) -> Chart:
        """The chart as it is at the beginning."""
        while self.chart is None:
            await self.wait(QUIET)
        return self.chart

    async def wait(self, seconds: float) -> bool:
        """Returns at a new version, or False after so many seconds; raises what the watch failed with."""
        woken = await self.wakeups.wait(seconds)
        self._watch.check()
        return woken


class ChartWatch:
    """One a process: reads each new version of a watched chart once, however many listen to it."""

    def __init__(self, bus: Bus, read: ReadCharts) -> None:
        self.counted = Head(0, 0)
        self._bus = bus
        self._read = read
        self._charts: dict[Any, Chart] = {}
        self._listeners: dict[Any, set[Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self._news: Wakeups | None = None

    @contextmanager
    def listen(self, key: Any) -> Iterator[Listener]:
        """A listener to the chart of this key for the time of the block."""
        listener = Listener(self, self._charts.get(key))
        self._listeners.setdefault(key, set()).add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        elif self._news is not None:
            self._news.wake()
        try:
            yield listener
        finally:
            self._leave(key, listener)

    def check(self) -> None:
        """Raises what the watch failed with."""
        if self._task is not None and self._task.done():
            self._task.result()

    def _leave(self, key: Any, listener: Listener) -> None:
        self._listeners[key].discard(listener)
        if not self._listeners[key]:
            del self._listeners[key]
            self._charts.pop(key, None)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        try:
            with self._bus.listen(CHARTS) as news:
                self._news = news
                while True:
                    await self._look()
                    await news.wait()
        finally:
            for listener in [listener for listeners in self._listeners.values() for listener in listeners]:
                listener.wakeups.wake()

    async def _look(self) -> None:
        if not self._listeners:
            return
        known = {key: self._charts[key]["version"] if key in self._charts else UNREAD for key in self._listeners}
        try:
            self.counted, newer = await self._read(known)
        except DatabaseUnavailable as error:
            logger.warning("charts cannot be read, their listeners wait: %s", error)
            return
        for key, chart in newer.items():
            if key not in self._listeners:
                continue
            self._charts[key] = chart
            for listener in self._listeners[key]:
                listener.chart = chart
                listener.wakeups.wake()


async def trending_stream(
    watch: ChartWatch,
    cursors: Cursors,
    key: tuple[Any, ...],
    *,
    first: int,
    clock: Callable[[], datetime],
    after: str | None = None,
    quiet: float = QUIET,
) -> AsyncGenerator[dict[str, Any], None]:
    """A checkpoint, the chart's first entries, then again at each new version, and a checkpoint each quiet minute.

    Raises BadCursor where `after` is not a cursor of this chart. Who comes back with one gets the chart unless he has it already.
    """
    scope = "|".join(("trendingSounds", *map(str, key)))
    epoch, _, version = cursors.read(scope, after) if after is not None else (None, 0, UNREAD)
    with watch.listen(key) as listener:
        chart = await listener.first()
        if epoch != listener.counted.epoch:
            version = UNREAD
        sequence: int = chart["sequence"]

        def update(typename: str, occurred_at: datetime, **fields: Any) -> dict[str, Any]:
            cursor = cursors.sign(scope, [listener.counted.epoch, sequence, version])
            told = {"__typename": typename, "cursor": cursor, "sequence": sequence, "occurred_at": occurred_at}
            return told | fields

        yield update("StreamCheckpoint", clock())
        while True:
            chart = await listener.first()
            if chart["version"] != version:
                version, sequence = chart["version"], max(sequence, chart["sequence"])
                yield update("TrendingSnapshot", chart["as_of"], chart=chart, entries=chart["entries"][:first])
            elif not await listener.wait(quiet):
                sequence = max(sequence, listener.counted.sequence)
                yield update("StreamCheckpoint", clock())
