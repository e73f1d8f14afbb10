"""Which processes run on a folder, and a port that nobody has; the standard library is enough."""

import os
import random
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port that nobody has, below those that the system gives away: it stays free until somebody listens there."""
    while True:
        port = random.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def running_on(folder: Path) -> dict[int, str]:
    """What still runs there, by process id: the folder stands in its command, or it is where the process stands (on Linux)."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, errors="replace", check=True)
    rows = (line.split(maxsplit=1) for line in listed.stdout.splitlines())
    return {int(pid): args for pid, args in rows if str(folder) in args or folder in _standing(pid)}


def _standing(pid: str) -> list[Path]:
    try:
        place = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:  # gone since, another user's, or a system without /proc
        return []
    return [place, *place.parents]


def until_nothing_runs_on(folder: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while running_on(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running_on(folder) == {}


def kill_all_on(folder: Path) -> None:
    """SIGKILL for each process of a folder that is the caller's own."""
    for pid in running_on(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
