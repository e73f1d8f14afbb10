"""Whether two executors gave the same answer: data to the byte, and errors as the spec leaves them no choice."""

import json
from typing import Any

from graphql import ExecutionResult, GraphQLError

Error = tuple[str, tuple[str | int, ...], tuple[tuple[int, int], ...], str | None]


def same(expected: ExecutionResult, found: ExecutionResult, *, in_turn: bool) -> None:
    """Asserts it. `in_turn`: nothing was awaited, so that even which of several competing errors counts is settled."""
    assert _written(found.data) == _written(expected.data)
    left, right = errors(expected), errors(found)
    if in_turn:
        assert right == left
    for some, others in ((left, right), (right, left)):
        for error in set(some) - set(others):
            assert competes(error, others, expected.data), (error, others)
    assert bool(left) == bool(right)


def _written(data: Any) -> str:
    return json.dumps(data, default=repr)  # a scalar may leave what JSON has no word for


def errors(result: ExecutionResult) -> list[Error]:
    """The errors, in an order of their own."""
    return sorted(map(_error, result.errors or ()), key=repr)


def _error(error: GraphQLError) -> Error:
    places = tuple((place.line, place.column) for place in error.locations or ())
    return error.message, tuple(error.path or ()), places, (error.extensions or {}).get("code")


def competes(error: Error, others: list[Error], data: Any) -> bool:
    """True where another error made null what this one stands in: which of them comes first is a matter of time (spec 6.4.4)."""
    at, path = data, error[1]
    for length, key in enumerate(path):
        if at is None:
            return any(other[1][:length] == path[:length] for other in others)
        at = at[key]
    return at is None and any(other[1][: len(path)] == path and len(other[1]) > len(path) for other in others)
