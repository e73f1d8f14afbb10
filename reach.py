"""How a command reaches the database: by which address, and on a connection of its own."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import asyncpg
import typer

from db.database import LOST, connect
from db.errors import DomainError
from dev.postgres import EmbeddedPostgres
from settings import Settings

T = TypeVar("T")

Address = Annotated[
    str | None,
    typer.Option("--database-url", help="By default CHORUS_DATABASE_URL, or the embedded Postgres if it runs."),
]


class CommandFailed(DomainError):
    """What a person can mend; the message is one line."""


def database_url(settings: Settings, given: str | None) -> str:
    """The address of the database: the option's, the variable's, or an embedded Postgres that runs."""
    address = given or settings.database_url
    if address is not None:
        return address
    embedded = EmbeddedPostgres(settings.folder / "postgres")
    if embedded.running():
        return embedded.address
    raise CommandFailed("No database: set CHORUS_DATABASE_URL, or start the embedded Postgres with `make dev`.")


async def connected(dsn: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Does the work on a connection of its own; raises CommandFailed where there is none to be had."""
    try:
        connection = await connect(dsn, application="chorus cli")
    except (asyncpg.PostgresError, TimeoutError, ValueError, *LOST) as error:
        why = str(error) or type(error).__name__
        raise CommandFailed(f"The database does not answer ({why}): check CHORUS_DATABASE_URL.") from error
    try:
        return await work(connection)
    finally:
        await connection.close()
