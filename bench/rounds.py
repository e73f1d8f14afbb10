"""Rounds: every server in turn, then again, so that a slow minute of the machine is everybody's; of each figure the median."""

from collections.abc import Iterable
from statistics import median
from typing import Any

from bench.load import Place, load
from bench.queries import Keys, Query
from bench.servers import Running

Figures = dict[str, Any]
QUERY_SECONDS = 48  # of measuring, so that one query takes under a minute with its warm-up
WARM = 16  # connections


def fair_seconds(servers: int, rounds: int, settings: int) -> int:
    """How long each round of a server may be."""
    return max(1, QUERY_SECONDS // (servers * rounds * settings))


def bodies(server: Running, query: Query, keys: Keys) -> list[Any]:
    """What is drawn from, in this server's words."""
    return [server.server.body(query, variables) for variables in query.variables(keys)]


def measure(
    running: list[Running],
    query: Query,
    keys: Keys,
    connections: Iterable[int],
    *,
    rounds: int,
    seconds: int,
    place: Place,
) -> dict[int, dict[str, Figures]]:
    """By number of connections and by server, the medians and all rounds."""
    own = {server.name: bodies(server, query, keys) for server in running}

    def once(server: Running, number: int, length: int) -> Figures:
        path = server.server.path(query)
        return load(server, own[server.name], path=path, connections=number, seconds=length, place=place)

    for server in running:
        once(server, WARM, 1)
    found: dict[int, dict[str, Figures]] = {}
    for number in connections:
        seen: dict[str, list[Figures]] = {server.name: [] for server in running}
        for _ in range(rounds):
            for server in running:
                seen[server.name].append(once(server, number, seconds))
        found[number] = {name: medians(figures) for name, figures in seen.items()}
    return found


def medians(figures: list[Figures]) -> Figures:
    """Of each figure its median, and the rounds that it is of."""
    return {name: median(each[name] for each in figures) for name in figures[0]} | {"rounds": figures}
