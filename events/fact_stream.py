"""Streams of facts: what was missed is read again, then each fact is told as it comes, without a gap and without a duplicate."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from events import log
from events.bus import Fact, Topic
from events.watch import FRESH, Audience, Listener, Place, Reason, Stream, Told, Watch

PAGE = 500  # facts a read
MOST_WAITING = 1000  # updates for which a listener has room
LONGEST = 10.0  # seconds that he may take for one of them once there is no more room
PAUSE, PAUSES = 0.005, 50  # seconds, and how often the others wait so long for those who take a page of a burst
TURN = 0.005  # seconds for which facts are told without a pause
REMEMBERED = 2000  # updates, so that many who come back at once are told the same ones


@dataclass(frozen=True, slots=True)
class Source:
    """Which facts a stream tells, and how.

    `name` is what its cursors are bound to. `read` makes the update of a fact, None where it is not to be told. `counted`, where there is one, makes
    what is told once the facts are counted.
    """

    name: str
    topic: Topic
    read: Callable[[Fact], dict[str, Any] | None]
    counted: Callable[[], dict[str, Any]] | None = None


class Page(NamedTuple):
    """The facts of a part of the log, how far that reaches, and the head of the log behind it: facts may have been dropped under the page."""

    facts: Sequence[Fact]
    reached: int
    head: log.Head


class FactAudience(Audience["FactListener"]):
    """Those who listen to one source; `uncounted` is the last of its facts that may not be counted yet, `pages` what was read just now, by where it begins."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.name)
        self.source = source
        self.uncounted = 0
        self.pages: dict[tuple[int, int], asyncio.Task[Page]] = {}


class FactListener(Listener):
    """One who is told every fact, for as long as there is room for what waits for him.

    `reached` is how far in the log he was told; `full` says that there was no room any more, and `lags` that he does not even take what waits.
    """

    __slots__ = ("_audience", "_taken_at", "full", "lags", "reached", "waiting")

    def __init__(self, audience: FactAudience, after: int) -> None:
        super().__init__()
        self._audience = audience
        self.reached = after
        self.full = False
        self.lags = False
        self._taken_at = 0.0
        self.waiting: deque[Told] = deque()

    def tell(self, told: Told | None) -> None:
        """Gives him an update, or puts it behind those that wait; the end of the stream takes their place."""
        if told is None or (told.since < self.reached and not told.last):
            return
        if self._take is not None and not told.last and self._take(told):
            self.reached = told.update["sequence"]
        elif not told.last and len(self.waiting) >= MOST_WAITING:
            self.full, self._taken_at = True, time.monotonic()
            self._audience.listeners.discard(self)
        else:
            if told.last:
                self.waiting.clear()
            self.waiting.append(told)
            self.wake()

    def next(self) -> Told:
        """The next of the updates that wait."""
        self.take_time()
        told = self.waiting.popleft()
        self.reached = told.update["sequence"]
        return told

    def take_time(self) -> None:
        """Notes whether the last of what waited was taken in time. A machine that is busy takes long for all of it, and long for one only he who does not read."""
        if self.full:
            now = time.monotonic()
            self.lags = self.lags or now - self._taken_at > LONGEST
            self._taken_at = now


class LogWatch(Watch[FactAudience]):
    """One a process: reads each fact once, and has told all of them up to `position`."""

    channel = log.CHANNEL

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.position = self._floor = 0
        self._concerned: dict[tuple[str | None, int | None], set[FactAudience]] = {}
        self._uncounted: set[FactAudience] = set()
        self._remembered: OrderedDict[tuple[str, int], Told] = OrderedDict()

    def forget(self) -> None:
        super().forget()
        self._uncounted.clear()
        self._remembered.clear()

    def enter(self, audience: FactAudience) -> None:
        self._concerned.setdefault(audience.source.topic[1:], set()).add(audience)
        if self.epoch:
            audience.ready.set()

    def exit(self, audience: FactAudience) -> None:
        place = audience.source.topic[1:]
        self._concerned[place].discard(audience)
        if not self._concerned[place]:
            del self._concerned[place]
        self._uncounted.discard(audience)

    async def look(self) -> None:
        head = await self._bus.head()
        self._floor = head.floor
        await self._keep_place(head)
        while self.position < head.sequence:
            facts = await self._bus.after(self.position, PAGE)
            if not facts:
                break
            until = time.monotonic() + TURN
            for fact in facts:
                await self._tell_fact(fact)
                if time.monotonic() > until:
                    await asyncio.sleep(0)
                    until = time.monotonic() + TURN
            if len(facts) == PAGE:
                await self._let_them_take()
        for audience in [one for one in self._uncounted if one.uncounted <= head.counted]:
            self._uncounted.discard(audience)
            if audience.source.counted is not None:
                counts = self.told(audience.stream, audience.source.counted(), self.position, self.clock())
                await self.tell(audience, counts)

    async def sweep(self, audience: FactAudience) -> None:
        await self.tell(audience, self.checkpoint(audience, self.position))

    def missed(self, audience: FactAudience, reason: Reason) -> Told:
        """That somebody missed facts, and where he can go on once he has read what there is."""
        return self.resync(audience.stream, self.position, reason)

    async def unreachable(self, audience: FactAudience, place: Place) -> Reason | None:
        """Why nobody can go on from this place, or None. Where the last look knows the place nothing is asked: what changed since is found behind each page, and by the next look."""
        if place.stream != audience.stream:
            return Reason.FILTER_CHANGED
        if place.epoch == self.epoch and self._floor <= place.sequence <= self.position:
            return None
        return self.lost(place, await self._bus.head())

    def lost(self, place: Place, head: log.Head) -> Reason | None:
        """Why what follows this place is not in a log with this head, or None."""
        if place.epoch != self.epoch or place.epoch != head.epoch or place.sequence > head.sequence:
            return Reason.EPOCH_CHANGED
        return Reason.TOO_OLD if place.sequence < head.floor else None

    async def page(self, audience: FactAudience, after: int) -> Page:
        """What follows this sequence; read once for the many who come back to it at once."""
        place = self.epoch, after
        reading = audience.pages.get(place)
        if reading is None:
            reading = audience.pages[place] = asyncio.create_task(self._read(audience, after, self.position))
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())  # those who wait hear of it
            asyncio.get_running_loop().call_later(FRESH, audience.pages.pop, place, None)
        return await asyncio.shield(reading)

    def again(self, audience: FactAudience, page: Page) -> list[Told]:
        """What is told of a page."""
        told = [one for fact in page.facts if (one := self._of_fact(audience, fact)) is not None]
        if told and audience.source.counted is not None:
            self._count(audience, page.facts[-1]["sequence"])
        return told

    async def _read(self, audience: FactAudience, after: int, until: int) -> Page:
        facts = await self._bus.of(audience.source.topic, after, until, PAGE)
        return Page(facts, facts[-1]["sequence"] if len(facts) == PAGE else until, await self._bus.head())

    async def _keep_place(self, head: log.Head) -> None:
        changed = head.epoch != self.epoch or head.sequence < self.position
        if changed and self.epoch:
            self.forget()
        if changed:
            self.epoch, self.position = head.epoch, head.sequence
            for audience in list(self.audiences.values()):
                audience.ready.set()
                await self.tell(audience, self.missed(audience, Reason.EPOCH_CHANGED))

    async def _tell_fact(self, fact: Fact) -> None:
        self.position = fact["sequence"]
        body = fact["body"]
        for place in [(None, None), *((column, key) for column, key in body.items() if isinstance(key, int))]:
            for audience in list(self._concerned.get(place, ())):
                if fact["type"] not in audience.source.topic.types:
                    continue
                told = self._of_fact(audience, fact)
                if told is not None:
                    await self.tell(audience, told)
                if audience.source.counted is not None:
                    self._count(audience, fact["sequence"])

    async def _let_them_take(self) -> None:
        # Of many facts at once, as after a transaction that committed late: whoever has no room for all has to read them for himself.
        for _ in range(PAUSES):
            full = (len(one.waiting) > MOST_WAITING - PAGE for of in self.audiences.values() for one in of.listeners)
            if not any(full):
                return
            await asyncio.sleep(PAUSE)

    def _count(self, audience: FactAudience, sequence: int) -> None:
        audience.uncounted = max(audience.uncounted, sequence)
        self._uncounted.add(audience)

    def _of_fact(self, audience: FactAudience, fact: Fact) -> Told | None:
        key = (audience.stream, fact["sequence"])
        told = self._remembered.get(key)
        if told is None:
            update = audience.source.read(fact)
            if update is None:
                return None
            sequence, occurred_at = fact["sequence"], fact["occurred_at"]
            told = self.told(audience.stream, update, sequence, occurred_at, since=sequence - 1)
            self._remembered[key] = told
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return told


def fact_stream(watch: LogWatch, source: Source, after: str | None) -> Stream:
    """A checkpoint, what was missed since the cursor `after`, and each fact from then on; or ResyncRequired, and the end.

    Raises BadCursor where no stream gave `after`.
    """
    return Stream(_facts(watch, source, after))


async def _facts(watch: LogWatch, source: Source, after: str | None) -> AsyncGenerator[Told | Listener, None]:
    with watch.attend(source.name, lambda: FactAudience(source)) as audience:
        await watch.ready(audience)
        place, reason = Place(watch.epoch, watch.position, source.name), None
        if after is not None:
            place = watch.read(after)
            reason = await watch.unreachable(audience, place)
        if reason is None:
            yield watch.checkpoint(audience, place.sequence)
        while reason is None:
            while reason is None and place.sequence < watch.position:
                page = await watch.page(audience, place.sequence)
                reason = watch.lost(place, page.head)
                for told in watch.again(audience, page) if reason is None else ():
                    yield told
                place = place._replace(sequence=page.reached)
            if reason is None and watch.epoch not in (0, place.epoch):  # changed while he read, or was full
                reason = Reason.EPOCH_CHANGED
            if reason is None:
                # Nothing was awaited since the comparison, so no fact was told since.
                with audience.joined(FactListener(audience, place.sequence)) as listener:
                    while listener.waiting or not listener.full:
                        if listener.waiting:
                            one = listener.next()
                            yield one
                            if one.last:
                                return
                        else:
                            yield listener
                            listener.check()
                    listener.take_time()
                place = place._replace(sequence=listener.reached)
                reason = Reason.OVERFLOW if listener.lags else None
        yield watch.missed(audience, reason)
