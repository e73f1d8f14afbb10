"""A small schema with everything that a door has to cope with, and a uvicorn that serves it as `chorus serve` serves Chorus."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NewType

import httpx
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Scope
from strawberry.schema.config import StrawberryConfig

from server import graphiql, health
from server.auth import DEVELOPMENT_ISSUER, Claims, DevelopmentKeys, Tokens, mint
from server.graphql_http import GraphQLHttp
from server.graphql_sse import GraphQLSse
from server.graphql_ws import Bounds, GraphQLWs
from server.listen import BoundedHttp, configuration
from server.operation import Operations
from server.sharing import Sharing
from server.streams import Streams
from tests.until import PATIENCE

SECRET = "a secret of at least thirty-two characters, for the door"
AUDIENCE = "chorus"
Number = NewType("Number", int)


class Fault(Exception):
    """What resolvers raise: a sentence for clients and a code."""

    code = "INVALID_THING"


class DatabaseUnavailable(Exception):
    """The database does not answer at the moment; try again."""

    code = "UNAVAILABLE"


@dataclass
class Seen:
    """What happened behind the door."""

    contexts: list[tuple[str | None, str | None]] = field(default_factory=list)  # subject, idempotency key
    open_streams: int = 0
    opened_streams: int = 0
    released: bool = False  # what is held goes on
    healthy: bool = True


@dataclass
class Behind:
    """What the door asks of the rooms behind it."""

    seen: Seen

    async def context(self, scope: Scope, claims: Claims | None) -> dict[str, Any]:
        subject = claims.subject if claims else None
        self.seen.contexts.append((subject, Headers(scope=scope).get("idempotency-key")))
        return {"subject": subject, "seen": self.seen}

    async def healthy(self) -> None:
        if not self.seen.healthy:
            raise DatabaseUnavailable


@strawberry.input
class Caption:
    text: str
    tags: list[str] = strawberry.field(default_factory=list)


@strawberry.input(one_of=True)
class By:
    id: strawberry.ID | None
    handle: str | None


@strawberry.type
class Thing:
    id: strawberry.ID

    @strawberry.field
    def thing(self) -> "Thing":
        return Thing(id=strawberry.ID(self.id + "."))

    @strawberry.field
    def name(self) -> str:
        return f"thing {self.id}"


@strawberry.type
class Query:
    @strawberry.field
    async def hello(self, name: str = "you") -> str:
        await asyncio.sleep(0)
        return f"hello {name}"

    @strawberry.field
    def caption(self, caption: Caption) -> str:
        return caption.text + "".join(caption.tags)

    @strawberry.field
    def found(self, by: By) -> str:
        return by.id or by.handle or ""

    @strawberry.field
    def number(self, n: int) -> int:
        return n

    @strawberry.field
    def scalar(self, n: Number) -> Number:
        return n

    @strawberry.field
    def thing(self, id: strawberry.ID = strawberry.ID("1")) -> Thing | None:
        return Thing(id=id)

    @strawberry.field
    def things(self, ids: list[strawberry.ID]) -> list[Thing | None]:
        return [Thing(id=each) for each in ids]

    @strawberry.field
    def viewer(self, info: strawberry.Info[Any, None]) -> str | None:
        return info.context["subject"]  # type: ignore[no-any-return]

    @strawberry.field
    def fault(self) -> str | None:
        raise Fault("This thing is not allowed.")

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("invalid literal for int() with base 10: 'password=hunter2'")

    @strawberry.field
    def broken_leaf(self) -> Number | None:
        return "a row's secret"  # type: ignore[return-value]

    @strawberry.field
    def broken_promise(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def down(self) -> str | None:
        raise DatabaseUnavailable("The database does not answer at the moment; try again.")

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @strawberry.field
    async def held(self, info: strawberry.Info[Any, None]) -> str:
        while not info.context["seen"].released:  # noqa: ASYNC110  whoever releases it has another loop
            await asyncio.sleep(0.01)
        return "done"

    @strawberry.field
    def large(self, size: int) -> str:
        return "x" * size


@strawberry.type
class Mutation:
    @strawberry.mutation
    def post(self, text: str, info: strawberry.Info[Any, None]) -> str:
        return text


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: strawberry.Info[Any, None], to: int = 3, every: float = 0.0) -> AsyncIterator[int]:
        seen: Seen = info.context["seen"]
        seen.open_streams += 1
        try:
            for n in range(1, to + 1):
                yield n
                await asyncio.sleep(every)
        finally:
            seen.open_streams -= 1

    @strawberry.subscription
    async def held(self, info: strawberry.Info[Any, None]) -> AsyncIterator[int]:
        yield 1
        while not info.context["seen"].released:  # noqa: ASYNC110  whoever releases it has another loop
            await asyncio.sleep(0.01)
        yield 2

    @strawberry.subscription
    async def flood(self, info: strawberry.Info[Any, None]) -> AsyncIterator[str]:
        seen: Seen = info.context["seen"]
        seen.open_streams += 1
        seen.opened_streams += 1
        try:
            while True:
                yield "x" * 100_000
        finally:
            seen.open_streams -= 1

    @strawberry.subscription
    async def failing(self, fault: bool = False) -> AsyncIterator[int]:
        yield 1
        if fault:
            raise Fault("This stream is over.")
        raise ValueError("the secret of a source")

    @strawberry.subscription
    async def failing_event(self) -> AsyncIterator[Number | None]:
        yield "the secret of an event"  # type: ignore[misc]
        yield Number(2)


def _read_number(value: Any) -> int:
    return int(value)


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    config=StrawberryConfig(
        scalar_map={Number: strawberry.scalar(name="Number", serialize=int, parse_value=_read_number)}
    ),
)


def tokens() -> Tokens:
    """Verifies what `bearer` makes."""
    return Tokens(DevelopmentKeys([SECRET]), issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE)


LIFETIMES = (2, 10, 60)  # seconds of a token that is to expire: on a busy machine all may take longer than the first


def bearer(subject: str = "somebody", seconds: float = 60) -> str:
    """An Authorization header that this door takes."""
    return "Bearer " + mint(SECRET, subject, audience=AUDIENCE, seconds=seconds)


@dataclass
class Door:
    """A door that is being served."""

    port: int
    seen: Seen = field(default_factory=Seen)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, timeout=PATIENCE))  # noqa: S501  there is no TLS here

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    def ask(
        self, query: str | None = None, *, headers: dict[str, str] | None = None, **parameters: Any
    ) -> httpx.Response:
        """Sends a request as a client of the present draft does."""
        body = {"query": query, **parameters} if query is not None else parameters
        return self.client.post(
            self.url, json=body, headers={"accept": "application/graphql-response+json"} | (headers or {})
        )

    def send(self, body: bytes, **headers: str) -> httpx.Response:
        """Sends these bytes as JSON."""
        given = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.post(self.url, content=body, headers=given)

    def get(self, *, headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
        """Sends a GET with the preflight header."""
        return self.client.get(
            self.url, params=parameters, headers={"graphql-require-preflight": "1"} | (headers or {})
        )


@contextmanager
def standing(app: ASGIApp, seen: Seen | None = None, **options: Any) -> Iterator[Door]:
    """Serves an app on a free port, on a loop of its own in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(configuration(app, host="127.0.0.1", port=port, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the app did not start: uvicorn's log says why"
                time.sleep(0.01)
            door = Door(port, seen or Seen())
            with door.client:
                yield door
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)


@contextmanager
def serving(
    *,
    schema: strawberry.Schema = SCHEMA,
    time_limit: float = 10.0,
    bounds: Bounds | None = None,
    page: bool = False,
    http: type[asyncio.Protocol] = BoundedHttp,
    message_limit: int = 65_536,
    **limits: Any,
) -> Iterator[Door]:
    """Serves the schema as Chorus is served."""
    seen = Seen()
    operations = Operations(schema, time_limit=time_limit)
    alike = Sharing(observed=lambda ctx: ctx, mark=lambda *_: None, beside=lambda ctx: ctx, standing=lambda *_: None)
    streams = Streams(operations, alike)
    verified, behind = tokens(), Behind(seen)
    websocket = GraphQLWs(operations, verified, behind.context, streams, bounds=bounds)
    sse, shown = GraphQLSse(streams, websocket.callers), graphiql.Page() if page else None
    app = Starlette(
        routes=[
            Route("/graphql", GraphQLHttp(operations, verified, behind.context, sse=sse, page=shown, **limits)),
            WebSocketRoute("/graphql", websocket),
            *(graphiql.assets() if page else []),
            *health.routes(behind.healthy),
        ]
    )
    with standing(app, seen, http=http, message_limit=message_limit) as door:
        yield door
