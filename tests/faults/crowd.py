"""People who write through the API over HTTP, with idempotency keys, and try again whatever was not acknowledged."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.sizes import SIZE
from tests.serving import token

USERS, SOUNDS = 100, 20
PATIENCE = 0.1  # seconds until somebody tries again
ACCEPT = {"accept": "application/graphql-response+json"}
PASSING = {"UNAVAILABLE", "TIMEOUT"}
KINDS = {"postVideo": 10, "addComment": 5, "recordShare": 5}  # facts of one request, each in a transaction of its own
SHOWN = {"postVideo": "video { id }", "addComment": "comment { id }", "recordShare": "subject { __typename }"}
FIELDS = [name for name, number in KINDS.items() for _ in range(number)]


def _type(name: str) -> str:
    return name[0].upper() + name[1:]


DOCUMENT = "mutation ({}) {{ {} }}".format(
    ", ".join(f"$f{n}: {_type(name)}Input!" for n, name in enumerate(FIELDS)),
    " ".join(
        f"f{n}: {name}(input: $f{n}) {{ __typename ... on {_type(name)}Payload {{ {SHOWN[name]} }}"
        " ... on IdempotencyRefused { reason } }"
        for n, name in enumerate(FIELDS)
    ),
)


@dataclass
class Crowd:
    """`acknowledged` holds what each key was answered with; `statuses` and `codes` what went wrong meanwhile."""

    url: str
    rate: int
    name: str
    words: str = ""  # behind the key in each caption
    sign: Callable[[str], str] = token
    acknowledged: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    _numbers: Any = field(default_factory=itertools.count)

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

    async def more(self, facts: int) -> float:
        """Returns once so many more are acknowledged: as many a second."""
        began, before = time.monotonic(), len(self.acknowledged)
        async with asyncio.timeout(60 + 30 * facts / self.rate):
            while len(self.acknowledged) < before + facts:  # noqa: ASYNC110  who writes does not know of it
                await asyncio.sleep(0.01)
        return (len(self.acknowledged) - before) / (time.monotonic() - began)

    async def _write(self, http: httpx.AsyncClient, place: int, stopped: asyncio.Event) -> None:
        pause = SIZE.clients * len(FIELDS) / self.rate
        due = time.monotonic() + pause * place / SIZE.clients
        while not stopped.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause, time.monotonic() - pause)
            await self._request(http, next(self._numbers))

    async def _request(self, http: httpx.AsyncClient, number: int) -> None:
        inputs = {f"f{n}": self._wish(name, number, n) for n, name in enumerate(FIELDS)}
        signed_in = {"authorization": f"Bearer {self.sign(f'dev|{number % USERS + 1}')}"}
        body = {"query": DOCUMENT, "variables": inputs}
        while not all(wish["idempotencyKey"] in self.acknowledged for wish in inputs.values()):
            try:
                answer = await http.post(self.url, json=body, headers=signed_in)
            except httpx.TransportError:
                await asyncio.sleep(PATIENCE)
                continue
            self.statuses[answer.status_code] += 1
            if not self._read(answer.json(), inputs):
                await asyncio.sleep(PATIENCE)

    def _wish(self, name: str, number: int, place: int) -> dict[str, Any]:
        key, sound = f"{self.name} {number}.{place}", (number + place) % SOUNDS + 1
        wish: dict[str, Any] = {"idempotencyKey": key}
        if name == "postVideo":
            return wish | {"soundId": f"sound_{sound}", "caption": key + self.words, "durationMs": 1000}
        if name == "addComment":
            return wish | {"subjectId": f"video_{sound}_{sound}", "text": key}
        return wish | {"subjectId": f"sound_{sound}", "channel": "link"}

    def _read(self, answer: dict[str, Any], inputs: dict[str, Any]) -> bool:
        # Whether all was well.
        errors = answer.get("errors", [])
        self.codes.update(error["extensions"]["code"] for error in errors)
        found = answer.get("data") or {}
        for place, wish in inputs.items():
            result = found.get(place)
            if result is None:
                continue
            if result["__typename"] == "IdempotencyRefused" and result["reason"] == "IN_PROGRESS":
                self.codes["IN_PROGRESS"] += 1
                continue
            assert result["__typename"].endswith("Payload"), result
            key, shown = wish["idempotencyKey"], (result.get("video") or result.get("comment") or {}).get("id", "")
            assert self.acknowledged.setdefault(key, shown) == shown
        return not errors
