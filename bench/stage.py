"""Everything that runs while something is measured: the world, the issuer of tokens, the servers; and whose each core is."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.issuer import issuer
from bench.load import Place
from bench.queries import Keys
from bench.report import about
from bench.servers import Running, Server, ServerFailed, started
from bench.world import SUBJECT, choose_keys, postmaster, world


@dataclass(frozen=True)
class Stage:
    """What a mode needs of it."""

    running: list[Running]
    place: Place
    facts: dict[str, Any]
    dsn: str

    @property
    def servers(self) -> list[Server]:
        return [running.server for running in self.running]

    def keys(self, videos: int = 26) -> Keys:
        """Sounds with at least so many videos, and playlists."""
        return asyncio.run(choose_keys(self.dsn, videos))


@contextmanager
def stage(chosen: list[Server], database_url: str | None) -> Iterator[Stage]:
    """All of it for the time of the block; raises ServerFailed."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise ServerFailed("there is one core only: the server and those who ask it would take it from each other")
    own, other = allowed[:2]
    with world(database_url) as dsn:
        os.sched_setaffinity(0, {other})
        pid, version = asyncio.run(postmaster(dsn))
        place = Place(own, other, pid)
        with _pinned(pid, other, set(allowed)), issuer(SUBJECT) as issued, started(chosen, dsn, issued, own) as running:
            yield Stage(running, place, about(place, version, chosen), dsn)


@contextmanager
def _pinned(root: int, core: int, before: set[int]) -> Iterator[None]:
    machine.pin(root, {core})
    try:
        yield
    finally:
        machine.pin(root, before)
