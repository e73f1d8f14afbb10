"""The embedded Postgres, for real: it starts, it survives kill -9 of anybody, and it leaves nothing behind."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from dev import postgres
from dev.postgres import EmbeddedPostgres, PostgresUnavailable
from tests.conftest import memory

PARENT = """
import sys, time
from pathlib import Path
from dev.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, as pytest's own may not be."""
    folder = Path(tempfile.mkdtemp(prefix="chorus-place-", dir=memory()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A cluster with a row in it, to copy: quicker than initdb."""
    folder = Path(tempfile.mkdtemp(prefix="chorus-made-", dir=memory()))
    folder.chmod(0o755)
    embedded = EmbeddedPostgres(folder / "postgres")
    embedded.start()
    ask(embedded, "create table kept as select 42 as answer")
    embedded.stop()
    yield embedded.folder
    shutil.rmtree(folder)


@pytest.fixture
def server(place: Path, made: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster of the test's own, stopped."""
    subprocess.run(["cp", "-a", made, place], check=True)
    embedded = EmbeddedPostgres(place / made.name)
    yield embedded
    embedded.stop()
    assert soon(lambda: nobody_is_left(embedded))


def ask(embedded: EmbeddedPostgres, sql: str) -> str:
    psql = [f"{embedded.binaries}/psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, embedded.address]
    return subprocess.run(psql, check=True, capture_output=True, text=True).stdout.strip()


def postmaster(embedded: EmbeddedPostgres) -> int:
    return int((embedded.cluster / "postmaster.pid").read_text().splitlines()[0])


def group(pid: int) -> int | None:
    """Its process group; None when it has ended meanwhile."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def soon(happens: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happens()


def nobody_is_left(embedded: EmbeddedPostgres) -> bool:
    """No process names the cluster, as the supervisor and the server do, or works in it, as all others do."""
    return not any(
        f"{embedded.cluster}" in (*(process.info["cmdline"] or ()), process.info["cwd"])
        for process in psutil.process_iter(["cmdline", "cwd"])
    )


def started_by_another(embedded: EmbeddedPostgres) -> subprocess.Popen[str]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, embedded.folder], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline().strip() == embedded.address
    return parent


def kill(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.communicate()


async def test_asyncpg_and_psql_reach_a_postgres_with_our_settings(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.start())
    rows = await connection.fetch(
        "select name, setting from pg_settings where name = any($1)", ["jit", "random_page_cost"]
    )
    locale = await connection.fetchrow("select datlocprovider, datlocale from pg_database where datname = 'postgres'")
    await connection.close()
    assert {row["name"]: row["setting"] for row in rows} == {"jit": "off", "random_page_cost": "1.1"}
    assert tuple(locale or ()) == (b"b", "C.UTF-8")
    assert ask(server, "show listen_addresses") == ""
    assert int(ask(server, "show server_version_num")) >= 180000


def test_letters_beyond_ascii_have_trigrams(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server, "create extension pg_trgm; select similarity('björk', 'BJÖRK') = 1").endswith("t")


def test_rows_survive_a_stop(server: EmbeddedPostgres) -> None:
    server.start()
    ask(server, "insert into kept values (43)")
    server.stop()
    assert soon(lambda: nobody_is_left(server))
    server.start()
    assert ask(server, "table kept") == "42\n43"


def test_rows_survive_kill_9_of_the_server(server: EmbeddedPostgres) -> None:
    server.start()
    ask(server, "insert into kept values (43)")
    os.kill(postmaster(server), signal.SIGKILL)
    server.stop()
    server.start()
    assert ask(server, "table kept") == "42\n43"


def test_the_server_ends_by_itself_after_kill_9_of_its_parent(server: EmbeddedPostgres) -> None:
    kill(started_by_another(server))
    assert soon(lambda: nobody_is_left(server))


def test_a_start_right_after_kill_9_of_the_parent_finds_the_rows(server: EmbeddedPostgres) -> None:
    parent = started_by_another(server)
    kill(parent)
    server.start()
    assert ask(server, "table kept") == "42"


def test_an_orphan_without_its_supervisor_is_ended_and_started_again(server: EmbeddedPostgres) -> None:
    parent = started_by_another(server)
    orphan = postmaster(server)

    def companions() -> list[int]:
        return [pid for pid in psutil.pids() if pid != orphan and group(pid) == group(orphan)]

    assert soon(lambda: len(companions()) == 2)  # a child of the server is in its group for a moment
    for process in companions():
        os.kill(process, signal.SIGKILL)
    kill(parent)
    assert server.running()
    server.start()
    assert postmaster(server) != orphan
    assert ask(server, "table kept") == "42"


def test_kill_9_of_the_supervisor_leaves_a_server_that_still_stops(server: EmbeddedPostgres) -> None:
    server.start()
    assert server._supervisor is not None
    server._supervisor.kill()
    server.stop()
    assert soon(lambda: nobody_is_left(server))


def test_a_postgres_that_does_not_end_is_reported(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = started_by_another(server)
    hung = postmaster(server)
    os.kill(hung, signal.SIGSTOP)
    kill(parent)
    monkeypatch.setattr(postgres, "TIMEOUT", 1.0)
    with pytest.raises(PostgresUnavailable, match="does not end") as refused:
        server.start()
    os.kill(hung, signal.SIGCONT)
    assert "\n" not in str(refused.value)
    assert soon(lambda: nobody_is_left(server))


def test_two_at_once_are_refused_with_one_line(server: EmbeddedPostgres) -> None:
    parent = started_by_another(server)
    with pytest.raises(PostgresUnavailable, match="Another Chorus is running on") as refused:
        server.start()
    assert "\n" not in str(refused.value)
    assert server.running()
    kill(parent)


def test_the_process_id_of_a_stranger_is_neither_trusted_nor_touched(server: EmbeddedPostgres) -> None:
    server.start()
    noted = (server.cluster / "postmaster.pid").read_text()
    owner = server.cluster.stat().st_uid
    os.kill(postmaster(server), signal.SIGKILL)
    server.stop()
    stranger = subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None)
    stale = noted.replace(noted.splitlines()[0], str(stranger.pid), 1)
    (server.cluster / "postmaster.pid").write_text(stale)
    (server.cluster / ".s.PGSQL.5432.lock").write_text(stale)
    server.start()
    assert ask(server, "table kept") == "42"
    server.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_killed_initdb_is_begun_again(place: Path) -> None:
    server = EmbeddedPostgres(place / "postgres")
    (server.folder / "cluster.new" / "base").mkdir(parents=True)
    (server.folder / "cluster.new" / "PG_VERSION").write_text("18\n")
    server.start()
    assert ask(server, "select 1") == "1"
    server.stop()
    assert not (server.folder / "cluster.new").exists()


def test_a_start_that_fails_says_why_and_frees_the_folder(server: EmbeddedPostgres) -> None:
    server.settings["shared_buffers"] = "plenty"
    with pytest.raises(PostgresUnavailable, match="shared_buffers") as refused:
        server.start()
    assert "\n" not in str(refused.value)
    assert soon(lambda: nobody_is_left(server))
    server.settings["shared_buffers"] = "16MB"
    server.start()
    assert ask(server, "show shared_buffers") == "16MB"


@pytest.mark.parametrize("name", ["long" * 25, "a b, 50% of 'c' & \"d\" ü"])
async def test_a_path_that_no_address_holds_as_it_is_works(place: Path, name: str) -> None:
    embedded = EmbeddedPostgres(place / name / "postgres")
    connection = await asyncpg.connect(embedded.start())
    assert await connection.fetchval("select 1") == 1
    await connection.close()
    assert ask(embedded, "select 1") == "1"
    embedded.stop()
    assert soon(lambda: nobody_is_left(embedded))


def test_no_permission_of_what_was_there_changes(place: Path) -> None:
    outer, inner = place / "outer", place / "outer" / "inner"
    inner.mkdir(parents=True)
    outer.chmod(0o751)
    inner.chmod(0o711)
    before = [(path.stat().st_mode, path.stat().st_uid) for path in (place, outer, inner)]
    embedded = EmbeddedPostgres(inner / "postgres")
    embedded.start()
    embedded.stop()
    assert [(path.stat().st_mode, path.stat().st_uid) for path in (place, outer, inner)] == before
    assert embedded.cluster.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")
def test_a_parent_that_may_not_be_entered_gets_one_line(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    embedded = EmbeddedPostgres(closed / "inner" / "postgres")
    with pytest.raises(PostgresUnavailable, match=f"may not enter {closed}: allow it") as refused:
        embedded.start()
    assert "\n" not in str(refused.value)
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")
def test_a_cluster_stays_with_its_owner(server: EmbeddedPostgres) -> None:
    nobody = pwd.getpwnam("nobody")
    server.start()
    server.stop()
    for path in (server.cluster, *server.cluster.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    server.start()
    assert ask(server, "select 1") == "1"


def test_a_folder_that_is_a_file_gets_one_line(place: Path) -> None:
    (place / "postgres").write_text("")
    with pytest.raises(PostgresUnavailable, match=r"cannot use .*postgres: .*exists") as refused:
        EmbeddedPostgres(place / "postgres").start()
    assert "\n" not in str(refused.value)


def test_a_missing_wheel_gets_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PostgresUnavailable, match="not installed: run make dev"):
        EmbeddedPostgres(place / "postgres")


def test_an_end_without_stop_leaves_no_process(server: EmbeddedPostgres) -> None:
    quick = PARENT.replace("time.sleep(600)", "")
    subprocess.run([sys.executable, "-c", quick, server.folder], check=True, stdout=subprocess.DEVNULL)
    assert soon(lambda: nobody_is_left(server))
