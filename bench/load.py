"""The load: wrk, a compiled generator, which posts bodies drawn at random and never waits between two."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from bench import machine
from bench.servers import Running

SCRIPT = Path(__file__).with_name("load.lua")
DRAIN_SECONDS = 60  # for the last answers; nobody waits for it who has them
SEEDS = count(1)


class LoadFailed(Exception):
    """Requests were refused or lost, so that the others' figures mean nothing."""


def missing() -> str | None:
    """Why there can be no load here."""
    return None if shutil.which("wrk") else "the load generator is missing: on Debian, apt-get install wrk"


def version() -> str:
    """Of wrk."""
    shown = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    return (re.search(r"wrk \S*?(\d[\w.]*)", shown) or [shown, "unknown"])[1]


@dataclass(frozen=True)
class Place:
    """Which core is whose, and the process of Postgres."""

    server_core: int
    other_core: int
    postmaster: int


@dataclass(frozen=True)
class Used:
    """Seconds of CPU so far, and of the clock."""

    server: float
    postgres: float
    generator: float
    cores: machine.Cores
    clock: float


def load(
    server: Running, bodies: list[Any], *, path: str, connections: int, seconds: int, place: Place
) -> dict[str, Any]:
    """Asks for so many seconds; returns figures of the requests and of everybody's CPU. Raises LoadFailed."""
    with _bodies(bodies) as file:
        command = ["taskset", "-c", str(place.other_core), "wrk", "-t1", f"-c{connections}"]
        command += [f"-d{seconds + DRAIN_SECONDS}s", "--timeout", f"{DRAIN_SECONDS}s", "-s", str(SCRIPT)]
        command += [server.url(path), "--", file, path, str(next(SEEDS)), str(seconds), str(connections)]
        command += [f"{name}: {value}" for name, value in server.headers.items()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as generator:
            before = _used(server, generator, place)
            sent, elapsed = _drained(generator)
            after = _used(server, generator, place)
            generator.send_signal(signal.SIGINT)  # it would wait out its time
            output = generator.stdout.read() if generator.stdout else ""
    result = json.loads(output.rpartition("RESULT ")[2])
    if result.pop("failed") or result.pop("answered") != sent:
        raise LoadFailed(f"{server.name} failed to answer some of {sent} requests: {output} {server.log}")
    return {"requests": sent, "seconds": elapsed, **result, **_figures(before, after, sent, elapsed, place)}


@contextmanager
def _bodies(bodies: list[Any]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("wb", suffix=".jsonl") as file:
        file.write(b"\n".join(map(orjson.dumps, bodies)))
        file.flush()
        yield file.name


def _drained(generator: "subprocess.Popen[str]") -> tuple[int, float]:
    seen = []
    for line in generator.stdout or ():
        found = re.match(r"DRAINED (\d+) ([\d.]+)", line)
        if found:
            return int(found[1]), float(found[2])
        seen.append(line)
    raise LoadFailed(f"wrk ended too early: {''.join(seen)[-1000:]}")


def _used(server: Running, generator: "subprocess.Popen[str]", place: Place) -> Used:
    return Used(
        machine.cpu_seconds(server.pid),
        machine.cpu_seconds(place.postmaster),
        machine.cpu_seconds(generator.pid),
        machine.cores(),
        time.monotonic(),
    )


def _figures(before: Used, after: Used, sent: int, elapsed: float, place: Place) -> dict[str, float]:
    server, postgres = after.server - before.server, after.postgres - before.postgres
    generator, clock = after.generator - before.generator, after.clock - before.clock
    cores = after.cores.since(before.cores)
    others = cores.busy[place.server_core] - server, cores.busy[place.other_core] - postgres - generator
    return {
        "requests_per_second": sent / elapsed,
        "server_us": server / sent * 1e6,
        "postgres_us": postgres / sent * 1e6,
        "generator_us": generator / sent * 1e6,
        "server_share": server / clock,
        "postgres_share": postgres / clock,
        "generator_share": generator / clock,
        "others_on_server_core": min(1.0, max(0.0, others[0] / clock)),
        "others_on_other_core": min(1.0, max(0.0, others[1] / clock)),
        "stolen_of_server_core": cores.stolen[place.server_core] / clock,
        "stolen_of_other_core": cores.stolen[place.other_core] / clock,
    }
