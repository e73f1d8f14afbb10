"""Chorus's own schema as Strawberry ships it: its ASGI view, graphql-core's executor, DataLoaders, its caches of parsed and valid documents."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from app import tokens
from bench.peers.asgi import run
from db.database import Database
from events.cursor import Cursors
from resolvers.context import Context
from schema import build_schema
from settings import Settings, load


class View(GraphQL[Context, None]):
    """Signs in as Chorus's endpoint does."""

    def __init__(self, settings: Settings, database: Database) -> None:
        schema = build_schema("graphql-core")
        schema.extensions = (ParserCache, ValidationCache)
        super().__init__(schema, graphql_ide=None)
        self._tokens, self._database, self._cursors = tokens(settings), database, Cursors(settings.keys)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        ctx = Context(db=self._database, cursors=self._cursors, now=datetime.now(UTC))
        claims = await self._tokens.claims(request.headers.get("authorization"))
        if claims is not None:
            await ctx.sign_in(claims.subject)
        return ctx


def application() -> Starlette:
    """The view at /graphql, over the database of the environment."""
    settings = load()
    database = Database(os.environ["DATABASE_URL"], readers=settings.connections)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    return Starlette(routes=[Route("/graphql", View(settings, database))], lifespan=lifespan)


if __name__ == "__main__":
    run(application())
