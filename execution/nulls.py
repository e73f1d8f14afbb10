"""Errors and the nulls that they leave: where an error ends, and which of several count (spec 6.4.4, Handling Execution Errors)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from graphql import GraphQLError


class Failure(NamedTuple):
    """A located error, the position that it stands at, and the length of that path at the nearest position that may be null."""

    error: GraphQLError
    path: list[str | int]
    null_at: int


def propagate(data: dict[str, Any], failures: Iterable[Failure]) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    """The data with null wherever an error ended, and the errors that count.

    They are taken in the order of the response, as an executor meets them that goes through it depth first: an error below a position that an
    earlier one made null is dropped.
    """
    root: dict[str, Any] | None = data
    errors = []
    orders: dict[int, dict[str, int]] = {}
    for failure in sorted(failures, key=lambda failure: _order(data, failure.path, orders)):
        if root is None:
            break
        above = _above(root, failure.path[:-1])
        if above is None:
            continue
        errors.append(failure.error)
        if failure.null_at == 0:
            root = None
        else:
            container = _above(root, failure.path[: failure.null_at - 1])
            container[failure.path[failure.null_at - 1]] = None
    return root, errors


def _above(root: Any, path: list[str | int]) -> Any:
    # What stands at this path; None where it was made null on the way.
    at = root
    for key in path:
        if at is None:
            return None
        at = at[key]
    return at


def _order(data: dict[str, Any], path: list[str | int], orders: dict[int, dict[str, int]]) -> list[int]:
    at: Any = data
    order = []
    for key in path:
        if isinstance(key, int):
            order.append(key)
        else:
            keys = orders.get(id(at))
            if keys is None:
                keys = orders[id(at)] = {name: number for number, name in enumerate(at)}
            order.append(keys[key])
        at = at[key]
    return order
