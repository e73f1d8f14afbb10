"""What Chorus wants to reach beside the others, and whether it does."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.rounds import Row

Figures = dict[str, float]
Compare = Callable[[Figures, Figures], float]


def requests(chorus: Figures, other: Figures) -> float:
    """How many times as many requests."""
    return chorus["requests_per_second"] / other["requests_per_second"]


def postgres(chorus: Figures, other: Figures) -> float:
    """How much of the CPU of Postgres."""
    return chorus["postgres_us"] / other["postgres_us"] if other["postgres_us"] else 0.0


def waiting(chorus: Figures, other: Figures) -> float:
    """How many times as long half of the requests take at most."""
    return chorus["p50_ms"] / other["p50_ms"]


@dataclass(frozen=True)
class Target:
    """A bound by query; `least` is False where it is an upper one."""

    words: str
    server: str
    setting: str
    compare: Compare
    bounds: tuple[float, float, float, float]
    least: bool = True


def _against_node(server: str, words: str) -> list[Target]:
    return [
        Target(f"requests of {words}, 64 connections", server, "64 connections", requests, (2.5, 4, 2, 4)),
        Target(f"requests of {words}, 16 connections", server, "16 connections", requests, (2, 2, 2, 2)),
    ]


TARGETS = [
    Target("requests of the batched server, 64 connections", "batched", "64 connections", requests, (1, 1, 1, 1)),
    Target(
        "Postgres CPU of the batched server, 64 connections",
        "batched",
        "64 connections",
        postgres,
        (0.6, 0.6, 0.6, 0.6),
        least=False,
    ),
    *_against_node("mercurius", "Mercurius"),
    *_against_node("postgraphile", "PostGraphile"),
    Target(
        "requests of Strawberry as shipped, 16 connections",
        "graphql-core",
        "16 connections",
        requests,
        (15, 20, 20, 20),
    ),
    Target(
        "p50 of the batched server, one client", "batched", "one client", waiting, (1.3, 1.3, 1.3, 1.3), least=False
    ),
]


def compared(rows: list[Row]) -> str:
    """A table of the targets that these rows speak of: what was found, and in brackets the bound where it was missed."""
    found = {(row.query, row.setting, row.server): row.figures for row in rows}
    names = ("Q1", "Q2", "Q3", "Q4")
    lines = [f"| Chorus, times the | {' | '.join(names)} |", "|---|---:|---:|---:|---:|"]
    for target in TARGETS:
        cells = [_cell(target, found, name, bound) for name, bound in zip(names, target.bounds, strict=True)]
        if any(cells):
            lines.append(f"| {target.words} | {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def _cell(target: Target, found: dict[tuple[str, str, str], Figures], query: str, bound: float) -> str:
    chorus = found.get((query, target.setting, "chorus"))
    other = found.get((query, target.setting, target.server))
    if chorus is None or other is None:
        return ""
    value = target.compare(chorus, other)
    if (value >= bound) is target.least or value == bound:
        return f"{value:.2f}"
    return f"{value:.2f} (missed: {'at least' if target.least else 'at most'} {bound:g})"
