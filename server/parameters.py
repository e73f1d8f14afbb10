"""The parameters of a request, whichever way they came: `query`, `operationName`, `variables`, `extensions`; everything else is ignored."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from server.errors import BadJson, BadRequest, BadText, BatchingRefused, PersistedQueryNotSupported, TooComplex

MOST_PARAMETERS = 20
MOST_VALUES = (
    10_000  # a hundred thousand ids in one list take the loop for a quarter of a second before anybody looks at them
)
LONGEST_NAME = 1_000


Path = tuple[str | int, ...]


class Parameters(NamedTuple):
    """A well-formed request."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


def read_json(raw: bytes) -> Any:
    """The value of this JSON; raises BadJson, BadText for a text that Postgres cannot store, or TooComplex for too many values."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "surrogate" in error.msg:
            _refuse_surrogates(raw)
        raise BadJson(f"This is not JSON in UTF-8: {error}.") from None
    if len(raw) > 2 * MOST_VALUES and any(True for _ in islice(_values(value), MOST_VALUES, None)):
        raise TooComplex(f"A request holds at most {MOST_VALUES} values.")
    if b"\\u0000" in raw:
        _refuse(value, "U+0000", lambda text: "\0" in text)
    return value


def from_value(value: Any) -> Parameters:
    """The parameters in a JSON value; null is absent. Raises BadRequest, or BatchingRefused for a list."""
    if isinstance(value, list):
        raise BatchingRefused
    if not isinstance(value, dict):
        raise BadRequest
    query = value.get("query")
    variables = value.get("variables")
    name = value.get("operationName")
    extensions = value.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("`variables` is an object: the values of the variables by their names.")
    if name is not None and (not isinstance(name, str) or len(name) > LONGEST_NAME):
        raise BadRequest(f"`operationName` is a text of at most {LONGEST_NAME} characters.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("`extensions` is an object.")
    if query is None and extensions is not None and "persistedQuery" in extensions:
        raise PersistedQueryNotSupported
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` is needed: the text of a GraphQL document.")
    return Parameters(query, name, variables, extensions)


def from_query_string(raw: bytes) -> Parameters:
    """The parameters in the query of a URL, where empty is absent; raises BadRequest or BadJson."""
    try:
        # URLSearchParams would replace bad UTF-8; a name or an id that was changed on its way is worse than a refusal.
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=MOST_PARAMETERS)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest(
            f"The query of the URL is at most {MOST_PARAMETERS} parameters, url-encoded in UTF-8."
        ) from None
    given = dict(reversed(pairs))  # the first of equals
    value: dict[str, Any] = {name: given[name] for name in ("query", "operationName") if name in given}
    for name, text in value.items():
        if "\0" in text:
            raise BadText(f"`{name}` holds the character U+0000, which no text may hold.")
    for name in ("variables", "extensions"):
        if name in given:
            value[name] = read_json(given[name].encode())
    return from_value(value)


def _refuse_surrogates(raw: bytes) -> None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return
    _refuse(value, "a lone surrogate", lambda text: any("\ud800" <= character <= "\udfff" for character in text))


def _refuse(value: Any, what: str, holds: Callable[[str], bool]) -> None:
    for path, text in _texts(value):
        if holds(text):
            place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
            place = place.removeprefix("payload.")
            if place.startswith("variables."):
                place = "$" + place.removeprefix("variables.")
            place = place.replace("\0", "").encode(errors="replace").decode()[:200]
            raise BadText(f"`{place}` holds {what}, which no text may hold.", given=value, argument=place)


def _texts(value: Any) -> Iterator[tuple[Path, str]]:
    for path, inner in _values(value):
        if isinstance(inner, str):
            yield path or ("body",), inner
        elif isinstance(inner, dict):
            yield from (((*path, name), name) for name in inner)


def _values(value: Any) -> Iterator[tuple[Path, Any]]:
    # Iterative: a value may be nested deeper than Python recurses.
    ahead: list[tuple[Path, Any]] = [((), value)]
    while ahead:
        path, inner = ahead.pop()
        yield path, inner
        if isinstance(inner, dict):
            ahead.extend(((*path, name), part) for name, part in inner.items())
        elif isinstance(inner, list):
            ahead.extend(((*path, index), part) for index, part in enumerate(inner))
