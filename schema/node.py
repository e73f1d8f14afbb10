"""Node, and how a value tells which type it is of."""

from collections.abc import Callable
from typing import Any

import strawberry
from asyncpg import Record

from db.rows import CHANGED


def typename(value: Any, *_: Any) -> str:
    """The name of the type of this value: a row's class, or a tagged dict's tag."""
    return value["__typename"] if type(value) is dict else type(value).__name__.removesuffix("Row")


TYPES_OF_ROWS: dict[type, str] = {
    cls: read.__name__.removesuffix("Row") for read, dressed in CHANGED.items() for cls in (read, dressed)
}


def rows(*classes: type[Record]) -> Callable[..., bool]:
    """`is_type_of` of a type whose values are rows of these classes, as they were read or changed since."""
    own = (*classes, *(CHANGED[cls] for cls in classes))

    def is_type_of(value: Any, _info: Any) -> bool:
        return type(value) in own

    is_type_of.classes = own  # type: ignore[attr-defined]  # for `declare`
    return is_type_of


def values(cls: type) -> Callable[..., bool]:
    """`is_type_of` of a type whose values are of this class: what answers many mutations a second is not asked what it is."""

    def is_type_of(value: Any, _info: Any) -> bool:
        return type(value) is cls

    is_type_of.classes = (cls,)  # type: ignore[attr-defined]  # for `declare`
    return is_type_of


def tagged(name: str) -> Callable[..., bool]:
    """`is_type_of` of a type whose values are dicts with this tag."""
    return lambda value, _info: type(value) is dict and value.get("__typename") == name


@strawberry.interface(description="Anything with a global id; `node(id:)` finds it again.")
class Node:
    id: strawberry.ID

    resolve_type = typename
