"""Keys to the arrays that a statement takes, and its rows back to the keys."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from db.queries import Query


def columns(query: Query, keys: Iterable[Any]) -> tuple[list[Any], ...]:
    """The keys as one array a key column, as the statement takes them."""
    if len(query.keys) == 1:
        return (list(keys),)
    return tuple([key[index] for key in keys] for index in range(len(query.keys)))


def grouped(query: Query, rows: list[Any]) -> dict[Any, Any]:
    """Rows by key. Within a key they keep the statement's order: a lateral with a limit is a nested loop, which keeps it."""
    key = itemgetter(*query.keys)
    if query.shape == "one_per":
        return dict(zip(map(key, rows), rows, strict=True))
    lists: dict[Any, list[Any]] = {}
    for found, some in groupby(rows, key):
        lists.setdefault(found, []).extend(some)
    return lists


def picked(query: Query, keys: Iterable[Any], found: dict[Any, Any]) -> list[Any]:
    """One answer a key, in the keys' order: a row or None, or for many_per and page_per a list of rows."""
    if query.shape == "one_per":
        return list(map(found.get, keys))
    return [found.get(key, []) for key in keys]


def align(query: Query, keys: Sequence[Any], rows: list[Any]) -> list[Any]:
    """The rows handed back to the keys, in the keys' order."""
    return picked(query, keys, grouped(query, rows))
