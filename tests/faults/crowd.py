"""People who write through the API over HTTP, with idempotency keys, and try again whatever was not acknowledged.

A fact is whatever is acknowledged by itself and counted once: a video, a comment, a share, a play. The first three are a call (a field of a mutation) and an event
of the log each; plays come as an app sends them, thirty in a call, which is one event. So of fifty facts twenty-one are calls, and the rates of both are said.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import orjson

from tests.faults.sizes import SIZE
from tests.serving import token

USERS, SOUNDS = 100, 20
PATIENCE = 0.1  # seconds until somebody tries again
ACCEPT = {"accept": "application/graphql-response+json"}
JSON = {"content-type": "application/json"}
PASSING = {"UNAVAILABLE", "TIMEOUT"}
KINDS = {"postVideo": 10, "addComment": 5, "recordShare": 5}  # facts of one request, each in a transaction of its own
PLAYS = 30  # more of them, in one transaction
SHOWN = {"postVideo": "video { id }", "addComment": "comment { id }", "recordShare": "subject { __typename }"}
FIELDS = [name for name, number in KINDS.items() for _ in range(number)]


def _type(name: str) -> str:
    return name[0].upper() + name[1:]


DOCUMENT = "mutation ({}, $plays: RecordPlaysInput!) {{ {} {} }}".format(
    ", ".join(f"$f{n}: {_type(name)}Input!" for n, name in enumerate(FIELDS)),
    "plays: recordPlays(input: $plays) { __typename ... on RecordPlaysPayload { accepted duplicates } }",
    " ".join(
        f"f{n}: {name}(input: $f{n}) {{ __typename ... on {_type(name)}Payload {{ {SHOWN[name]} }}"
        " ... on IdempotencyRefused { reason } }"
        for n, name in enumerate(FIELDS)
    ),
)


class Rate(NamedTuple):
    """What was acknowledged, a second."""

    facts: int
    calls: int


@dataclass
class Crowd:
    """`acknowledged` holds what each key was answered with, `played` the plays, and `statuses` and `codes` what went wrong meanwhile."""

    url: str
    rate: int
    name: str
    words: str = ""  # behind the key in each caption
    sign: Callable[[str], str] = token
    acknowledged: dict[str, str] = field(default_factory=dict)
    played: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    _numbers: Any = field(default_factory=itertools.count)

    @property
    def facts(self) -> int:
        """How many are acknowledged."""
        return len(self.acknowledged) + len(self.played)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["Crowd"]:
        """Writes for the time of the block; at its end all that was begun is acknowledged."""
        stopped = asyncio.Event()
        limits = httpx.Limits(max_connections=SIZE.clients, max_keepalive_connections=SIZE.clients)
        async with httpx.AsyncClient(timeout=15, limits=limits, headers=ACCEPT) as http:
            tasks = [asyncio.create_task(self._write(http, user, stopped)) for user in range(SIZE.clients)]
            try:
                yield self
            finally:
                stopped.set()
                await asyncio.gather(*tasks)

    @property
    def calls(self) -> int:
        """By how many."""
        return len(self.acknowledged) + len(self.played) // PLAYS

    async def more(self, facts: int) -> Rate:
        """Returns once so many more are acknowledged: as many a second."""
        began, before, calls = time.monotonic(), self.facts, self.calls
        async with asyncio.timeout(60 + 30 * facts / self.rate):
            while self.facts < before + facts:  # noqa: ASYNC110  who writes does not know of it
                await asyncio.sleep(0.01)
        seconds = time.monotonic() - began
        return Rate(round((self.facts - before) / seconds), round((self.calls - calls) / seconds))

    async def _write(self, http: httpx.AsyncClient, place: int, stopped: asyncio.Event) -> None:
        pause = SIZE.clients * (len(FIELDS) + PLAYS) / self.rate
        due = time.monotonic() + pause * place / SIZE.clients
        while not stopped.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause, time.monotonic() - pause)
            await self._request(http, next(self._numbers))

    async def _request(self, http: httpx.AsyncClient, number: int) -> None:
        inputs = {f"f{n}": self._wish(name, number, n) for n, name in enumerate(FIELDS)}
        inputs["plays"] = {"plays": [self._play(number, n) for n in range(PLAYS)]}
        headers = JSON | {"authorization": f"Bearer {self.sign(f'dev|{number % USERS + 1}')}"}
        body = orjson.dumps({"query": DOCUMENT, "variables": inputs})
        waiting = set(inputs)
        while waiting:
            try:
                answer = await http.post(self.url, content=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(PATIENCE)
                continue
            self.statuses[answer.status_code] += 1
            waiting -= self._acknowledge(orjson.loads(answer.content), inputs)
            if waiting:
                await asyncio.sleep(PATIENCE)

    def _wish(self, name: str, number: int, place: int) -> dict[str, Any]:
        key, sound = f"{self.name} {number}.{place}", (number + place) % SOUNDS + 1
        wish: dict[str, Any] = {"idempotencyKey": key}
        if name == "postVideo":
            return wish | {"soundId": f"sound_{sound}", "caption": key + self.words, "durationMs": 1000}
        if name == "addComment":
            return wish | {"subjectId": f"video_{sound}_{sound}", "text": key}
        return wish | {"subjectId": f"sound_{sound}", "channel": "link"}

    def _play(self, number: int, place: int) -> dict[str, Any]:
        return {
            "eventId": f"{self.name}/{number}.{place}",
            "subjectId": f"video_{place % SOUNDS + 1}_{place % SOUNDS + 1}" if place % 2 else "track_1",
            "playedAt": self.begun - timedelta(hours=2),  # a clock that is an hour off takes it all the same
            "durationMs": 9000,
        }

    def _acknowledge(self, answer: dict[str, Any], inputs: dict[str, Any]) -> set[str]:
        # The fields that were.
        self.codes.update(error["extensions"]["code"] for error in answer.get("errors", []))
        found = {place: result for place, result in (answer.get("data") or {}).items() if result is not None}
        for place, result in list(found.items()):
            if result["__typename"] == "IdempotencyRefused" and result["reason"] == "IN_PROGRESS":
                self.codes["IN_PROGRESS"] += 1
                del found[place]
            elif place == "plays":
                assert result["accepted"] + result["duplicates"] == PLAYS, result
                self.played |= {play["eventId"] for play in inputs["plays"]["plays"]}
            else:
                assert result["__typename"].endswith("Payload"), result
                key, shown = inputs[place]["idempotencyKey"], result.get("video") or result.get("comment") or {}
                known = shown.get("id", "")
                assert self.acknowledged.setdefault(key, known) == known
        return set(found)
