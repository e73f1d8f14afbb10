"""The `chorus` command: everything that a person starts by hand."""

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from rich.console import Console

from app import build_app
from db.database import Database, require_sessions
from db.errors import DomainError
from db.migrate import migrate as apply_migrations
from db.migrate import read_migrations, require_current
from dev.accounts import Account, accounts, sociable_handles, suggested_handle, write_accounts
from dev.asked import AskedDatabase
from dev.beside import simulating
from dev.explain import explain_reads
from dev.postgres import EmbeddedPostgres
from dev.sample import load_sample, progress_bar
from dev.wake import refresh_sample
from dev.world import PACE
from events import log
from events.cursor import Cursors
from execution.explain import asking
from operate import moderate, recount
from reach import Address, CommandFailed, connected, database_url
from resolvers.context import Context
from resolvers.ids import shown
from resolvers.user import HANDLE
from schema import build_schema
from server.auth import mint
from server.errors import RequestError
from server.explain import Sent
from server.explain import explain as explain_operation
from server.listen import Server, configuration
from server.operation import Operations
from settings import Settings, SettingsError, load
from trending import scoring
from worker import Worker

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Chorus, a GraphQL API for social music.",
)
console = Console(stderr=True, highlight=False, soft_wrap=True)

FIRST_QUERY = "{ trendingSounds(window: HOUR, first: 3) { edges { rank trend { growth } node { title community { videoCount } } } } }"
TOKENS = "tokens.jsonl"
SCORING_SECONDS = 10.0
SIMULATED = 300  # sample users whom the simulator may post as


cli.command()(recount)
cli.add_typer(moderate, name="moderate")


def main() -> None:
    """Runs a command; what a person can mend is one line, without a traceback."""
    try:
        cli()
    except (DomainError, SettingsError, log.PreparedTransactionsAllowed) as error:
        console.print(str(error), style="bold red")
        sys.exit(1)


async def migrated(dsn: str) -> list[str]:
    return await connected(dsn, lambda connection: apply_migrations(connection, read_migrations()))


async def ready(dsn: str) -> None:
    """Raises one line where this database cannot be served: another schema, a pooler that breaks sessions, or a log that could stand still."""
    await connected(dsn, lambda connection: require_current(connection, read_migrations()))
    await require_sessions(dsn)
    database = Database(dsn, readers=1, writers=1)
    try:
        await log.check(database)
    finally:
        await database.close()


@cli.command()
def migrate(address: Address = None) -> None:
    """Bring the database to the schema of this version."""
    settings = load()
    names = asyncio.run(migrated(database_url(settings, address)))
    typer.echo("\n".join(f"applied {name}" for name in names) or "The database is up to date.")


@cli.command()
def serve(address: Address = None) -> None:
    """Serve the API, and be the worker unless another process is."""
    settings = load()
    log_to_stderr(settings)
    dsn = database_url(settings, address)
    asyncio.run(ready(dsn))
    until_stopped(served(settings, dsn))


def log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Works until Ctrl-C or SIGTERM, which is a good end; uvicorn raises the signal again when it has stopped."""
    with suppress(KeyboardInterrupt):
        uvloop.run(work)


async def served(
    settings: Settings, dsn: str, started: Callable[[], Any] = lambda: None, stopping: Callable[[], Any] = lambda: None
) -> None:
    """Serves until a signal comes."""
    app = build_app(settings, dsn)
    config = configuration(app, host=settings.host, port=settings.port, message_limit=settings.message_limit)
    await Server(config, started, stopping).serve()


@cli.command()
def worker(address: Address = None) -> None:
    """Be the worker and nothing else: move the log, count, score."""
    settings = load()
    log_to_stderr(settings)
    dsn = database_url(settings, address)
    asyncio.run(ready(dsn))

    async def work() -> None:
        database = Database(dsn, readers=2, writers=2)
        try:
            await Worker(database).run()
        finally:
            await database.close()

    until_stopped(work())


@cli.command()
def sample(
    scale: Annotated[str, typer.Option(help="small, medium or large.")] = "small",
    seed: Annotated[int, typer.Option(help="The same seed makes the same world.")] = 1,
    now: Annotated[str | None, typer.Option(help="The time the world ends at, like 2026-11-22T12:00:00Z.")] = None,
    address: Address = None,
) -> None:
    """Fill an empty database with a believable world."""
    dsn = database_url(load(), address)
    asyncio.run(migrated(dsn))
    typer.echo(loaded(dsn, scale, seed, moment(now)))


def loaded(dsn: str, scale: str, seed: int, now: datetime) -> str:
    """Loads the sample with a progress bar; returns what was done."""
    with progress_bar() as progress:
        return asyncio.run(load_sample(dsn, scale=scale, seed=seed, now=now, progress=progress))


def moment(text: str | None) -> datetime:
    """The time that an option names, or the present one."""
    if text is None:
        return datetime.now(UTC)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"--now is {text!r}: allowed is a time like 2026-11-22T12:00:00Z.") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@cli.command()
def token(
    handle: Annotated[str, typer.Option(help="Whose token; a new one may create a profile.")],
    address: Address = None,
) -> None:
    """Print a token to sign in with, in development."""
    settings = load()
    if not HANDLE.fullmatch(handle.lower()):
        raise CommandFailed(f"{shown(handle)} is no handle: 2 to 30 letters a to z, digits, `_` and `.` are allowed.")
    made = minted(settings)
    dsn = database_url(settings, address)
    (account,) = asyncio.run(connected(dsn, lambda connection: accounts(connection, [handle], made)))
    typer.echo(account["token"])


def minted(settings: Settings) -> Callable[[str], str]:
    """Makes tokens of subjects; raises CommandFailed where tokens come from a JWKS URL."""
    if settings.jwks_url is not None:
        raise CommandFailed("Tokens come from the issuer of CHORUS_JWKS_URL; Chorus mints them in development only.")
    return partial(mint, settings.keys[0], audience=settings.jwt_audience)


@cli.command()
def sdl(check: Annotated[bool, typer.Option("--check", help="Compare instead of writing.")] = False) -> None:
    """Write schema.graphql, the interface as clients see it."""
    path = Path(__file__).parent / "schema.graphql"
    text = build_schema().as_str() + "\n"
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        raise CommandFailed("schema.graphql is not what the code promises: run `chorus sdl` and look at the change.")


@cli.command()
def explain(
    query: Annotated[str, typer.Argument(help="A query, or a file that holds one.")],
    variables: Annotated[str, typer.Option(help="Its variables, as JSON.")] = "{}",
    viewer: Annotated[int | None, typer.Option(help="The number of the user who asks.")] = None,
    address: Address = None,
) -> None:
    """Run a query and show its plan: levels, batch functions, statements."""
    settings = load()
    text = Path(query).read_text(encoding="utf-8") if Path(query).is_file() else query
    lines = explained(settings, database_url(settings, address), text, variables, viewer)
    console.print("\n".join(asyncio.run(lines)), markup=False, highlight=False, soft_wrap=True)


async def explained(settings: Settings, dsn: str, text: str, variables: str, viewer: int | None) -> list[str]:
    """The lines of a query's plan; raises CommandFailed where it cannot be run."""
    sent: Sent = {}
    database = AskedDatabase(dsn, lambda name: sent.setdefault(asking.get(), []).append(name))
    ctx = Context(db=database, cursors=Cursors(settings.keys), now=datetime.now(UTC), viewer=viewer)
    try:
        return await explain_operation(Operations(build_schema()), text, variables, ctx, sent)
    except RequestError as error:
        raise CommandFailed("\n".join(one["message"] for one in error.errors)) from None
    finally:
        await database.close()


@cli.command("explain-reads")
def explain_statements(
    names: Annotated[list[str] | None, typer.Argument(help="Only these statements.")] = None,
    scale: Annotated[str, typer.Option(help="Of the world, where this command makes one.")] = "large",
    address: Annotated[
        str | None, typer.Option("--database-url", help="By default a world of its own, made once.")
    ] = None,
) -> None:
    """Show what each read costs about the largest of a world; fail where one is above its bound."""
    settings = load()
    with provided(settings, address, "explain") as dsn:
        asyncio.run(migrated(dsn))
        console.print(loaded(dsn, scale, 1, datetime.now(UTC)))
        asyncio.run(scored(dsn))
        if not asyncio.run(explain_reads(dsn, Console(highlight=False), names or ())):
            raise CommandFailed("Reads that are named above cost more than they may.")


async def scored(dsn: str) -> None:
    """Scores the charts of the widest scopes, so that there are some to read."""
    database = Database(dsn, statement_seconds=60)
    try:
        await scoring.score_due(database, datetime.now(UTC), SCORING_SECONDS)
    finally:
        await database.close()


@cli.command()
def simulate(
    url: Annotated[str, typer.Option(help="The address of /graphql.")] = "http://127.0.0.1:8000/graphql",
    token_file: Annotated[Path, typer.Option("--tokens", help='JSON lines: {"handle": …, "token": …}')] = Path(
        ".chorus/tokens.jsonl"
    ),
    rate: Annotated[float, typer.Option(min=0.01, max=1000, help="Posts a second.")] = PACE,
    seed: Annotated[int | None, typer.Option(help="Do the same again.")] = None,
    while_parent_lives: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Post live activity through the public API, with bursts that make sounds rise."""
    # Here, because the image for production has no HTTP client.
    from dev.scene import read_tokens
    from dev.simulate import simulate as run_simulator

    if while_parent_lives:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    try:
        accounts = read_tokens(token_file)
    except (OSError, ValueError) as error:
        raise CommandFailed(str(error)) from error
    until_stopped(run_simulator(url, accounts, rate=rate, seed=seed, report=typer.echo))


@cli.command()
def dev(
    scale: Annotated[
        str, typer.Option(help="Of the sample world, if the database is empty: small, medium or large.")
    ] = "small",
    rate: Annotated[float, typer.Option(min=0, max=1000, help="Posts a second of the simulator; 0 is silence.")] = PACE,
) -> None:
    """Run everything: Postgres, a sample world, live activity, the API."""
    settings = load()
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    require_free_port(settings)
    with provided(settings, settings.database_url, "postgres") as dsn:
        asyncio.run(migrated(dsn))
        asyncio.run(ready(dsn))
        now = datetime.now(UTC)
        console.print(loaded(dsn, scale, 1, now))
        refreshed = asyncio.run(refresh_sample(dsn, now=now))
        if refreshed:
            console.print(refreshed)
        viewer = asyncio.run(connected(dsn, lambda connection: sign_everybody_in(settings, connection)))
        with ExitStack() as beside:

            def started() -> None:
                welcome(settings, viewer)
                if rate > 0:
                    url = f"http://{settings.host}:{settings.port}/graphql"
                    beside.enter_context(simulating(url, rate, settings.folder / TOKENS))

            until_stopped(served(settings, dsn, started, stopping=beside.close))


@contextmanager
def provided(settings: Settings, address: str | None, folder: str) -> Iterator[str]:
    """The database of this address, or for the time of the block an embedded one in a folder of its own."""
    if address is not None:
        yield address
        return
    postgres = EmbeddedPostgres(settings.folder / folder)
    try:
        yield postgres.start()
    finally:
        postgres.stop()


def require_free_port(settings: Settings) -> None:
    """Raises CommandFailed where somebody else listens already."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise CommandFailed(
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}): stop what listens there, or set CHORUS_PORT."
            ) from error


async def sign_everybody_in(settings: Settings, connection: asyncpg.Connection) -> Account:
    """Writes accounts for the simulator; returns that of somebody whom much belongs to."""
    suggested = await suggested_handle(connection)
    if suggested is None:
        raise CommandFailed("The database has no users: `chorus sample` fills an empty one.")
    handles = [handle for handle in await sociable_handles(connection, 4 * SIMULATED) if handle != suggested]
    viewer, *others = await accounts(connection, [suggested, *handles[::4]], minted(settings))
    write_accounts(settings.folder / TOKENS, others or [viewer])
    return viewer


def welcome(settings: Settings, viewer: Account) -> None:
    """Says where it runs, how to sign in and what to try."""
    address = f"http://{settings.host}:{settings.port}/graphql"
    typer.echo(
        f"\nChorus answers at {address}: open it in a browser for GraphiQL.\n\n"
        f"Sign in as @{viewer['handle']}, in GraphiQL's Headers tab or in connection_init:\n"
        f'{{"Authorization": "Bearer {viewer["token"]}"}}\n\n'
        f"A first query:\n{FIRST_QUERY}\n\nCtrl-C stops everything.\n"
    )


if __name__ == "__main__":
    main()
