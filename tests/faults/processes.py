"""Processes of Chorus as they run in production, each of which can be killed at any instruction."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.ask import SECRET
from tests.until import PATIENCE, until

JUMPING = "tests.faults.jumping"  # starts them by a clock that can be set
CHECKOUT = Path(__file__).parents[2]
OWN = {
    "CHORUS_SECRET": SECRET,
    "CHORUS_SOCKETS_PER_CALLER": "10000",
    "CHORUS_INIT_TIMEOUT": "120",
    "CHORUS_TIME_LIMIT": "60",  # longer than a late commit is late
}


class Process:
    """A command of Chorus that runs, or did; what it prints is kept in a file of the folder."""

    def __init__(self, folder: Path, name: str, **environment: str) -> None:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("CHORUS_")}
        self._environment = kept | OWN | environment
        self._name = name
        self.module = ""
        self._printed = folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, None where it has ended."""
        return self._running.pid if self._running is not None and self._running.poll() is None else None

    @property
    def printed(self) -> str:
        """What it said so far."""
        return self._printed.read_text(errors="replace")

    def start(self, module: str = "cli") -> None:
        """Starts it, and does not wait until it can do anything."""
        self.module = module
        command = [sys.executable, "-m", module, self._name]
        with self._printed.open("ab") as printed:
            self._running = subprocess.Popen(
                command, env=self._environment, cwd=CHECKOUT, stdout=printed, stderr=printed
            )

    def kill(self) -> None:
        """Kill -9, and returns when it is gone."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()


class Door(Process):
    """The API without a worker of its own, on a port that it keeps."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        own = {"CHORUS_PORT": str(port), "CHORUS_WORKER": "false", "CHORUS_LOG_LEVEL": "warning"}
        super().__init__(folder, "serve", **own, **environment)
        self.port = port
        self.site = f"http://127.0.0.1:{port}"

    async def answers(self) -> None:
        """Returns once it does, the database included."""
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            await until(lambda: self._ready(client), 3 * PATIENCE)

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        assert self.pid is not None, self.printed
        try:
            return (await client.get(f"{self.site}/ready")).status_code == 200
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            return False
