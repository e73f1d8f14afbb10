"""A pooler that hands one session to several clients is found out before anything is served."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from db.database import connect, require_sessions
from db.errors import SessionsBroken
from db.migrate import BadMigration, read_migrations, require_current
from dev.postgres import EmbeddedPostgres
from tests.conftest import Copy, address
from tests.until import PATIENCE

TLS = 80877103  # the code by which a client asks for it


class TransactionPooler:
    """What a pooler does in transaction mode: every client's messages go over the one session that it has."""

    def __init__(self, socket: str, database: str) -> None:
        self._socket = socket
        self._database = database
        self._turn = asyncio.Lock()
        self._client: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(self._socket)
        fields = f"user\0chorus\0database\0{self._database}\0\0".encode()
        self._writer.write(struct.pack("!ii", len(fields) + 8, 196608) + fields)
        self._greeting = b""
        while self._greeting[-6:-5] != b"Z":
            self._greeting += await message(self._reader)
        self._relay = asyncio.create_task(self._answer())

    async def close(self) -> None:
        self._relay.cancel()
        self._writer.close()
        await asyncio.wait([self._relay])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        if code == TLS:
            writer.write(b"N")
            length, _ = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        writer.write(self._greeting)
        with suppress(asyncio.IncompleteReadError):
            while (asked := await message(reader))[:1] != b"X":
                if self._client is not writer:
                    await self._turn.acquire()
                    self._client = writer
                self._writer.write(asked)
        writer.close()

    async def _answer(self) -> None:
        # A client has the session until it is ready for the next query, as between two transactions.
        while True:
            said = await message(self._reader)
            if self._client is not None:
                self._client.write(said)
            if said[:1] == b"Z":
                self._client = None
                self._turn.release()


async def message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


@pytest.fixture
async def pooled(cluster: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """The address of a database behind a pooler in transaction mode."""
    folder = cluster.address.split("host=")[1].split("&")[0].replace("%2F", "/")
    pooler = TransactionPooler(f"{folder}/.s.PGSQL.5432", "postgres")
    await pooler.start()
    async with serving(pooler) as port:
        yield f"postgresql://chorus@127.0.0.1:{port}/postgres"
    await pooler.close()


@asynccontextmanager
async def serving(pooler: TransactionPooler) -> AsyncIterator[int]:
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_pooler_that_shares_a_session_is_refused_in_one_line(pooled: str) -> None:
    with pytest.raises(SessionsBroken, match="use its session mode"):
        async with asyncio.timeout(PATIENCE):
            await require_sessions(pooled)


async def test_a_session_of_ones_own_is_accepted(cluster: EmbeddedPostgres) -> None:
    await require_sessions(cluster.address)


async def test_a_database_that_lacks_migrations_is_not_served(copy: Copy) -> None:
    async with copy("template0") as dsn:
        connection = await connect(dsn)
        with pytest.raises(BadMigration, match="the database lacks 0001"):
            await require_current(connection, read_migrations())
        await connection.close()


async def test_a_database_of_this_schema_is_served(cluster: EmbeddedPostgres, template: str) -> None:
    connection = await connect(address(cluster, template))
    await require_current(connection, read_migrations())
    await connection.close()
