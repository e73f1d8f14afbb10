"""What posts and plays are measured on: a world of its own, the API on one core, and on the other Postgres, the worker and those who write."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import asyncpg
import orjson
import typer
import uvloop

from bench import load, machine
from bench.crowd import make_crowd
from bench.issuer import issuer
from bench.report import about, keep, publish
from bench.servers import PYTHON, SERVERS, Running, ServerFailed, environment, started, stopped
from bench.world import postmaster
from db.database import connect
from dev.postgres import EmbeddedPostgres

PEOPLE = 1_000  # who write
SOUNDS = 10_000
TRACKS = 10_000
BARE = "bare"  # the same world without a worker, for bare statements
ARRANGED = (
    f"insert into identities (subject, user_id) select 'bench|' || id, id from users where id <= {PEOPLE}",
    f"insert into tracks (title, duration_ms) select 'Track ' || n, 180000 from generate_series(1, {TRACKS}) n",
    # Each with a video, so that there are videos to be viewed.
    """insert into videos (sound_id, creator_id, caption, region, duration_ms, created_at, weight, trusted, new_creator)
        select id, 100000, '', 'DE', 1000, created_at, 1, true, true from sounds order by id""",
    "select add_plays_partition((now() at time zone 'UTC')::date + day) from generate_series(-1, 1) day",
    "vacuum analyze",
)
WHOLE = 5  # rounds; fewer are only printed
Row = dict[str, float]
Ask = Callable[[int, str, dict[str, Any]], Awaitable[Any]]


class AnswersWrong(Exception):
    """What was acknowledged is not what is there."""


@dataclass(frozen=True)
class Scene:
    """What a measurement needs: the API, who else is to be charged, and where the bare statements go."""

    api: Running
    worker: int
    place: load.Place
    tokens: dict[int, str]
    dsn: str
    bare: str
    facts: dict[str, Any]

    def used(self) -> dict[str, float]:
        """Seconds of CPU so far."""
        return {
            "server": machine.cpu_seconds(self.api.pid),
            "postgres": machine.cpu_seconds(self.place.postmaster),
            "worker": machine.cpu_seconds(self.worker),
            "own": time.process_time(),
        }

    def others(self, used: dict[str, float], busy: machine.Cores, seconds: float) -> float:
        """Whose share of the two cores was anybody else's, or the machine's host's."""
        cores = (self.place.server_core, self.place.other_core)
        taken = sum(busy.busy[core] + busy.stolen[core] for core in cores) - sum(used.values())
        return max(0.0, taken) / seconds / len(cores)


@contextmanager
def scene() -> Iterator[Scene]:
    """All of it for the time of the block; raises ServerFailed."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise ServerFailed("there is one core only: the server and those who write would take it from each other")
    own, other = allowed[:2]
    people = {person: f"bench|{person}" for person in range(1, PEOPLE + 1)}
    with tempfile.TemporaryDirectory(prefix="chorus-bench-") as name, issuer(*people.values()) as issued:
        Path(name).chmod(0o755)
        postgres = EmbeddedPostgres(Path(name), settings={"max_connections": "200", "max_wal_size": "8GB"})
        try:
            dsn, bare = asyncio.run(_worlds(postgres.start()))
            os.sched_setaffinity(0, {other})
            pid, version = asyncio.run(postmaster(dsn))
            machine.pin(pid, {other})
            chorus = [server for server in SERVERS if server.name == "chorus"]
            work = ["taskset", "-c", str(other), *PYTHON, "cli", "worker"]
            with (
                started(chorus, dsn, issued, own) as (api,),
                stopped(work, environment(dsn, api.port, issued), Path(name) / "worker.log") as worker,
            ):
                place = load.Place(own, other, pid)
                tokens = {person: issued.tokens[subject] for person, subject in people.items()}
                yield Scene(api, worker.pid, place, tokens, dsn, bare, about(place, version, chorus))
        finally:
            postgres.stop()


async def _worlds(server: str) -> tuple[str, str]:
    dsn, bare = (server.replace("/postgres?", f"/{name}?") for name in ("chorus", BARE))
    connection = await connect(server)
    try:
        await connection.execute("create database chorus")
        await make_crowd(dsn, SOUNDS, with_videos=False)
        arranging = await connect(dsn)
        for statement in ARRANGED:
            await arranging.execute(statement)
        await arranging.close()
        await connection.execute(f"create database {BARE} template chorus")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return dsn, bare


class Client(asyncio.Protocol):
    """A connection that is kept, and asks one after the other: as little as there can be between the bytes and the figures."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or self._answer is None:
            return
        begin = self._buffer.index(b"content-length: ") + 16
        end = head + 4 + int(self._buffer[begin : self._buffer.index(b"\r\n", begin)])
        if len(self._buffer) >= end:
            answer, self._buffer = bytes(self._buffer[head + 4 : end]), self._buffer[end:]
            self._answer.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server hung up"))

    async def ask(self, token: str, body: bytes) -> Any:
        """The data of the answer; raises AnswersWrong where there are errors."""
        self._answer = asyncio.get_running_loop().create_future()
        head = f"POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n"
        self._transport.write(b"%scontent-length: %d\r\n\r\n%s" % (head.encode(), len(body), body))
        answer = orjson.loads(await self._answer)
        if answer.get("errors"):
            raise AnswersWrong(f"the server answered {answer}")
        return answer["data"]

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


@asynccontextmanager
async def clients(scene: Scene, number: int) -> AsyncIterator[list[Client]]:
    """So many connections."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(Client, "127.0.0.1", scene.api.port) for _ in range(number)]
    try:
        yield [client for _, client in opened]
    finally:
        for _, client in opened:
            client.close()


async def taken_in_turn(workers: int, work: list[Any], do: Callable[[int, Any], Awaitable[None]]) -> list[float]:
    """Does all the work, so many at a time: seconds that each took."""
    waiting, spans = iter(work), []

    async def run(worker: int) -> None:
        for task in waiting:
            began = time.perf_counter()
            await do(worker, task)
            spans.append(time.perf_counter() - began)

    await asyncio.gather(*map(run, range(workers)))
    return spans


@asynccontextmanager
async def charged(scene: Scene, found: dict[str, float], each: Callable[[], int]) -> AsyncIterator[None]:
    """Fills in what the block takes: seconds, and of each process microseconds of CPU for each of what was done."""
    before, cores, began = scene.used(), machine.cores(), time.perf_counter()
    yield
    seconds, busy = time.perf_counter() - began, machine.cores().since(cores)
    used = {name: after - before[name] for name, after in scene.used().items()}
    found["per_second"] = each() / seconds
    found["others"] = scene.others(used, busy, seconds)
    found |= {f"{name}_us": spent / each() * 1e6 for name, spent in used.items()}


def latency(spans: list[float]) -> dict[str, float]:
    """Milliseconds."""
    parts = quantiles(spans, n=100)
    return {"p50_ms": parts[49] * 1000, "p99_ms": parts[98] * 1000}


async def shown(look: Callable[[], Awaitable[bool]], *, every: float = 0.02, most: float = 30.0) -> float:
    """Seconds until this is so; raises AnswersWrong where it never is."""
    began = time.perf_counter()
    while not await look():
        if time.perf_counter() - began > most:
            raise AnswersWrong(f"what was written was not shown within {most:g} s")
        await asyncio.sleep(every)
    return time.perf_counter() - began


def run(
    name: str,
    measure: Callable[[Scene, int], Awaitable[dict[str, list[Row]]]],
    tables: Callable[[dict[str, list[Row]], dict[str, Any]], str],
    rounds: int,
) -> None:
    """Measures so many rounds, prints what it says, and publishes it where it is the whole."""

    async def measured(found: Scene) -> dict[str, list[Row]]:
        return await measure(found, rounds)

    try:
        with scene() as found:
            rows = uvloop.run(measured(found))
            text = tables(rows, found.facts)
    except (AnswersWrong, ServerFailed, asyncpg.PostgresError) as error:
        print(f"Not measured: {error}.")
        raise typer.Exit(1) from None
    print(text)
    if rounds >= WHOLE:
        publish(name, text)
        print("Written:", keep(name, found.facts, tuple(rows.items())))
