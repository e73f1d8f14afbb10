"""A real Postgres for every test: one cluster a session, a read-only world that readers share, a copy of a template for whoever writes."""

import asyncio
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import execution.values
import schema.field
import worker
from db.database import Database, connect
from db.migrate import migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from resolvers import account
from resolvers.context import Context, Rows
from tests.ask import Api
from tests.gathering import CROWD, arrange
from tests.lockstep import LockstepLoader
from tests.until import PATIENCE
from trending import erasure
from worker import Worker

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
}
MEMORY_NEEDED = 1 << 30

# What is drawn is judged by what becomes of it, not by how long that takes on this machine.
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("chorus", settings(), deadline=None, suppress_health_check=SLOW)
settings.load_profile("chorus")


def pytest_collection_finish() -> None:
    """No collection of garbage looks again at what was imported; it would take a tenth of a second each time."""
    gc.collect()
    gc.freeze()


# A proxy that the environment names would not find this machine's servers.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session", autouse=True)
def _unhurried() -> Iterator[None]:
    """What is done for so many seconds at a time is done whole, however busy the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "FOLDING", PATIENCE)
        patch.setattr(erasure, "SECONDS", PATIENCE)
        patch.setattr(account, "HIDING", PATIENCE)
        yield


def memory() -> Path | None:
    """Where a folder costs no disk; None where there is no room."""
    place = Path("/dev/shm")  # noqa: S108  folders of our own are made in it
    return place if place.is_dir() and shutil.disk_usage(place).free > MEMORY_NEEDED else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedPostgres]:
    """The session's Postgres, in memory where there is room; CHORUS_TEST_POSTGRES_BIN names another one's binaries."""
    folder = Path(tempfile.mkdtemp(prefix="chorus-test-", dir=memory()))
    folder.chmod(0o755)
    binaries = os.environ.get("CHORUS_TEST_POSTGRES_BIN")
    postgres = EmbeddedPostgres(folder, settings=QUICK, binaries=Path(binaries) if binaries else None)
    postgres.start()
    yield postgres
    postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter: where the tests run as root, Postgres is somebody else."""
    with tempfile.TemporaryDirectory(prefix="chorus-test-", dir=memory()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def address(cluster: EmbeddedPostgres, database: str) -> str:
    """The address of a database of the cluster."""
    return cluster.address.replace("/postgres?", f"/{database}?")


async def run_sql(dsn: str, sql: str) -> None:
    connection = await connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def template(cluster: EmbeddedPostgres) -> str:
    """The name of a migrated, empty database to copy."""
    await run_sql(cluster.address, "create database template_empty")
    connection = await connect(address(cluster, "template_empty"))
    await migrate(connection, read_migrations())
    await connection.close()
    return "template_empty"


@pytest.fixture(scope="session")
async def template_world(cluster: EmbeddedPostgres, template: str) -> str:
    """The name of a database with the small sample world as of NOW, to copy or to read."""
    from dev.sample import load_sample

    await run_sql(cluster.address, f"create database template_world template {template}")
    dsn = address(cluster, "template_world")
    await load_sample(dsn, scale="small", seed=1, now=NOW)
    await score_charts(dsn)
    return "template_world"


async def score_charts(dsn: str) -> None:
    """The worker's first steps: every chart of the world has a version as of NOW."""
    database = Database(dsn)
    by = Worker(database, lambda: NOW)
    while await by.step():
        pass
    await database.close()


Copy = Callable[[str], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
async def copy(cluster: EmbeddedPostgres) -> AsyncIterator[Copy]:
    """Makes databases of one's own, each for the time of a block."""
    numbers = itertools.count(1)
    one_by_one = asyncio.Lock()
    connection = await connect(cluster.address)

    async def run(sql: str) -> None:
        async with one_by_one:
            await connection.execute(sql)

    @asynccontextmanager
    async def make(name: str) -> AsyncIterator[str]:
        database = f"copy_{next(numbers)}"
        # Files are copied in half of the time that their pages take through the log.
        await run(f"create database {database} template {name} strategy file_copy")
        try:
            yield address(cluster, database)
        finally:
            await run(f"drop database {database} with (force)")

    yield make
    await connection.close()


@pytest.fixture(scope="session")
async def world(cluster: EmbeddedPostgres, template_world: str) -> AsyncIterator[Api]:
    """The small world, to be read only."""
    await run_sql(cluster.address, f"create database world template {template_world}")
    database = Database(address(cluster, "world"), loader=LockstepLoader)
    yield Api(database, NOW)
    await database.close()


@pytest.fixture
async def api(copy: Copy, template: str) -> AsyncIterator[Api]:
    """An empty, migrated database of the test's own."""
    async with copy(template) as dsn:
        database = Database(dsn)
        yield Api(database, NOW)
        await database.close()


@pytest.fixture
async def own_world(copy: Copy, template_world: str) -> AsyncIterator[Api]:
    """The small world, to be written to."""
    async with copy(template_world) as dsn:
        database = Database(dsn)
        yield Api(database, NOW)
        await database.close()


@pytest.fixture(scope="session")
async def gathering(copy: Copy, template: str) -> AsyncIterator[Api]:
    """A handful of people around a few sounds (tests/gathering.py), to be read only."""
    async with copy(template) as dsn:
        database = Database(dsn)
        yield await arrange(Api(database, NOW))
        await database.close()


@pytest.fixture(scope="session")
async def crowd(copy: Copy, template: str) -> AsyncIterator[Api]:
    """So many of everything that a page of 100 is full (tests/gathering.py), to be read only."""
    async with copy(template) as dsn:
        database = Database(dsn)
        yield await arrange(Api(database, NOW), CROWD)
        await database.close()


@pytest.fixture
def parents_a_call(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The largest number of parents that reached each batch function in one call, on either executor."""
    seen: dict[str, int] = {}
    load, batch = schema.field._load, execution.values.batch

    def see(function: Callable[..., Any], parents: Sequence[Any]) -> None:
        name = f"{function.__module__}.{function.__name__}"
        seen[name] = max(seen.get(name, 0), len(parents))

    async def loaded(function: Callable[..., Any], ctx: Context, arguments: dict[str, Any], parents: Rows) -> Rows:
        see(function, parents)
        return await load(function, ctx, arguments, parents)

    def batched(executor: Any, field: Any, objects: Sequence[Any]) -> Any:
        see(field.kind.function, objects)
        return batch(executor, field, objects)

    monkeypatch.setattr(schema.field, "_load", loaded)
    monkeypatch.setattr(execution.values, "batch", batched)
    return seen
