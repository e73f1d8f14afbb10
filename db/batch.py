"""A batch: the keys of many loads, which share a statement, and what is told to each of them."""

import copy
import traceback
from collections.abc import Sequence
from typing import Any, Protocol

from db.keys import picked
from db.queries import Query

Place = tuple[str, tuple[Any, ...]]  # SQL and arguments: what loads must have in common to share a statement


class Waiter(Protocol):
    """Who is told when a batch is settled."""

    def wake(self) -> None: ...


class Partial(list[Any]):
    """Answers of which some are exceptions."""


class Batch:
    """The keys that wait for one statement. It is sent only if somebody still wants it then."""

    __slots__ = ("error", "found", "keys", "partial", "place", "query", "settled", "sql", "waiting", "wanted", "weight")

    def __init__(self, query: Query, place: Place, sql: str) -> None:
        self.query = query
        self.place = place
        self.sql = sql  # the place's own, or as long as it has all that is read, the card's
        self.keys: dict[Any, None] = {}
        self.weight = 0  # its keys and loads, as long as it waits
        self.wanted = 0  # loads that somebody holds
        self.waiting: dict[Waiter, None] = {}
        self.settled = False
        self.found: dict[Any, Any] = {}
        self.partial = False  # some of what was found are exceptions
        self.error: Exception | None = None

    def settle(self, outcome: dict[Any, Any] | Exception) -> None:
        """Gives those who wait their rows, or what went wrong."""
        if isinstance(outcome, Exception):
            self.error = outcome
            traceback.clear_frames(outcome.__traceback__)  # one of them holds this batch
        else:
            self.found = outcome
        self.settled = True
        waiting, self.waiting = self.waiting, {}
        for waiter in waiting:
            waiter.wake()


class Pick:
    """One load's share of its batches: as long as it lives, they are wanted."""

    __slots__ = ("_batches", "_keys", "_query")

    def __init__(self, query: Query, keys: Sequence[Any], batches: tuple[Batch, ...]) -> None:
        self._query = query
        self._keys = keys
        self._batches = batches
        for batch in batches:
            batch.wanted += 1

    def __call__(self) -> list[Any]:
        for batch in self._batches:
            if batch.error is not None:
                raise another(batch.error)
        if not self._batches:
            return picked(self._query, self._keys, {})
        answers, *others = [picked(self._query, self._keys, batch.found) for batch in self._batches]
        for found in others:
            answers = [one or other for one, other in zip(answers, found, strict=True)]
        if not any(batch.partial for batch in self._batches):
            return answers
        answers = [another(answer) if isinstance(answer, Exception) else answer for answer in answers]
        return Partial(answers) if any(isinstance(answer, Exception) for answer in answers) else answers

    def __del__(self) -> None:
        for batch in self._batches:
            batch.wanted -= 1


def another(error: Exception) -> Exception:
    """The same exception, to be raised once more.

    Were all told by the same one, the frames of each would hang on it, and in a circle where one of them holds the load.
    """
    try:
        copied = copy.copy(error)
    except TypeError:  # its class takes other arguments than it keeps
        return error
    copied.__cause__, copied.__context__ = error.__cause__, error.__context__
    copied.__suppress_context__ = error.__suppress_context__
    return copied.with_traceback(error.__traceback__)
