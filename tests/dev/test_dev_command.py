"""`chorus dev` as a person runs it: real processes, signals, and whatever may stand in its way."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import cli
from dev.postgres import EmbeddedPostgres
from tests.conftest import address, memory, run_sql
from tests.running import free_port, kill_all_on, until_nothing_runs_on

Refused = Callable[..., str]
SECONDS = 180.0
ASK = {"query": "{ trendingSounds(window: HOUR, kind: POPULAR, first: 3) { edges { node { title } } } }"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the command keeps its Postgres: one world for the tests of this module, as a second start would find it."""
    with tempfile.TemporaryDirectory(prefix="chorus-dev-", dir=memory()) as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("CHORUS_")}
    return bare | {"CHORUS_FOLDER": str(folder / ".chorus"), "CHORUS_PORT": str(port)} | settings


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "cli", *words]


@contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`chorus dev` for the time of the block, once it answers."""
    process = subprocess.Popen(
        command("dev"),
        env=environment(folder, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        await_answer(process, port)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def await_answer(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout and process.stdout.read()
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=ASK, timeout=5).json()
            if answer.get("data", {}).get("trendingSounds", {}).get("edges"):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"no chart within {SECONDS:.0f} s")


def refused(*words: str, env: dict[str, str]) -> str:
    """The one line with which a command ends."""
    ran = subprocess.run(command(*words), env=env, capture_output=True, text=True, timeout=SECONDS)
    assert ran.returncode == 1, ran
    return only_line(ran.stdout + ran.stderr)


def only_line(said: str) -> str:
    (line,) = said.strip().splitlines()
    return line


@pytest.fixture
def refused_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """The same in this process, which is quicker."""

    def refuse(*words: str, env: dict[str, str]) -> str:
        monkeypatch.setattr(os, "environ", env)
        monkeypatch.setattr(sys, "argv", ["chorus", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        return only_line("".join(capsys.readouterr()))

    return refuse


@dataclass
class Start:
    """What a first start said and how it ended by Ctrl-C, and what another one said meanwhile."""

    said: str
    code: int
    other: str


@pytest.fixture(scope="module")
def first(folder: Path) -> Start:
    with running(folder, free_port()) as process:
        other = refused("dev", env=environment(folder, free_port()))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=SECONDS)
    until_nothing_runs_on(folder)
    return Start(said, process.returncode, other)


def test_it_starts_from_nothing_and_ctrl_c_leaves_no_process(first: Start) -> None:
    assert first.code == 0, first.said
    assert "Loaded the small sample world" in first.said
    assert re.search(r'\{"Authorization": "Bearer [\w.-]+"\}', first.said)
    assert "Traceback" not in first.said


def test_two_at_once_are_refused(first: Start) -> None:
    assert "Another Chorus is running" in first.other


def test_a_second_start_loads_nothing_and_after_kill_9_of_everything_the_next_one_works(
    first: Start, folder: Path
) -> None:
    with running(folder, free_port()) as process:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        kill_all_on(folder)
    assert "nothing was loaded" in said
    with running(folder, free_port()):
        pass  # and ends by kill -9 of itself alone
    until_nothing_runs_on(folder)


def test_a_taken_port_is_one_line(folder: Path, refused_here: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused_here("dev", env=environment(folder, port))
    assert f"127.0.0.1:{port} cannot be used" in line
    assert "CHORUS_PORT" in line


@pytest.mark.parametrize("words", [("dev",), ("serve",), ("migrate",), ("token", "--handle", "ann")])
def test_an_unreachable_database_is_one_line(folder: Path, words: tuple[str, ...], refused_here: Refused) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    line = refused_here(*words, env=environment(folder, free_port(), CHORUS_DATABASE_URL=url))
    assert "The database does not answer" in line


@pytest.mark.parametrize("handle", ["", "@ann", "a" * 31])
def test_a_token_for_an_impossible_handle_is_one_line(folder: Path, handle: str, refused_here: Refused) -> None:
    line = refused_here("token", "--handle", handle, env=environment(folder, free_port()))
    assert line == f"{handle!r} is no handle: 2 to 30 letters a to z, digits, `_` and `.` are allowed."


async def test_a_newer_schema_is_one_line(
    folder: Path, cluster: EmbeddedPostgres, template: str, refused_here: Refused
) -> None:
    await run_sql(cluster.address, f"create database newer template {template}")
    url = address(cluster, "newer")
    await run_sql(url, "insert into migrations (number, name, checksum) values (9999, '9999_of_tomorrow.sql', 'x')")
    for words in (("serve",), ("dev",)):
        line = await asyncio.to_thread(
            refused_here, *words, env=environment(folder, free_port(), CHORUS_DATABASE_URL=url)
        )
        assert "9999_of_tomorrow.sql" in line
        assert "newer" in line


def test_a_setting_that_is_not_allowed_is_one_line(folder: Path, refused_here: Refused) -> None:
    line = refused_here("serve", env=environment(folder, free_port(), CHORUS_CONNECTIONS="many"))
    assert line == "CHORUS_CONNECTIONS is 'many': allowed is a whole number from 1 to 100."
