"""Ten thousand sockets on one process that listen to one chart: `python -m bench.sockets` says when all had a new version, and what each cost."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
import uvloop

from bench import machine
from db.database import Database, connect
from db.migrate import migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from events.bus import CHARTS
from tests.wire import Wire, parsed, subscribing

QUERY = """subscription { trendingSounds(window: HOUR, first: 10) { __typename ... on Update { cursor sequence }
  ... on TrendingSnapshot { entries { rank node { id title } } } ... on TrendingDelta { moved { rank node { id title } } } } }"""
SOUNDS = list(range(1, 11))
ARRANGED = """
insert into sounds (title, kind, duration_ms, created_at) select 'Sound ' || n, 'ORIGINAL', 1000, now() from generate_series(1, 10) n;
"""
SUBSCRIBING = subscribing(QUERY)
OPENING = 200  # sockets at a time
TARGETS = {"opening": 10.0, "opening_us": 1000.0, "seconds": 0.5, "cpu_us": 25.0, "memory_kb": 35.0}


class Listener(Wire):
    """One socket, which is told each version once, and in order."""

    def __init__(self, heard: "Heard") -> None:
        super().__init__()
        self._heard = heard
        self._version = 0

    def asked(self) -> bytes:
        """The frame that subscribes."""
        return SUBSCRIBING

    def hear(self, message: bytes) -> None:
        """A checkpoint, which comes where it is quiet too, the chart, or what changed in it."""
        update = parsed(message)["payload"]["data"]["trendingSounds"]
        if update["__typename"] != "StreamCheckpoint":
            self._heard.one(update["sequence"], self._version + 1)
            self._version += 1


class Heard:
    """How many charts and changes of charts all together were told. `room` is for those who open at the same time."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(OPENING)
        self._count = self._wanted = self._wrong = 0
        self._all = asyncio.Event()

    def one(self, version: int, expected: int) -> None:
        self._count += 1
        self._wrong += version != expected
        if version == 1:
            self.room.release()
        if self._count == self._wanted:
            self._all.set()

    async def wait(self, more: int, begin: int = 0) -> None:
        """Returns once so many more than `begin` were told."""
        self._wanted = begin + more
        self._all.clear()
        if self._count < self._wanted:
            async with asyncio.timeout(120):
                await self._all.wait()
        assert (self._count, self._wrong) == (self._wanted, 0), (self._count, self._wanted, self._wrong)


@contextmanager
def served(dsn: str, core: int) -> Iterator[tuple[int, int]]:
    """A process of Chorus on a core of its own, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"DATABASE_URL": dsn, "PORT": str(port), "WORKER": "false", "SECRET": "s" * 40}
    own |= {"SOCKETS_PER_CALLER": "10000", "INIT_TIMEOUT": "120"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHORUS_")}
    environment |= {f"CHORUS_{name}": value for name, value in own.items()}
    command = ["taskset", "-c", str(core), sys.executable, "-m", "cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert process.poll() is None, "the server did not start"
                time.sleep(0.05)
            yield process.pid, port
        finally:
            process.terminate()


async def publish(database: Database, version: int) -> None:
    """A version of the chart in which everything moved by a rank."""
    ids = SOUNDS[version % 10 :] + SOUNDS[: version % 10]
    ones, now = [1] * 10, datetime.now(UTC)
    async with database.transaction() as tx:
        await tx.insert_chart_version(
            *(
                "GLOBAL",
                0,
                "HOUR",
                "BREAKOUT",
                version,
                now,
                version,
                "1",
                ids,
                *[[1.0] * 10] * 3,
                ones,
                ones,
                ones,
                "{1,1,1,1,1,1,1,1,1,1}",
            )
        )
        await tx.notify(CHARTS, ["GLOBAL/0/HOUR/BREAKOUT"])


async def measure(dsn: str, pid: int, port: int, sockets: int, rounds: int) -> dict[str, float]:
    """Seconds until all were open, and until all had a version; what the server used for each opening and each delivery, and holds for each socket."""
    database, heard = Database(dsn), Heard()
    await publish(database, 1)
    before, used, began = machine.memory(pid), machine.cpu_seconds(pid), time.monotonic()
    await _open(port, heard, sockets)
    opening, memory = time.monotonic() - began, (machine.memory(pid) - before) / sockets
    opening_cpu = (machine.cpu_seconds(pid) - used) / sockets
    seconds, cpu = [], []
    for turn in range(rounds):
        used, started = machine.cpu_seconds(pid), time.monotonic()
        await publish(database, turn + 2)
        await heard.wait(sockets, (turn + 1) * sockets)
        seconds.append(time.monotonic() - started)
        await asyncio.sleep(0.1)
        cpu.append((machine.cpu_seconds(pid) - used) / sockets)
    await database.close()
    return {
        "opening": opening,
        "opening_us": opening_cpu * 1e6,
        "seconds": median(seconds),
        "cpu_us": median(cpu) * 1e6,
        "memory_kb": memory / 1000,
    }


async def _open(port: int, heard: Heard, sockets: int) -> None:
    loop, opened = asyncio.get_running_loop(), []
    for _ in range(sockets):
        await heard.room.acquire()
        opened.append(loop.create_task(loop.create_connection(lambda: Listener(heard), "127.0.0.1", port)))
    await asyncio.gather(*opened)
    await heard.wait(sockets)


async def _arranged(dsn: str) -> None:
    connection = await connect(dsn)
    await migrate(connection, read_migrations())
    await connection.execute(ARRANGED)
    await connection.close()


def main(
    sockets: Annotated[int, typer.Option(min=OPENING, max=10_000)] = 10_000,
    rounds: Annotated[int, typer.Option(min=1)] = 11,
) -> None:
    """Measure."""
    gc.disable()  # the many sockets of this process are no part of what is measured
    own, other = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {other})
    with tempfile.TemporaryDirectory(prefix="chorus-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder)
        dsn = postgres.start()
        try:
            asyncio.run(_arranged(dsn))
            with served(dsn, own) as (pid, port):
                found = uvloop.run(measure(dsn, pid, port, sockets, rounds))
        finally:
            postgres.stop()
    for what, figure in found.items():
        print(f"{what:<10} {figure:8.3f}   (target {TARGETS[what]:g})")


if __name__ == "__main__":
    typer.run(main)
