"""What scoring a scope costs, and counting a posted video: in this process, on worlds of ten thousand to a million sounds."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import numpy as np

from bench import machine
from bench.crowd import CREATORS, NOW, make_crowd
from bench.report import occasion
from bench.world import postmaster
from db.database import Database
from dev.postgres import EmbeddedPostgres
from events import log
from events.outbox import Event, publish_all
from trending import counting, scoring
from trending.charts import Scope
from trending.counters import ALL_NICHES, GLOBAL

FOLDER = Path(".chorus/bench-scoring")
SCORED = 100_000  # sounds in the scope whose scoring has a target
TARGET_MS = 50
SIZES = [10_000, SCORED, 1_000_000]
TIMES = 30  # in every third the order of the charts is another
KEPT = "a scope scored, its charts keep their order"
MOVED = "the same, and six charts explained and written"
COUNTED = "a posted video counted"
MICROSECOND = timedelta(microseconds=1)
OTHER_ORDER = "update chart_versions set sound_ids = sound_ids[2:] || sound_ids[1:1] where followed_at is null"
BATCHES = 10
STATEMENT_SECONDS = 120.0
HEAD = """| | sounds | times | CPU ms of this process | Postgres | wall ms |
|---|---:|---:|---:|---:|---:|"""
Figures = dict[str, Any]


@contextmanager
def crowded(sizes: list[int]) -> Iterator[list[tuple[int, str]]]:
    """The address of a world of each size, for the time of the block; made anew, because counting changes them."""
    postgres = EmbeddedPostgres(FOLDER, settings={"max_wal_size": "8GB", "shared_buffers": "1GB"})
    try:
        server = postgres.start()
        yield [(size, asyncio.run(_world(server, size))) for size in sizes]
    finally:
        postgres.stop()


async def _world(server: str, sounds: int) -> str:
    name, connection = f"crowd_{sounds}", await asyncpg.connect(server)
    try:
        await connection.execute(f"drop database if exists {name}")
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    dsn = server.replace("/postgres?", f"/{name}?")
    await make_crowd(dsn, sounds, with_videos=sounds == SCORED)
    return dsn


class Spent:
    """CPU of this process and of Postgres, and the time that passed, of what was measured so far."""

    def __init__(self, root: int) -> None:
        self._root = root
        self.spans: list[tuple[float, float, float]] = []

    @contextmanager
    def measured(self) -> Iterator[None]:
        # What the kernel says of Postgres costs milliseconds of this process to read: before and after, not meanwhile.
        postgres = machine.cpu_seconds(self._root)
        own, passed = time.process_time(), time.perf_counter()
        yield
        own, passed = time.process_time() - own, time.perf_counter() - passed
        self.spans.append((own, machine.cpu_seconds(self._root) - postgres, passed))

    def figures(self, what: str, sounds: int, each: int = 1) -> Figures:
        """Milliseconds: the median of this process and of the time; the mean of Postgres, whose clock ticks a hundred times a second."""
        own, postgres, passed = zip(*self.spans, strict=True)
        return {
            "what": what,
            "sounds": sounds,
            "times": len(own),
            "own_ms": 1000 * median(own) / each,
            "postgres_ms": 1000 * sum(postgres) / len(postgres) / each,
            "passed_ms": 1000 * median(passed) / each,
        }


async def measure_scoring(dsn: str, sounds: int) -> list[Figures]:
    """A scope whose charts keep their order, and the same where each of the six has another, so that it is explained and written anew."""
    root, _ = await postmaster(dsn)
    database = Database(dsn, statement_seconds=STATEMENT_SECONDS)
    kept, moved = Spent(root), Spent(root)
    try:
        await scoring.score_scope(database, Scope(GLOBAL, ALL_NICHES), NOW)
        for turn in range(1, TIMES + 1):
            moves = turn % 3 == 0
            if moves:
                async with database.transaction() as tx:
                    await tx.connection.execute(OTHER_ORDER)
            with moved.measured() if moves else kept.measured():
                await scoring.score_scope(database, Scope(GLOBAL, ALL_NICHES), NOW + turn * MICROSECOND)
        return [kept.figures(KEPT, sounds), moved.figures(MOVED, sounds)]
    finally:
        await database.close()


async def measure_counting(dsn: str, sounds: int) -> Figures:
    """Batches of videos by anybody with any sound; a video's share, in its four scopes."""
    root, _ = await postmaster(dsn)
    database, spent, rng = Database(dsn, statement_seconds=STATEMENT_SECONDS), Spent(root), random.Random(1)
    try:
        for batch in range(BATCHES):
            now = NOW + timedelta(seconds=batch)
            async with database.transaction() as tx:
                await publish_all(
                    tx, [_posted(rng, sounds, batch * counting.BATCH + number) for number in range(counting.BATCH)]
                )
            while await log.move(database, now):
                pass
            with spent.measured():
                while await counting.count(database, now):
                    pass
        return spent.figures(COUNTED, sounds, each=counting.BATCH)
    finally:
        await database.close()


def _posted(rng: random.Random, sounds: int, number: int) -> Event:
    sound = rng.randint(1, sounds)
    body = {
        "sound_id": sound,
        "video_id": 10**9 + number,
        "creator_id": rng.randint(1, CREATORS),
        "region": f"{chr(65 + sound % 20)}X",
        "niche_ids": [sound % 18 + 1],
        "hashtags": [],
        "weight": 1.0,
        "trusted": rng.random() < 0.8,
        "new_creator": True,
    }
    return Event("VIDEO_POSTED", NOW, body)


def tables(rows: list[Figures], about: dict[str, Any]) -> str:
    """The figures, whether the target was met, and where it was measured."""
    place = about["machine"]
    words = (
        f"{about['at'][:10]}, commit {about['commit']}: {place['cores']} cores of {place['processor']}, {place['memory_gib']} GiB, {place['kernel']}; "
        f"postgres {about['versions']['postgres']}, numpy {about['versions']['numpy']}. Others took {about['others']:.0%} of the machine."
    )
    return "\n".join([HEAD, *map(_line, rows), "", *_compared(rows), "", words])


def _line(row: Figures) -> str:
    own, postgres, passed = (f"{row[name]:,.3g}" for name in ("own_ms", "postgres_ms", "passed_ms"))
    return f"| {row['what']} | {row['sounds']:,} | {row['times']} | {own} | {postgres} | {passed} |"


def _compared(rows: list[Figures]) -> list[str]:
    counted = {row["sounds"]: row["own_ms"] + row["postgres_ms"] for row in rows if row["what"] == COUNTED}
    smallest, largest = min(counted), max(counted)
    scored = next((row["own_ms"] for row in rows if row["what"] == KEPT), 0.0)
    met = "" if scored <= TARGET_MS else f" (missed: at most {TARGET_MS})"
    return [
        f"Scoring {SCORED:,} sounds takes {scored:.0f} ms of the process that scores{met}. " * bool(scored)
        + f"A video costs {counted[largest] / counted[smallest]:.2f} times as much among {largest:,} sounds as among {smallest:,}."
    ]


def measure(sizes: list[int]) -> tuple[list[Figures], dict[str, Any]]:
    """The rows, and where and beside whom they were measured."""
    with crowded(sizes) as worlds:
        root, version = asyncio.run(postmaster(worlds[0][1]))
        cores, used, started = machine.cores(), machine.cpu_seconds(root) + time.process_time(), time.perf_counter()
        rows: list[Figures] = []
        for sounds, dsn in worlds:
            scored = asyncio.run(measure_scoring(dsn, sounds)) if sounds == SCORED else []
            found = [*scored, asyncio.run(measure_counting(dsn, sounds))]
            print(*map(_line, found), sep="\n", flush=True)
            rows += found
        busy = sum(machine.cores().since(cores).busy) - (machine.cpu_seconds(root) + time.process_time() - used)
        others = max(busy, 0.0) / (time.perf_counter() - started) / len(cores.busy)
    return rows, {**occasion(), "versions": {"postgres": version, "numpy": np.__version__}, "others": others}
