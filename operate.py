"""The commands of operators: is every count what the facts say, and what is to be seen no longer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.database import Database
from reach import Address, CommandFailed, database_url
from resolvers import ids
from resolvers.errors import InvalidId
from resolvers.ids import shown
from settings import load
from trending import moderate as decisions
from trending.recount import differences

moderate = typer.Typer(no_args_is_help=True, help="Decide what is to be seen no longer.")
Handle = Annotated[str, typer.Argument(help="Of the account.")]
SoundId = Annotated[str, typer.Argument(help="Like sound_12.")]
RECOUNT_SECONDS = 3600.0
SHOWN = 5  # rows of a recount


def recount(address: Address = None) -> None:
    """Count everything again from the facts; fail where a stored count differs."""
    found = asyncio.run(_differences(database_url(load(), address)))
    if not found:
        typer.echo("Every count and sum is what the facts say.")
        return
    Console(soft_wrap=True).print(_table(found))
    raise CommandFailed(f"{len(found)} of the recounts found what the facts do not say.")


async def _differences(dsn: str) -> dict[str, list[Any]]:
    # By another name: it reads for long, and nobody who hides a person needs to wait for that.
    database = Database(dsn, readers=1, writers=2, statement_seconds=RECOUNT_SECONDS, application="chorus recount")
    try:
        return await differences(database, datetime.now(UTC))
    finally:
        await database.close()


def _table(found: dict[str, list[Any]]) -> Table:
    table = Table("recount", "rows", "the first of them")
    for name, rows in found.items():
        first = "; ".join(", ".join(map(str, row)) for row in rows[:SHOWN])
        table.add_row(name, str(len(rows)), first)
    return table


@moderate.command()
def suspend(handle: Handle, address: Address = None) -> None:
    """Hide a person at once, and take away all weight in counts and charts."""
    _decide(address, lambda database, now: decisions.suspend(database, handle, now))
    typer.echo(f"{shown(handle)} is suspended.")


@moderate.command()
def restore(handle: Handle, address: Address = None) -> None:
    """Give a suspended person everything back, with the weight that it had."""
    _decide(address, lambda database, now: decisions.restore(database, handle, now))
    typer.echo(f"{shown(handle)} is active.")


@moderate.command()
def mute(sound: SoundId, address: Address = None) -> None:
    """Silence a sound: it can be seen, but nothing more is made with it."""
    _set_status(address, sound, "MUTED")


@moderate.command()
def remove(sound: SoundId, address: Address = None) -> None:
    """Take a sound out of lists, charts and search; it keeps its id."""
    _set_status(address, sound, "REMOVED")


@moderate.command()
def activate(sound: SoundId, address: Address = None) -> None:
    """Bring back a sound that was muted or removed."""
    _set_status(address, sound, "ACTIVE")


@moderate.command()
def reports(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50, address: Address = None
) -> None:
    """List what was reported, the newest first."""
    table = Table("report", "when", "subject", "reason", "details", "by")
    for row in _decide(address, lambda database, _: database.newest_reports(limit)):
        when = row["created_at"].isoformat(timespec="seconds")
        about = row["subject"], row["reason"], row["details"], row["reporter"]
        table.add_row(ids.REPORT.of(row), when, *(Text(value or "") for value in about))
    Console(soft_wrap=True).print(table)


def _set_status(address: str | None, sound: str, status: str) -> None:
    try:
        sound_id = ids.SOUND.read(sound)
    except InvalidId as error:
        raise CommandFailed(str(error)) from error
    _decide(address, lambda database, now: decisions.set_sound_status(database, sound_id, status, now))
    typer.echo(f"{sound} is {status.lower()}.")


def _decide(address: str | None, decision: Callable[[Database, datetime], Awaitable[Any]]) -> Any:
    async def decide() -> Any:
        database = Database(database_url(load(), address), readers=1, writers=1)
        try:
            return await decision(database, datetime.now(UTC))
        except (decisions.NobodyToModerate, decisions.NoSuchSound) as error:
            raise CommandFailed(str(error)) from error
        finally:
            await database.close()

    return asyncio.run(decide())
