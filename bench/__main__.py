"""The command: `python -m bench`, or `make bench` and `make bench-peers`."""

import asyncio
import os
from typing import Annotated

import typer

from bench import load
from bench.issuer import issuer
from bench.machine import pin
from bench.queries import QUERIES
from bench.rounds import fair_seconds, measure
from bench.sameness import check
from bench.servers import SERVERS, started
from bench.world import SUBJECT, choose_keys, postmaster, world


def bench(
    queries: Annotated[list[str] | None, typer.Argument(help="Q1 to Q4; all of them by default.")] = None,
    servers: Annotated[str, typer.Option(help="Their names, separated by commas.")] = "chorus,graphql-core,batched",
    connections: Annotated[str, typer.Option(help="How many at once.")] = "16,64",
    rounds: int = 3,
    seconds: Annotated[int, typer.Option(help="Of a round; 0 keeps a query under a minute.")] = 0,
    database_url: str | None = None,
) -> None:
    """Measure."""
    why = load.missing()
    if why:
        print(f"Not run: {why}")
        raise typer.Exit(1)
    chosen = [server for server in SERVERS if server.name in servers.split(",")]
    numbers = [int(number) for number in connections.split(",")]
    own, other = sorted(os.sched_getaffinity(0))[:2]
    with world(database_url) as dsn, issuer(SUBJECT) as issued, started(chosen, dsn, issued, own) as running:
        place = load.Place(own, other, asyncio.run(postmaster(dsn))[0])
        pin(place.postmaster, other)
        keys = asyncio.run(choose_keys(dsn))
        for name in queries or QUERIES:
            query = QUERIES[name]
            check(running, query, keys)
            length = seconds or fair_seconds(len(running), rounds, len(numbers))
            found = measure(running, query, keys, numbers, rounds=rounds, seconds=length, place=place)
            for number, by_server in found.items():
                for server, f in by_server.items():
                    print(
                        f"{name} {number:>3} {server:<14} {f['requests_per_second']:8.0f}/s p50 {f['p50_ms']:7.1f} p99 {f['p99_ms']:7.1f} ms"
                        f"  {f['server_us']:7.0f} + {f['postgres_us']:.0f} µs; others {f['others_on_server_core']:.2f} {f['others_on_other_core']:.2f}"
                    )


if __name__ == "__main__":
    typer.run(bench)
