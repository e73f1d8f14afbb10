"""A client of the public API over HTTP: knows a URL and tokens, waits where it is told to, and outlives a server that restarts."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

TIMEOUT = 15.0
AT_ONCE = 8  # requests in flight: more only wait elsewhere
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between attempts to reach a server that is away
BUSY = (429, 503)
BUSY_CODES = {"THROTTLED", "UNAVAILABLE"}
REFUSED_CODES = {"UNAUTHENTICATED", "NO_PROFILE", "ACCOUNT_SUSPENDED"}
THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}
Report = Callable[[str], None]


class Unanswered(Exception):
    """The API answered with an error; the message is its first."""


class TokenRefused(Exception):
    """The token is not, or no longer, accepted."""


@dataclass
class Client:
    """Asks for operations, at most eight at a time; `report` gets a line when the server goes away, and one when it is back."""

    url: str
    report: Report
    luck: random.Random
    _http: httpx.AsyncClient = field(init=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _there: asyncio.Event = field(default_factory=asyncio.Event)
    _search: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        # A proxy that the environment names would look for this machine's server on its own.
        past = httpx.URL(self.url).host in THIS_MACHINE
        accept = {"Accept": "application/json"}
        self._http = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, headers=accept, trust_env=not past)
        self._there.set()

    async def close(self) -> None:
        """Ends what still waits for the server."""
        if self._search:
            self._search.cancel()
        await self._http.aclose()

    async def ask(self, document: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The answer's `data`. Waits while the server is away or too busy, and then asks again: a mutation brings an idempotency key.

        Raises TokenRefused, or Unanswered where the answer has errors.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": document, "variables": variables}
        pause = FIRST_PAUSE
        while True:
            await self._there.wait()
            async with self._turns:
                response = await self._send(body, headers)
            if response is not None and response.status_code not in BUSY:
                answer = _read(response)
                if not _codes(answer) & BUSY_CODES:
                    return _answered(answer)
            if response is not None:
                await asyncio.sleep(_wait(response, pause) * self.luck.uniform(1, 1.5))
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _send(self, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response | None:
        try:
            response = await self._http.post(self.url, json=body, headers=headers)
        except httpx.TransportError as error:
            self._lose(error)
            return None
        if response.status_code >= 500 and response.status_code not in BUSY:
            self._lose(Unanswered(f"status {response.status_code}"))
            return None
        return response

    def _lose(self, error: Exception) -> None:
        if not self._there.is_set():
            return
        self._there.clear()
        self.report(f"{self.url} does not answer ({error or type(error).__name__}); trying again.")
        self._search = asyncio.create_task(self._find())

    async def _find(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause * self.luck.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                response = await self._http.post(self.url, json={"query": "{ __typename }"})
            except httpx.TransportError:
                continue
            if response.status_code < 500:
                self.report(f"{self.url} answers again.")
                self._there.set()
                return


def new_key(luck: random.Random) -> str:
    """An idempotency key, or any other id that a client makes."""
    return str(UUID(int=luck.getrandbits(128), version=4))


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.status_code in (401, 403):
        raise TokenRefused(f"status {response.status_code}")
    try:
        answer = response.json()
    except ValueError as error:
        raise Unanswered(f"status {response.status_code}, and no JSON: is this a GraphQL endpoint?") from error
    if not isinstance(answer, dict):
        raise Unanswered(f"status {response.status_code}, and an answer that is not an object")
    return answer


def _codes(answer: dict[str, Any]) -> set[str]:
    return {error.get("extensions", {}).get("code", "") for error in answer.get("errors") or []}


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("errors"):
        if _codes(answer) & REFUSED_CODES:
            raise TokenRefused(answer["errors"][0]["message"])
        raise Unanswered(answer["errors"][0]["message"])
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Unanswered("an answer without data")
    return data


def _wait(response: httpx.Response, pause: float) -> float:
    try:
        return min(float(response.headers.get("Retry-After", pause)), 4 * LONGEST_PAUSE)
    except ValueError:
        return pause
