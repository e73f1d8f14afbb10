"""Rounds: every server in turn, then again, so that a slow minute of the machine is everybody's; of each figure the median."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.load import Place, load
from bench.queries import Keys, Query
from bench.servers import Running

QUERY_SECONDS = 48  # of measuring, so that a query takes under a minute with its warm-up
WARM = 16  # connections


@dataclass(frozen=True)
class Case:
    """What all servers are asked in turn; `setting` says in words in what it differs from the others. Unseen documents come once each; of several, each
    asks the same under another alias.
    """

    query: Query
    setting: str
    connections: int
    keys: Keys
    unseen: bool = False
    documents: int = 1

    def bodies(self, server: Running) -> list[Any]:
        """What is drawn from, in this server's words."""
        bodies = [server.server.body(self.query, variables) for variables in self.query.variables(self.keys)]
        if self.documents > 1:
            bodies = [dict(body) for body in bodies * -(-self.documents // len(bodies))]
        for number, body in enumerate(bodies if self.unseen or self.documents > 1 else ()):
            alias = "aUNSEEN" if self.unseen else f"a{number % self.documents}"
            if "query" in body:  # a server by hand knows one document
                body["query"] = re.sub(r"\b(id|rowId) title", rf"\1 title {alias}: title", body["query"], count=1)
        return bodies


@dataclass(frozen=True)
class Row:
    """What a server did in a case: of each figure the median, and all rounds."""

    query: str
    setting: str
    server: str
    figures: dict[str, float]
    rounds: list[dict[str, float]]


def fair_seconds(rounds: int) -> int:
    """How long a round of one server may be so that those of a query, and their warm-up, take under a minute."""
    return max(1, QUERY_SECONDS // rounds)


def measure(running: list[Running], cases: list[Case], *, rounds: int, seconds: int, place: Place) -> Iterator[Row]:
    """The rows of each case as soon as it is done; a server is warmed up for each new document."""
    warm = None
    for case in cases:
        own = {server.name: case.bodies(server) for server in running}
        if warm != case.query:
            for server in running:
                _round(server, own[server.name], case, connections=WARM, seconds=1, place=place)
            warm = case.query
        seen: dict[str, list[dict[str, float]]] = {server.name: [] for server in running}
        for _ in range(rounds):
            for server in running:
                figures = _round(
                    server, own[server.name], case, connections=case.connections, seconds=seconds, place=place
                )
                seen[server.name].append(figures)
        for name, all_rounds in seen.items():
            yield Row(case.query.name, case.setting, name, medians(all_rounds), all_rounds)


def _round(
    server: Running, bodies: list[Any], case: Case, *, connections: int, seconds: int, place: Place
) -> dict[str, float]:
    path = server.server.path(case.query)
    return load(server, bodies, path=path, connections=connections, seconds=seconds, place=place)


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Of each figure its median."""
    return {name: median(each[name] for each in rounds) for name in rounds[0]}
