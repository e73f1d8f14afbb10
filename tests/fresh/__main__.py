"""The two commands on a fresh clone of HEAD, after `kill -9` too: a line for each step, with the seconds that it took."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fresh.machine import CHECKOUT, Broken, Machine, Make, require
from tests.running import kill_all_on, until_nothing_runs_on

BOUND = 120.0  # seconds from the beginning of the clone to the first answer, downloads included
TESTS = 1800.0


def say(began: float, what: str) -> None:
    sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {what}\n")
    sys.stdout.flush()


def busy() -> str:
    return f"allowed are {BOUND:.0f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


@contextmanager
def again(machine: Machine, after: str) -> Iterator[Make]:
    began = time.monotonic()
    with machine.dev() as make:
        say(began, f"make dev answers again, after {after}")
        yield make


def first_start(machine: Machine) -> float:
    """From nothing to Ctrl-C; returns the seconds after which it answered."""
    began = time.monotonic()
    machine.git("clone", "--quiet", f"file://{CHECKOUT}", str(machine.clone))
    say(began, "HEAD is cloned into an empty folder")
    with machine.dev() as make:
        answered = time.monotonic() - began
        say(began, f"since the clone began, GraphiQL and the first query answer ({busy()})")
        subscribed = time.monotonic()
        say(subscribed, f"subscription: {machine.risen()}")
        stopped = time.monotonic()
        machine.interrupt(make)
        say(stopped, "Ctrl-C ends it, and no process is left")
    return answered


def later_starts(machine: Machine) -> None:
    with again(machine, "Ctrl-C"):
        machine.kill("the server")
    with again(machine, "kill -9 of the server") as make:
        machine.kill("Postgres")
        machine.interrupt(make)
    with again(machine, "kill -9 of Postgres"):
        machine.kill("the server", "Postgres")
    with again(machine, "kill -9 of both") as make:
        subscribed = time.monotonic()
        say(subscribed, f"subscription: {machine.risen()}")
        stopped = time.monotonic()
        machine.interrupt_server(make)
        say(stopped, "interrupted, the server exits with 0, and no process is left")


def tested(machine: Machine) -> None:
    began = time.monotonic()
    with machine.making("test") as make:
        code = make.wait(TESTS)
    require(code == 0, f"make test ended with {code}")
    until_nothing_runs_on(machine.clone)
    say(began, f"make test: {machine.output.splitlines()[-1].strip(' =')}")
    changes = machine.git("-C", str(machine.clone), "status", "--porcelain")
    require(not changes, f"git sees changes in the clone: {changes}")


def main() -> int:
    # Whoever ends us by a signal has what we started ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="chorus-fresh-"))
    folder.chmod(0o755)  # as root, Postgres is somebody else, who must be able to enter
    machine = Machine(folder)
    try:
        seconds = first_start(machine)
        later_starts(machine)
        tested(machine)
    except (Broken, subprocess.SubprocessError, OSError, AssertionError) as error:
        sys.stdout.write(f"FAILED: {error or type(error).__name__}\n{machine.output[-3000:]}\n")
        return 1
    finally:
        kill_all_on(folder)
        shutil.rmtree(folder, ignore_errors=True)
    if seconds > BOUND:
        sys.stdout.write(f"TOO SLOW: the first answer took {seconds:.0f} s, allowed are {BOUND:.0f} s.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
