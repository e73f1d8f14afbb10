"""Errors as clients see them: theirs with a code and a clear sentence, ours masked under a request id and logged whole."""

import logging
import re
import secrets
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from graphql import GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

Described = dict[str, Any]  # one entry of a response's `errors`

LONGEST = 400  # characters of a message: what a client sent is never echoed whole
ENCOUNTERED = re.compile(r", but encountered error '.*'; found", re.DOTALL)

logger = logging.getLogger("chorus.server")


class RequestError(Exception):
    """The request cannot be answered.

    The spec's request error: nothing was executed, the response has no data. `status` is for application/graphql-response+json; a client of plain
    JSON gets 200 where the request itself was `well_formed`.
    """

    code: ClassVar[str] = "BAD_REQUEST"
    status: ClassVar[int] = HTTPStatus.UNPROCESSABLE_ENTITY
    well_formed: ClassVar[bool] = False
    headers: Sequence[tuple[bytes, bytes]] = ()

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: list[Described] | None = None,
        headers: Sequence[tuple[bytes, bytes]] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.errors = errors or [described(str(self), self.code, **extensions)]
        if headers is not None:
            self.headers = headers


class BadJson(RequestError):
    """The body is not JSON in UTF-8."""

    status = HTTPStatus.BAD_REQUEST


class BadRequest(RequestError):
    """A request is an object with `query`, and if need be `variables`, `operationName` and `extensions`."""


class BatchingRefused(BadRequest):
    """Requests are not taken in batches: send each operation in a request of its own, or several fields in one operation."""

    code = "BATCHING_NOT_SUPPORTED"


class PersistedQueryNotSupported(BadRequest):
    """PersistedQueryNotSupported"""

    # Clients of the protocol look for these very words, and then send the text.
    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class BadText(RequestError):
    """A text holds a character that no text may hold. `given` is the JSON value that it stands in."""

    code = "BAD_USER_INPUT"
    well_formed = True

    def __init__(self, message: str | None = None, *, given: Any = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.given = given


class BadVariables(RequestError):
    """A variable has a value that its type does not allow."""

    code = "BAD_USER_INPUT"
    well_formed = True


class SyntaxWrong(RequestError):
    """The document cannot be parsed."""

    code = "GRAPHQL_PARSE_FAILED"
    status = HTTPStatus.BAD_REQUEST
    well_formed = True


class InvalidDocument(RequestError):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    well_formed = True


class TooComplex(RequestError):
    """The document is beyond a limit."""

    code = "LIMIT_EXCEEDED"
    well_formed = True


class TooManyStreams(RequestError):
    """Too many streams are open."""

    code = "LIMIT_EXCEEDED"
    status = HTTPStatus.TOO_MANY_REQUESTS


class OperationUnclear(RequestError):
    """Which operation to execute is not clear."""

    code = "OPERATION_RESOLUTION_FAILURE"
    well_formed = True


class SubscriptionRefused(RequestError):
    """Subscriptions are streams: send `Accept: text/event-stream`, or connect to this address with the subprotocol graphql-transport-ws."""

    code = "SUBSCRIPTION_NEEDS_STREAM"
    well_formed = True


class SourceFailed(RequestError):
    """The subscription cannot go on."""

    code = "SUBSCRIPTION_FAILED"
    well_formed = True


class Unauthorized(RequestError):
    """The token is not valid."""

    code = "UNAUTHENTICATED"
    status = HTTPStatus.UNAUTHORIZED


class PreflightNeeded(RequestError):
    """A GET needs the header `GraphQL-Require-Preflight: 1` or a JSON content type, so that no foreign page can send it unasked."""

    code = "PREFLIGHT_REQUIRED"
    status = HTTPStatus.FORBIDDEN


class MethodNotAllowed(RequestError):
    """GraphQL is asked by POST, or by GET for queries."""

    code = "METHOD_NOT_ALLOWED"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    headers = ((b"allow", b"GET, POST"),)


class NotAcceptable(RequestError):
    """Answers come as application/graphql-response+json or application/json, and `Accept` allows neither."""

    code = "NOT_ACCEPTABLE"
    status = HTTPStatus.NOT_ACCEPTABLE


class BodyTooSlow(RequestError):
    """The body did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    status = HTTPStatus.REQUEST_TIMEOUT
    headers = ((b"connection", b"close"),)


class BodyTooLarge(RequestError):
    """The body is too large."""

    code = "PAYLOAD_TOO_LARGE"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class MediaTypeUnsupported(RequestError):
    """Send `Content-Type: application/json`, in UTF-8 and not compressed."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    headers = ((b"accept-encoding", b"identity"),)


class Unavailable(RequestError):
    """Chorus cannot answer at the moment; try again."""

    code = "UNAVAILABLE"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = ((b"retry-after", b"1"),)


class TimedOut(RequestError):
    """The operation took too long and was stopped; ask for less at a time."""

    code = "TIMEOUT"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    well_formed = True


class InternalError(RequestError):
    """Internal error"""

    code = "INTERNAL"
    status = HTTPStatus.INTERNAL_SERVER_ERROR


def described(message: str, code: str, **extensions: Any) -> Described:
    """One entry of `errors`, with the message cut to what a client needs."""
    if len(message) > LONGEST:
        message = message[:LONGEST] + "…"
    return {"message": message, "extensions": {"code": code, **extensions}}


def request_error(error: Exception) -> RequestError:
    """What the client is told of anything that was raised while its request was read, executed or streamed."""
    if isinstance(error, RequestError):
        return error
    code = code_of(error)
    if code is None:
        return InternalError(errors=[_masked(error, "the request")])
    kind = {Unavailable.code: Unavailable, Unauthorized.code: Unauthorized}.get(code, SourceFailed)
    return kind(errors=[described(str(error), code)])


def of_document(error: GraphQLError, code: str) -> Described:
    """An error of parsing, validation or coercion, without the words of a Python exception that a scalar may have raised."""
    own = error.extensions.get("code") if error.extensions else None
    message = ENCOUNTERED.sub(", found", error.message)
    return _located(error, described(message, own if isinstance(own, str) else code))


def of_execution(errors: Iterable[GraphQLError]) -> list[Described]:
    """The `errors` of an executed operation: faults with their code; whatever is not the client's doing is masked, and logged once."""
    hidden: dict[int, Described] = {}
    return [_located(error, dict(_of_field(error, _cause(error), hidden))) for error in errors]


def code_of(error: BaseException) -> str | None:
    """The code of a fault or of the database's domain error; None where an error is not meant for clients."""
    code = getattr(type(error), "code", None)
    return code if isinstance(code, str) else None


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _of_field(error: GraphQLError, cause: BaseException, hidden: dict[int, Described]) -> Described:
    code = code_of(cause)
    if code is not None:
        return described(str(cause), code)
    if isinstance(cause, StrawberryInputCoercionError):  # none or several of an input's keys, of which it takes one
        return described(cause.message, BadVariables.code)
    if isinstance(cause, GraphQLError) and cause.nodes is not None:
        # graphql-core's own: an argument that turned out to be missing. What a leaf raises has no nodes, and may quote a row.
        return described(cause.message, BadVariables.code)
    if id(cause) not in hidden:
        hidden[id(cause)] = _masked(cause, ".".join(map(str, error.path or ())))
    return hidden[id(cause)]


def _located(error: GraphQLError, entry: Described) -> Described:
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        entry["path"] = error.path
    return entry


def _masked(cause: BaseException, place: str) -> Described:
    request_id = secrets.token_hex(8)
    logger.error("request %s failed at %s", request_id, place, exc_info=cause)
    return described("Internal error", InternalError.code, requestId=request_id)
