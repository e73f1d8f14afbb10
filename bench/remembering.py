"""Memory while a million requests come: a server that keeps nothing stays as large as it was."""

from collections.abc import Iterator
from typing import Any

from bench import machine
from bench.load import Place, load
from bench.queries import QUERIES, Keys
from bench.servers import Running

STEPS = 10
STEP_SECONDS = 10
CONNECTIONS = 64


def memory_over(server: Running, keys: Keys, requests: int, place: Place) -> Iterator[tuple[int, float]]:
    """(requests so far, resident MiB), about ten times; all four queries mixed, for a GraphQL server only."""
    bodies: list[Any] = []
    for query in QUERIES.values():
        drawn = query.variables(keys)
        bodies += [server.server.body(query, drawn[turn % len(drawn)]) for turn in range(200)]
    path, sent, shown = server.server.path(query), 0, 0
    yield 0, machine.memory(server.pid) / 2**20
    while sent < requests:
        figures = load(server, bodies, path=path, connections=CONNECTIONS, seconds=STEP_SECONDS, place=place)
        sent += int(figures["requests"])
        if sent * STEPS // requests > shown:
            shown = sent * STEPS // requests
            yield sent, machine.memory(server.pid) / 2**20
