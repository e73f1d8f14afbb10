"""Streams of charts: the chart, then what changed with each new version. Charts are conflated: who is slow hears how the newest one differs."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.bus import CHARTS, Bus
from events.cursor import Cursors
from events.log import Head
from events.watch import Audience, Listener, Reason, Stream, Told, Watch

UNREAD = -1  # the version of a chart before the first look
REMEMBERED = 16  # orders of a chart by version, for who was away for a moment

Chart = Mapping[str, Any]
Order = Sequence[Any]  # the sounds of a chart by rank
# From the versions that are known: how far the log was counted, and the newest version of those charts where it is another.
ReadCharts = Callable[[Mapping[Any, int]], Awaitable[tuple[Head, Mapping[Any, Chart]]]]
ReadVersion = Callable[[Any, int], Awaitable[Chart | None]]


@dataclass(frozen=True, slots=True)
class ChartSource:
    """Which chart a stream tells, and its first so many entries; `dress` makes an update what the interface shows."""

    name: str
    key: Any
    first: int
    dress: Callable[[dict[str, Any]], dict[str, Any]]


class ChartAudience(Audience["ChartListener"]):
    """Those who listen to the same part of one chart. `rounds` counts the minutes in which it was quiet."""

    def __init__(self, source: ChartSource) -> None:
        super().__init__(source.name)
        self.source = source
        self.chart: Chart = {"version": UNREAD}
        self.sequence = 0
        self.rounds = 0
        self.orders: OrderedDict[int, Order] = OrderedDict()
        self.told: dict[int, asyncio.Future[Told | None]] = {}  # of the newest version, by the one that is known

    @property
    def version(self) -> int:
        return self.chart["version"]  # type: ignore[no-any-return]

    def take(self, chart: Chart) -> None:
        """A new version."""
        self.chart = chart
        self.sequence = max(self.sequence, chart["sequence"])
        self.told.clear()
        self.orders[self.version] = self.order(chart)
        if len(self.orders) > REMEMBERED:
            self.orders.popitem(last=False)
        self.ready.set()

    def telling(self) -> Iterable[Told]:
        done = (one.result() for one in self.told.values() if one.done() and not one.exception())
        return [told for told in done if told is not None]

    def order(self, chart: Chart) -> Order:
        """The sounds that this part of a version shows, by rank."""
        return [entry["sound_id"] for entry in chart["entries"][: self.source.first]]


class ChartListener(Listener):
    """One who knows a version of the chart, and how many quiet minutes there were."""

    __slots__ = ("_audience", "_watch", "rounds", "version")

    def __init__(self, watch: "ChartWatch", audience: ChartAudience, version: int) -> None:
        super().__init__()
        self._watch = watch
        self._audience = audience
        self.version = version
        self.rounds = audience.rounds

    def tell(self, _: Told | None) -> None:
        """Gives him what he is to hear now, if somebody has asked for the same before."""
        if self._take is not None:
            news = self._watch.news(self._audience, self.version)
            if news.done() and news.exception() is None:
                told = news.result()
                if told is None or self._take(told):
                    self.hear(self._audience.version)
                    return
        self.wake()

    def hear(self, version: int) -> None:
        """Takes note that he knows this version, and that it was quiet until now."""
        self.version, self.rounds = version, self._audience.rounds

    @property
    def knows_all(self) -> bool:
        return (self.version, self.rounds) == (self._audience.version, self._audience.rounds)


class ChartWatch(Watch[ChartAudience]):
    """One a process: reads each new version of a watched chart once."""

    channel = CHARTS

    def __init__(self, bus: Bus, cursors: Cursors, read: ReadCharts, version: ReadVersion, **rest: Any) -> None:
        super().__init__(bus, cursors, **rest)
        self.counted = Head(0, 0)
        self._read = read
        self._version = version

    async def look(self) -> None:
        known: dict[Any, int] = {}
        for (
            audience
        ) in self.audiences.values():  # of several parts of one chart the one that was never read, if there is one
            key = audience.source.key
            known[key] = min(audience.version, known.get(key, audience.version))
        if not known:
            return
        self.counted, newer = await self._read(known)
        self.epoch = self.counted.epoch
        for audience in list(self.audiences.values()):
            chart = newer.get(audience.source.key)
            if chart is not None and chart["version"] != audience.version:
                audience.take(chart)
                await self.tell(audience)

    async def sweep(self, audience: ChartAudience) -> None:
        audience.sequence = max(audience.sequence, self.counted.sequence)
        audience.rounds += 1
        audience.told.pop(audience.version, None)
        await self.tell(audience)

    def news(self, audience: ChartAudience, version: int) -> "asyncio.Future[Told | None]":
        """What somebody is told who knows this version: what the newest one has that it had not, the whole chart where it is not known any more.

        A checkpoint where it is the newest; None where nothing changed in what is shown.
        """
        known = audience.told.get(version)
        if known is None or (known.done() and known.exception()):
            known = asyncio.ensure_future(self._difference(audience, audience.chart, version))
            audience.told[version] = known
        return known

    async def _difference(self, audience: ChartAudience, chart: Chart, version: int) -> Told | None:
        if version == chart["version"]:
            return self.checkpoint(audience, audience.sequence, version)
        entries = chart["entries"][: audience.source.first]
        before = await self._order(audience, version)
        if before is None:
            update = {"__typename": "TrendingSnapshot", "chart": chart, "entries": entries}
        else:
            update = {"__typename": "TrendingDelta", "chart": chart, **difference(before, entries)}
            if not any(update[part] for part in ("entered", "moved", "left")):
                return None
        dressed = audience.source.dress(update)
        return self.told(audience.stream, dressed, audience.sequence, chart["as_of"], version=chart["version"])

    async def _order(self, audience: ChartAudience, version: int) -> Order | None:
        if version <= 0 or version in audience.orders:
            return audience.orders.get(
                version, None if version else []
            )  # version 0 is the empty chart before the first
        chart = await self._version(audience.source.key, version)
        return None if chart is None else audience.order(chart)


def difference(before: Order, entries: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The entries that are new among these, those whose rank is another, and the sounds that are not among them any more."""
    ranks = {sound_id: rank for rank, sound_id in enumerate(before, start=1)}
    here = {entry["sound_id"] for entry in entries}
    return {
        "entered": [entry for entry in entries if entry["sound_id"] not in ranks],
        "moved": [entry for entry in entries if ranks.get(entry["sound_id"], entry["rank"]) != entry["rank"]],
        "left": [sound_id for sound_id in before if sound_id not in here],
    }


def chart_stream(watch: ChartWatch, source: ChartSource, after: str | None) -> Stream:
    """A checkpoint, the chart, then what changed with each new version, and a checkpoint each quiet minute.

    Who comes back with a cursor is told what changed since, or the chart where its version is not kept any more. Raises BadCursor where no stream gave
    `after`.
    """
    return Stream(_versions(watch, source, after))


async def _versions(watch: ChartWatch, source: ChartSource, after: str | None) -> AsyncGenerator[Told | Listener, None]:
    place = watch.read(after) if after is not None else None
    with watch.attend(source.name, lambda: ChartAudience(source)) as audience:
        await watch.ready(audience)
        if place is not None and place.stream != source.name:
            yield watch.resync(source.name, audience.sequence, Reason.FILTER_CHANGED, UNREAD)
            return
        version = place.version if place is not None and place.epoch == watch.epoch else UNREAD
        if place is not None and version != UNREAD:
            audience.sequence = max(audience.sequence, place.sequence)
        listener = ChartListener(watch, audience, version)
        yield watch.checkpoint(audience, audience.sequence, version)
        with audience.joined(listener):
            while True:
                if listener.knows_all:
                    yield listener
                    listener.check()
                    continue
                newest, news = audience.version, watch.news(audience, listener.version)
                told = news.result() if news.done() else await asyncio.shield(news)
                listener.hear(newest)
                if told is not None:
                    yield told
