"""GraphQL over HTTP (draft of 2026-08): one ASGI application for POST and GET, and little between the bytes and the operation."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from graphql import OperationType
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from server import negotiation
from server.auth import Claims, Tokens
from server.errors import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnsupported,
    MethodNotAllowed,
    NotAcceptable,
    PreflightNeeded,
    RequestError,
    SubscriptionRefused,
    Unavailable,
    request_error,
)
from server.graphql_sse import GraphQLSse
from server.operation import Body, Operations, written
from server.parameters import Parameters, from_query_string, from_value, read_json

ContextOf = Callable[[Scope, Claims | None], Awaitable[Any]]
Headers = dict[bytes, bytes]

BODY_SECONDS = 30.0
DISCARD_SECONDS = 2.0
PARTIAL_SUCCESS = 294
CLASSIC = {HTTPStatus.UNPROCESSABLE_ENTITY: HTTPStatus.BAD_REQUEST, PARTIAL_SUCCESS: HTTPStatus.OK}
ANSWERS = (negotiation.GRAPHQL, negotiation.JSON)
ANSWERS_AND_PAGE = (*ANSWERS, negotiation.HTML)
COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept, authorization"),
    (b"cache-control", b"no-store"),
)


class Disconnected(Exception):
    """The client went away before its request was whole."""


class GraphQLHttp:
    """Answers at /graphql.

    `context` makes what an operation is answered with, `page` is for browsers; `classic` gives the statuses of the draft's earlier days, 400 and 200 for
    422 and 294.
    """

    def __init__(
        self,
        operations: Operations,
        tokens: Tokens,
        context: ContextOf,
        *,
        sse: GraphQLSse | None = None,
        page: ASGIApp | None = None,
        body_limit: int = 1_048_576,
        classic: bool = False,
    ) -> None:
        self._operations = operations
        self._tokens = tokens
        self._context = context
        self._sse = sse
        self._page = page
        self._body_limit = body_limit
        self._classic = classic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        headers = _headers(scope["headers"])
        media_type = negotiation.GRAPHQL
        try:
            media_type = self._media_type(scope["method"], headers)
            if media_type == negotiation.HTML and self._page is not None:
                await self._page(scope, receive, send)
                return
            answer = await self._answer(scope, receive, send, headers, media_type)
            if answer is None:
                return
            status, body = _status(answer, media_type), written(answer)
            extra: Iterable[tuple[bytes, bytes]] = Unavailable.headers if status == Unavailable.status else ()
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  whatever it was, the client gets an answer, and the log the rest
            wrong = request_error(error)
            if media_type == negotiation.EVENTS:
                if self._sse is not None and wrong.well_formed:
                    await self._sse.refuse(wrong, receive, send)
                    return
                media_type = negotiation.GRAPHQL
            status = HTTPStatus.OK if wrong.well_formed and media_type == negotiation.JSON else wrong.status
            body, extra = written({"errors": wrong.errors}), wrong.headers
        if self._classic or media_type == negotiation.JSON:
            status = CLASSIC.get(status, status)
        await _send(send, status, media_type, body, extra)

    def _media_type(self, method: str, headers: Headers) -> str:
        if method not in ("GET", "POST"):
            raise MethodNotAllowed
        accept = headers.get(b"accept")
        offered = ANSWERS_AND_PAGE if method == "GET" and self._page is not None else ANSWERS
        found = negotiation.chosen(accept.decode("latin-1") if accept is not None else None, offered)
        if found is None and self._sse is not None and _takes_events(headers):
            return negotiation.EVENTS
        if found is None:
            raise NotAcceptable
        return found

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, media_type: str
    ) -> Body | None:
        # None where it was streamed.
        is_get = scope["method"] == "GET"
        if is_get and media_type != negotiation.EVENTS:  # a browser's EventSource sends no header of its own
            _require_preflight(headers)
        parameters = from_query_string(scope["query_string"]) if is_get else await self._from_post(receive, headers)
        authorization = headers.get(b"authorization")
        claims = await self._tokens.claims(authorization.decode("latin-1") if authorization is not None else None)
        operation = await self._operations.find(parameters.query, parameters.operation_name)
        is_stream = operation.kind is OperationType.SUBSCRIPTION
        if is_stream and (self._sse is None or not _takes_events(headers)):
            raise SubscriptionRefused
        if media_type == negotiation.EVENTS and not is_stream:
            raise NotAcceptable
        if operation.kind is OperationType.MUTATION and is_get:
            raise MethodNotAllowed("A mutation is sent by POST, never by GET.", headers=((b"allow", b"POST"),))
        ctx = await self._context(scope, claims)
        if is_stream and self._sse is not None:
            await self._sse.serve(HTTPConnection(scope), claims, operation, parameters.variables, ctx, receive, send)
            return None
        return await self._operations.answer(operation, parameters.variables, ctx)

    async def _from_post(self, receive: Receive, headers: Headers) -> Parameters:
        # Form types and text/plain are refused, because any page may send them without a preflight: that is all there is to CSRF here.
        if (
            not _is_json(headers.get(b"content-type", b""))
            or headers.get(b"content-encoding", b"identity") != b"identity"
        ):
            raise MediaTypeUnsupported
        if int(headers.get(b"content-length", b"0")) > self._body_limit:
            if b"expect" not in headers:
                await _discard(receive)
            raise self._too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._read_body(receive)
        except TimeoutError:
            raise BodyTooSlow(f"The body did not arrive within {BODY_SECONDS:g} s.") from None
        return from_value(read_json(body))

    async def _read_body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunks.append(message["body"])
            size += len(message["body"])
            if size > self._body_limit:
                await _discard(receive)
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _too_large(self) -> RequestError:
        return BodyTooLarge(f"The body has more than {self._body_limit} bytes.")


async def _discard(receive: Receive) -> None:
    # A connection that is closed while its peer still sends is reset, and the answer is lost: so the rest is read, for a while.
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    headers: Headers = {}
    for name, value in pairs:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def _require_preflight(headers: Headers) -> None:
    if not headers.get(b"graphql-require-preflight") and not _is_json(headers.get(b"content-type", b"")):
        raise PreflightNeeded


def _takes_events(headers: Headers) -> bool:
    # By its name: whoever takes anything does not wait for events.
    accept = headers.get(b"accept", b"").decode("latin-1").lower()
    return negotiation.EVENTS in accept and negotiation.chosen(accept, (negotiation.EVENTS,)) is not None


@lru_cache(maxsize=256)
def _is_json(content_type: bytes) -> bool:
    media_type, *parameters = content_type.lower().split(b";")
    charsets = [parameter.strip() for parameter in parameters if parameter.strip().startswith(b"charset=")]
    return media_type.strip() == b"application/json" and all(
        charset[8:].strip(b'"') in (b"utf-8", b"utf8") for charset in charsets
    )


def _status(answer: Body, media_type: str) -> int:
    errors = answer.get("errors")
    if not errors or media_type == negotiation.JSON:
        return HTTPStatus.OK
    nothing = all(value is None for value in (answer["data"] or {}).values())
    if nothing and all(error["extensions"]["code"] == Unavailable.code for error in errors):
        return Unavailable.status
    return PARTIAL_SUCCESS


async def _send(send: Send, status: int, media_type: str, body: bytes, extra: Iterable[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        *COMMON,
        *extra,
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
