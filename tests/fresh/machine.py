"""A machine that has seen nothing: a clone in an empty folder, with a HOME and an environment of its own."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from tests.running import free_port, running_on, until_nothing_runs_on

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 600.0  # seconds after which it is not slow but broken
MIRRORS = re.compile(
    r"(PIP|SSL|REQUESTS)_.+|(HTTPS?|NO|ALL)_PROXY", re.IGNORECASE
)  # how packages are reached from here
DIRECTLY = build_opener(ProxyHandler({}))
Make = subprocess.Popen[bytes]


class Broken(Exception):
    """A promise that this clone does not keep."""


def require(well: object, otherwise: str) -> None:
    if not well:
        raise Broken(otherwise)


class Machine:
    """The folder, and what a person does in it; `output` is what the last command printed."""

    def __init__(self, folder: Path) -> None:
        self.clone, self._home, self._printed = folder / "chorus", folder / "home", folder / "output"
        self._home.mkdir()
        self._port = str(free_port())
        kept = {name: text for name, text in os.environ.items() if name in ("PATH", "LANG") or MIRRORS.fullmatch(name)}
        self._environment = kept | {"HOME": str(self._home)}

    @property
    def output(self) -> str:
        return self._printed.read_text() if self._printed.exists() else ""

    def git(self, *words: str) -> str:
        command = ["git", *words]
        return subprocess.run(command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    @contextmanager
    def making(self, target: str, **settings: str) -> Iterator[Make]:
        """`make` for the time of the block; what then still runs is interrupted as by a terminal, and killed if that does not help."""
        with self._printed.open("wb") as printed:
            how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": printed, "stderr": subprocess.STDOUT}
            how |= {"cwd": self.clone, "env": self._environment | settings, "start_new_session": True}
            make = subprocess.Popen(["make", target], **how)
        try:
            yield make
        finally:
            for ending in (signal.SIGINT, signal.SIGKILL):
                if make.poll() is None:
                    os.killpg(make.pid, ending)
                    with suppress(subprocess.TimeoutExpired):
                        make.wait(30)

    @contextmanager
    def dev(self) -> Iterator[Make]:
        """`make dev`, once it shows GraphiQL and a chart."""
        with self.making("dev", CHORUS_PORT=self._port) as make:
            deadline = time.monotonic() + PATIENCE
            while not self._answers():
                require(make.poll() is None, f"make dev ended with {make.poll()}")
                require(time.monotonic() < deadline, "make dev does not answer")
                time.sleep(0.2)
            yield make

    def _answers(self) -> bool:
        """Whether a browser gets GraphiQL with all that its page names, and the query that the terminal shows gets a chart."""
        try:
            parts = re.findall(r'(?:src|href)="(/[^"]+)"', self._asked("/graphql", accept="text/html"))
            require(len(parts) > 5, f"the page of GraphiQL names only {parts}")
            for part in parts:
                self._asked(part)
            shown = re.search(r"^A first query:\n(.+)$", self.output, re.MULTILINE)
            return bool(shown and self._queried(shown[1])["trendingSounds"]["edges"])
        except (URLError, TimeoutError, ConnectionError):
            return False

    def _asked(self, path: str, body: bytes | None = None, **headers: str) -> str:
        request = Request(f"http://127.0.0.1:{self._port}{path}", body, headers)
        with DIRECTLY.open(request, timeout=10) as answer:
            return str(answer.read().decode())

    def _queried(self, query: str, **headers: str) -> Any:
        headers["content-type"] = "application/json"
        return json.loads(self._asked("/graphql", json.dumps({"query": query}).encode(), **headers))["data"]

    def signed_in(self) -> str:
        """The header that the terminal shows, which speaks for the person whom it names."""
        shown = re.search(r"Sign in as @(\S+), .+\n(\{.+\})$", self.output, re.MULTILINE)
        handle, header = shown.groups() if shown else ("", "{}")
        answer = self._queried("{ viewer { user { handle } } }", **json.loads(header))
        require(answer == {"viewer": {"user": {"handle": handle}}}, f"the token of @{handle} is answered with {answer}")
        return header

    def risen(self) -> str:
        """What a signed-in subscriber saw of a burst, by the first subscription that README.md shows."""
        subscription, *_ = re.findall(r"```graphql\n(subscription.+?)```", (self.clone / "README.md").read_text(), re.S)
        command = [".venv/bin/python", "-m", "tests.fresh.rising", f"ws://127.0.0.1:{self._port}/graphql"]
        command += [self.signed_in(), subscription, str(self._printed)]
        ran = subprocess.run(command, cwd=self.clone, env=self._environment, capture_output=True, text=True)
        require(ran.returncode == 0, f"the subscription: {ran.stdout} {ran.stderr}")
        return ran.stdout

    def kill(self, *names: str) -> None:
        """SIGKILL for the server, for Postgres, or for both."""
        noted = self.clone / ".chorus" / "postgres" / "cluster" / "postmaster.pid"
        found = {"Postgres": int(noted.read_text().split()[0]), "the server": self._server()}
        for name in names:
            os.kill(found[name], signal.SIGKILL)

    def _server(self) -> int:
        (pid,) = [pid for pid, command in running_on(self.clone).items() if command.endswith("/chorus dev")]
        return pid

    def interrupt(self, make: Make) -> None:
        """Ctrl-C, which a terminal sends to all in front of it: make dies of it too, and says so if what it ran failed."""
        os.killpg(make.pid, signal.SIGINT)
        self._ended(make, (0, -signal.SIGINT))

    def interrupt_server(self, make: Make) -> None:
        """The same for the server alone, whose exit code make hands on."""
        os.kill(self._server(), signal.SIGINT)
        self._ended(make, (0,))

    def _ended(self, make: Make, well: tuple[int, ...]) -> None:
        require(make.wait(30) in well, f"make dev ended with {make.returncode}")
        require("Traceback" not in self.output and "***" not in self.output, "make dev ended badly")
        until_nothing_runs_on(self.clone)
