"""The application: its routes, and what lives as long as it does."""

import asyncio
import gc
import logging
import re
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from db.database import Database
from events.chart_stream import ChartWatch
from events.cursor import Cursors
from events.fact_stream import LogWatch
from events.postgres import PostgresBus
from resolvers.context import Context
from resolvers.sharing import beside, mark, observed, standing
from schema import build_schema
from server import graphiql, health
from server.auth import DEVELOPMENT_ISSUER, Claims, DevelopmentKeys, RemoteKeys, Tokens, refused
from server.callers import Revoked
from server.graphql_http import ContextOf, GraphQLHttp
from server.graphql_sse import GraphQLSse
from server.graphql_ws import Bounds, GraphQLWs
from server.operation import Operations
from server.sharing import Sharing
from server.streams import Streams
from settings import Settings
from trending.charts import chart_reader, version_reader
from trending.demand import Demand
from worker import Worker

LOCAL = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?", re.ASCII)

logger = logging.getLogger("chorus")


class Chorus(Starlette):
    """The application. Operations go straight to what answers them: the router and its middleware cost as much as a small answer."""

    def __init__(self, graphql: ASGIApp, websocket: ASGIApp, **rest: Any) -> None:
        super().__init__(**rest)
        self.graphql = graphql
        self.websocket = websocket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        at_graphql = scope["type"] in ("http", "websocket") and scope["path"] == "/graphql"
        if at_graphql:
            scope["app"] = self
            await (self.graphql if scope["type"] == "http" else self.websocket)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(settings: Settings, database_url: str) -> Starlette:
    """The ASGI application over the database at this address."""
    database = Database(
        database_url,
        readers=settings.connections,
        writers=settings.write_connections,
        statement_seconds=settings.time_limit,
    )
    bus = PostgresBus(database)
    demand = Demand()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [demand.run(database)] + ([Worker(database).run()] if settings.worker else [])
        async with bus, _beside(*tasks):
            _settle_memory()
            yield
        await database.close()

    async def healthy() -> None:
        await database.outbox_is_waiting()

    http, websocket = _graphql(settings, _context(settings, database, bus, demand), _revoked(database))
    routes: list[BaseRoute] = [*health.routes(healthy)]
    if settings.graphiql:
        routes += graphiql.assets()
    return Chorus(_shared(settings, http), websocket, routes=routes, lifespan=lifespan)


def _shared(settings: Settings, http: GraphQLHttp) -> ASGIApp:
    # With pages of other origins, as far as they are allowed.
    if not settings.cors_origins and settings.environment == "production":
        return http
    return CORSMiddleware(
        http,
        allow_origins=settings.cors_origins,
        allow_origin_regex=None if settings.environment == "production" else LOCAL,
        allow_methods=("GET", "POST"),
        allow_headers=(
            "authorization",
            "content-type",
            "graphql-require-preflight",
            "idempotency-key",
            "last-event-id",
        ),
        max_age=86_400,
    )


def tokens(settings: Settings) -> Tokens:
    """What verifies tokens: the keys of the JWKS URL, or in development our own."""
    if settings.jwks_url is None:
        return Tokens(DevelopmentKeys(settings.keys), issuer=DEVELOPMENT_ISSUER, audience=settings.jwt_audience)
    return Tokens(RemoteKeys(settings.jwks_url), issuer=settings.jwt_issuer, audience=settings.jwt_audience)


def _revoked(database: Database) -> Revoked:
    async def revoked(subjects: Sequence[str]) -> dict[str, float]:
        rows = await database.revoked_subjects(subjects)
        return {row["subject"]: row["revoked_at"].timestamp() for row in rows}

    return revoked


def _graphql(settings: Settings, context: ContextOf, revoked: Revoked) -> tuple[GraphQLHttp, GraphQLWs]:
    sharing = Sharing(observed, mark, beside, standing)
    operations = Operations(build_schema(settings.executor), time_limit=settings.time_limit, sharing=sharing)
    streams = Streams(operations, sharing)
    verified = tokens(settings)
    bounds = Bounds(settings.init_timeout, settings.operations_per_socket, settings.sockets_per_caller)
    websocket = GraphQLWs(operations, verified, context, streams, bounds=bounds, revoked=revoked)
    http = GraphQLHttp(
        operations,
        verified,
        context,
        sse=GraphQLSse(streams, websocket.callers),
        page=graphiql.Page() if settings.graphiql else None,
        body_limit=settings.body_limit,
        classic=settings.http_profile == "classic",
    )
    return http, websocket


def now() -> datetime:
    """The clock outside of tests."""
    return datetime.now(UTC)


def _context(settings: Settings, database: Database, bus: PostgresBus, demand: Demand) -> ContextOf:
    cursors = Cursors(settings.keys)
    charts = ChartWatch(bus, cursors, chart_reader(database, demand, now), version_reader(database, now))
    facts = LogWatch(bus, cursors)
    here = f"{settings.host}:{settings.port}"

    async def context(scope: Scope, claims: Claims | None) -> Context:
        ctx = Context(db=database, cursors=cursors, now=now(), charts=charts, facts=facts, demand=demand)
        headers = dict(scope["headers"])
        ctx.site = partial(_site, scope["scheme"], headers.get(b"host", b""), here)
        if scope["type"] == "http":  # a socket's one header would be the key of all its operations
            ctx.idempotency_key = _text(headers.get(b"idempotency-key"))
            ctx.last_event_id = _text(headers.get(b"last-event-id")) or None
        if claims is not None:
            revoked_at = await ctx.sign_in(claims.subject)
            if revoked_at is not None and claims.issued_at <= revoked_at.timestamp():
                raise refused("The token was revoked; sign in again.")
        return ctx

    return context


def _text(header: bytes | None) -> str | None:
    return header.decode("latin-1") if header is not None else None


@lru_cache(maxsize=1_000)
def _site(scheme: str, host: bytes, otherwise: str) -> str:
    # As the client wrote it, because only the client knows by which name Chorus was reached.
    named = host.decode("latin-1")
    return f"{'https' if scheme in ('https', 'wss') else 'http'}://{named if HOST.fullmatch(named) else otherwise}"


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_tell)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        # Without it counts and charts would stand still behind a server that looks well: whoever started us starts us again.
        logger.critical("what runs beside the API failed, so the API ends", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


def _settle_memory() -> None:
    # What was made until now stays: collections of it were 27 % of the CPU on lists of 300 objects.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
