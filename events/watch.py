"""One look a process, however many listen: audiences, and how they are told what is new."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from db.errors import DatabaseUnavailable
from events.bus import PATIENCE, Bus, Wakeups
from events.cursor import Cursors

logger = logging.getLogger(__name__)
SCOPE = "stream"
QUIET = 60.0  # seconds without news until a checkpoint
SETTLING = 0.2  # seconds that the others wait for an answer that takes its time
SHARED = timedelta(seconds=1)  # for which a checkpoint is that of all who come
FRESH = 1.0  # seconds, for which an answer is that of all who ask the same: what it shows may be hidden since, and what failed may be over
SLICE = 500  # listeners at a time: what they do with what they are told takes some 25 µs each, and nothing else waits longer than 50 ms


class Reason(Enum):
    """Why a listener cannot be told what he missed."""

    TOO_OLD = "TOO_OLD"
    OVERFLOW = "OVERFLOW"
    FILTER_CHANGED = "FILTER_CHANGED"
    EPOCH_CHANGED = "EPOCH_CHANGED"


class Place(NamedTuple):
    """Where in a stream somebody stands: what a cursor says. `version` is a chart's."""

    epoch: int
    sequence: int
    stream: str
    version: int = 0

    @classmethod
    def read(cls, cursors: Cursors, cursor: str) -> "Place":
        """The place that a cursor names; raises BadCursor where no stream gave it."""
        return cls(*cursors.read(SCOPE, cursor))

    def sign(self, cursors: Cursors) -> str:
        """The cursor of this place."""
        return cursors.sign(SCOPE, self)


class Told:
    """One update, told to everybody in its audience."""

    __slots__ = ("_answers", "_fresh_until", "cursor", "last", "since", "update")

    def __init__(self, update: dict[str, Any], *, since: int, last: bool = False) -> None:
        self.update = update
        self.cursor: str = update["stream_cursor"]
        self.since = since  # concerns those who know the log up to here
        self.last = last
        self._answers: dict[Hashable, asyncio.Future[Any]] = {}
        self._fresh_until = 0.0

    @property
    def answers(self) -> "dict[Hashable, asyncio.Future[Any]]":
        """How it was answered just now, by what was asked, so that those who ask the same share it."""
        now = time.monotonic()
        if now > self._fresh_until:
            self._answers, self._fresh_until = {}, now + FRESH
        return self._answers


class Listener:
    """One who listens. While he rests he is offered what is told, or woken where he does not take it; at other times he finds it himself."""

    __slots__ = ("_error", "_take", "_wake")

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._take: Callable[[Told], bool] | None = None
        self._wake: Callable[[], None] | None = None

    def tell(self, _: Told | None) -> None:
        """Lets him know that there is something; what it is he finds himself, unless he is one who keeps it."""
        self.wake()

    def rest(self, wake: Callable[[], None], take: "Callable[[Told], bool] | None" = None) -> None:
        """Nothing is at hand, so he waits: `wake` is called once, when there is something that `take` did not take."""
        self._wake, self._take = wake, take
        if self._error is not None:
            self.wake()

    def wake(self) -> None:
        wake, self._wake, self._take = self._wake, None, None
        if wake is not None:
            wake()

    def leave(self) -> None:
        """He is told nothing any more, not even by whoever is telling all of them at the moment."""
        self._wake = self._take = None

    def fail(self, error: BaseException) -> None:
        """Whatever he waits for raises this."""
        self._error = error
        self.wake()

    def check(self) -> None:
        """Raises what the watch failed with; asked by whoever was woken."""
        if self._error is not None:
            raise self._error


class Stream:
    """A source stream: updates, for whoever iterates. In `turns` a listener stands among them wherever nothing is at hand: let him rest, and go on when he is woken."""

    def __init__(self, turns: AsyncGenerator[Told | Listener, None]) -> None:
        self.turns = turns

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Told:
        async for turn in self.turns:
            if isinstance(turn, Told):
                return turn
            woken = asyncio.Event()
            turn.rest(woken.set)
            await woken.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        await self.turns.aclose()


async def _settle(told: Iterable[Told]) -> None:
    answering = [answer for one in told for answer in one.answers.values() if not answer.done()]
    if answering:
        await asyncio.wait(answering, timeout=SETTLING)


L = TypeVar("L", bound=Listener)


class Audience(Generic[L]):
    """Those who listen to one stream, and so are told the same. `ready` is woken once there is something to begin with."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.attending = 0
        self.listeners: set[L] = set()
        self.ready = asyncio.Event()
        self.error: BaseException | None = None
        self.heard = time.monotonic()
        self.begun: tuple[Place, Told] | None = None  # the last checkpoint

    def telling(self) -> Iterable[Told]:
        """What its listeners may be hearing at the moment."""
        return ()

    @contextmanager
    def joined(self, listener: L) -> Iterator[L]:
        """Among the listeners for the time of the block; raises what the watch failed with."""
        if self.error is not None:
            raise self.error
        self.listeners.add(listener)
        try:
            yield listener
        finally:
            self.listeners.discard(listener)
            listener.leave()


A = TypeVar("A", bound=Audience[Any])


class Watch(ABC, Generic[A]):
    """Looks for news of the audiences there are, for as long as there are any."""

    channel: ClassVar[str]

    def __init__(
        self,
        bus: Bus,
        cursors: Cursors,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        quiet: float = QUIET,
    ) -> None:
        self.epoch = 0
        self.clock = clock
        self.audiences: dict[str, A] = {}
        self._bus = bus
        self._cursors = cursors
        self._quiet = quiet
        self._swept = 0.0
        self._deliveries = 0
        self._task: asyncio.Task[None] | None = None
        self._news: Wakeups | None = None

    @contextmanager
    def attend(self, stream: str, make: Callable[[], A]) -> Iterator[A]:
        """The audience of this stream, which is watched for the time of the block."""
        audience = self.audiences.get(stream)
        if audience is None:
            audience = self.audiences[stream] = make()
            self.enter(audience)
        audience.attending += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # the listeners hear of it
        elif self._news is not None and not audience.ready.is_set():
            self._news.wake()
        try:
            yield audience
        finally:
            self._leave(audience)

    async def ready(self, audience: A) -> None:
        """Returns once there is something to begin with; raises what the watch failed with."""
        await audience.ready.wait()
        if audience.error is not None:
            raise audience.error

    def read(self, cursor: str) -> Place:
        """The place that a cursor names; raises BadCursor where no stream gave it."""
        return Place.read(self._cursors, cursor)

    def sign(self, stream: str, sequence: int, version: int = 0) -> str:
        """The cursor of a place in the present epoch."""
        return Place(self.epoch, sequence, stream, version).sign(self._cursors)

    def told(
        self,
        stream: str,
        update: dict[str, Any],
        sequence: int,
        occurred_at: datetime,
        *,
        version: int = 0,
        since: int | None = None,
        last: bool = False,
    ) -> Told:
        """An update with its place in the stream."""
        placed = {
            "stream_cursor": self.sign(stream, sequence, version),
            "sequence": sequence,
            "occurred_at": occurred_at,
        }
        return Told(update | placed, since=sequence if since is None else since, last=last)

    def resync(self, stream: str, sequence: int, reason: Reason, version: int = 0) -> Told:
        """The end of a stream: begin again with what is there, and go on from this cursor."""
        update = {"__typename": "ResyncRequired", "reason": reason.value}
        return self.told(stream, update, sequence, self.clock(), version=version, last=True)

    def checkpoint(self, audience: A, sequence: int, version: int = 0) -> Told:
        """How far somebody knows everything. Of the many who come back at once those who know the same share it."""
        place = Place(self.epoch, sequence, audience.stream, version)
        if audience.begun is not None and audience.begun[0] == place:
            told = audience.begun[1]
            if self.clock() - told.update["occurred_at"] < SHARED:
                return told
        told = self.told(audience.stream, {"__typename": "StreamCheckpoint"}, sequence, self.clock(), version=version)
        audience.begun = place, told
        return told

    async def tell(self, audience: A, told: Told | None = None) -> None:
        """Tells each listener. Of very many one hears first, and once he has his answer the others, a slice at a time: they need not wait for theirs all at once."""
        audience.heard = time.monotonic()
        listeners = list(audience.listeners)
        many = len(listeners) > SLICE
        for place, listener in enumerate(listeners):
            listener.tell(told)
            self._deliveries += 1
            if (many and place == 0) or self._deliveries % SLICE == 0:
                await asyncio.sleep(0)
                if many:
                    await _settle(audience.telling() if told is None else [told])

    @abstractmethod
    async def look(self) -> None:
        """Reads what is new, and tells it."""

    @abstractmethod
    async def sweep(self, audience: A) -> None:
        """Tells an audience for which it was quiet how far it knows everything."""

    def forget(self) -> None:
        """Nobody looks any more: what is known grows old."""
        self.epoch = 0

    def enter(self, audience: A) -> None:
        """An audience that was not there before."""

    def exit(self, audience: A) -> None:
        """An audience that nobody attends any more."""

    def _leave(self, audience: A) -> None:
        audience.attending -= 1
        if not audience.attending and self.audiences.get(audience.stream) is audience:
            del self.audiences[audience.stream]
            self.exit(audience)
        if not self.audiences and self._task is not None:
            self._task.cancel()
            self._task = None
            self.forget()

    async def _run(self) -> None:
        try:
            with self._bus.listen(self.channel) as news:
                self._news = news
                while True:
                    await self._look_and_sweep()
                    await news.wait(min(PATIENCE, self._quiet))
        except Exception as error:
            for audience in list(self.audiences.values()):
                self._fail(audience, error)
            self.forget()
            raise

    def _fail(self, audience: A, error: Exception) -> None:
        # Whoever comes later begins a new watch, with audiences of its own.
        del self.audiences[audience.stream]
        self.exit(audience)
        audience.error = error
        audience.ready.set()
        for listener in audience.listeners:
            listener.fail(error)

    async def _look_and_sweep(self) -> None:
        try:
            await self.look()
        except DatabaseUnavailable as error:
            logger.warning("there is no news, and whoever listens waits: %s", error)
            return
        now = time.monotonic()
        if now - self._swept >= min(PATIENCE, self._quiet):
            self._swept = now
            for audience in list(self.audiences.values()):
                if now - audience.heard >= self._quiet and audience.listeners:
                    await self.sweep(audience)
