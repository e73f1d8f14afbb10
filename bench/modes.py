"""What can be measured: each mode is a list of cases, and says which servers it is about."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.queries import Keys, Query
from bench.rounds import Case

ALL = ("chorus", "graphql-core", "batched", "one-statement", "mercurius", "postgraphile")
GRAPHQL = ("chorus", "graphql-core", "mercurius", "postgraphile")
FEW, MANY = 16, 64  # connections


@dataclass(frozen=True)
class Mode:
    """`cases` are those of one query; `videos` is how many a sound must have whose pages are asked for."""

    title: str
    cases: Callable[[Query, Keys], list[Case]]
    servers: tuple[str, ...] = ALL
    queries: tuple[str, ...] = ("Q1", "Q2", "Q3", "Q4")
    videos: int = 26


def throughput(query: Query, keys: Keys) -> list[Case]:
    """At 16 and at 64 connections."""
    return [Case(query, f"{number} connections", number, keys) for number in (FEW, MANY)]


def latency(query: Query, keys: Keys) -> list[Case]:
    """One client, who asks again as soon as he has his answer."""
    return [Case(query, "one client", 1, keys)]


def connections(query: Query, keys: Keys) -> list[Case]:
    """From 1 to 256."""
    return [Case(query, f"{number} connections", number, keys) for number in (1, 4, 16, 64, 256)]


def pages(query: Query, keys: Keys) -> list[Case]:
    """Of 1 to 100."""
    return [Case(replace(query, first=first), f"first: {first}", FEW, keys) for first in (1, 5, 20, 50, 100)]


def hot(query: Query, keys: Keys) -> list[Case]:
    """Everybody asks for the same, or everybody for something else."""
    number = 10 if query.name == "Q4" else 1
    same = Keys(keys.sounds[:number], keys.playlists[:number])
    return [Case(query, "the same for all", MANY, same), Case(query, "any of 200", MANY, keys)]


def documents(query: Query, keys: Keys) -> list[Case]:
    """A known document, or in each request one that was never seen."""
    return [Case(query, "known", FEW, keys), Case(query, "never seen", FEW, keys, unseen=True)]


def mixed(query: Query, keys: Keys) -> list[Case]:
    """One document for all, or any of forty."""
    return [Case(query, "one document", MANY, keys), Case(query, "40 documents", MANY, keys, documents=40)]


MODES = {
    "throughput": Mode("Requests a second, and what each costs", throughput),
    "latency": Mode("One client alone", latency),
    "connections": Mode("From 1 to 256 connections", connections, ("chorus", "batched")),
    "pages": Mode("Pages of 1 to 100", pages, ("chorus", "graphql-core", "batched"), ("Q1", "Q2", "Q3"), 101),
    "hot": Mode("What everybody asks for at once", hot, ("chorus", "batched"), ("Q1", "Q3", "Q4")),
    "documents": Mode("A document that was never seen before, each time", documents, GRAPHQL),
    "mixed": Mode("Different documents at once", mixed, ("chorus", "batched", "mercurius", "postgraphile")),
}
