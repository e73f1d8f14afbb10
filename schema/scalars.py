"""The scalars of the interface."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

from resolvers.ids import Id, shown
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from resolvers.uri import Uri as Uri

Long = NewType("Long", int)
LocalDate = NewType("LocalDate", date)
LARGEST = 2**63 - 1


def _write_time(value: datetime) -> str:
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return f"{moment.isoformat()[:-6]}Z"


def _read_time(value: Any) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise GraphQLError("A DateTime is a text like 2026-11-22T09:30:00Z.")
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise GraphQLError(f"{value!r} has no offset; a DateTime ends in Z or in an offset like +02:00.")
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"{value!r} is not a DateTime like 2026-11-22T09:30:00Z.") from error


def _read_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError("A LocalDate is a text like 2026-11-22.") from error


def _read_long(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise GraphQLError("A Long is a whole number of at most 63 bits.")
    return value


def _read_uri(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 2048 or not re.fullmatch(r"https?://[^\s\x00-\x20\x7f]+", value):
        raise GraphQLError("A Uri is a text that begins with http:// or https://, of at most 2048 characters.")
    return value


def _read_region(value: Any) -> str:
    allowed = "two capital letters (ISO 3166-1 alpha-2), or ZZ for unknown"
    if not isinstance(value, str):
        raise GraphQLError(f"A RegionCode is a text: {allowed}.")
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise GraphQLError(f"{shown(value)} is not a RegionCode: {allowed}.")
    return value


def _read_cursor(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise GraphQLError("A Cursor is a text that a list gave out.")
    return value


def _scalar(name: str, *, read: Callable[[Any], Any], **details: Any) -> Any:
    def read_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        try:
            return read(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from error  # the node is what locates it

    return strawberry.scalar(name=name, parse_value=read, parse_literal=read_literal, **details)


SCALARS: dict[object, Any] = {
    Id: DEFAULT_SCALAR_REGISTRY[strawberry.ID],
    datetime: _scalar(
        "DateTime",
        description="A moment: RFC 3339, UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_write_time,
        read=_read_time,
    ),
    LocalDate: _scalar(
        "LocalDate",
        description="A day without a time zone: RFC 3339 full-date.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=date.isoformat,
        read=_read_date,
    ),
    Long: _scalar(
        "Long",
        description="A whole number of up to 63 bits, written as a JSON number.",
        serialize=int,
        read=_read_long,
    ),
    Uri: _scalar(
        "Uri",
        description="An http or https address: RFC 3986.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
        read=_read_uri,
    ),
    RegionCode: _scalar(
        "RegionCode",
        description="ISO 3166-1 alpha-2, and ZZ for unknown.",
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
        serialize=str,
        read=_read_region,
    ),
    Cursor: _scalar(
        "Cursor",
        description="Opaque, signed, and bound to the list or stream that gave it.",
        serialize=str,
        read=_read_cursor,
    ),
}

# What each scalar is made of as a rule, and how that is written, where not as it is: what the executor of execution/ asks.
WRITES = {
    "DateTime": (datetime, _write_time),
    "LocalDate": (date, date.isoformat),
    "Long": (int, None),
    "Uri": (str, None),
    "RegionCode": (str, None),
    "Cursor": (str, None),
}
