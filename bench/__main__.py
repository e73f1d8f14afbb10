"""The command: `make bench`, `make bench-peers`, or `python -m bench --help` for its other modes."""

from typing import Annotated

import typer

from bench import load, scoring
from bench.modes import MODES, Mode
from bench.plans import measure_plans
from bench.plot import plot
from bench.queries import QUERIES
from bench.remembering import memory_over
from bench.report import HERE, keep, place_in_words, publish, tables
from bench.rounds import Row, fair_seconds, measure
from bench.sameness import AnswersDiffer, check
from bench.servers import SERVERS, Server, ServerFailed, missing
from bench.stage import Stage, stage
from bench.targets import compared

FEWEST_ROUNDS = 3  # that have a median
MILLION = 1_000_000


def main(
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            help="Q1 to Q4, or numbers of sounds for the mode scoring. What is not the whole is only printed."
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help=f"{', '.join(MODES)}, memory, plans or scoring.")] = "throughput",
    servers: Annotated[str | None, typer.Option(help="Their names, separated by commas.")] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Those from npm too.")] = False,
    rounds: Annotated[int, typer.Option(min=1)] = FEWEST_ROUNDS,
    seconds: Annotated[int, typer.Option(min=0, help="Of a round; 0 keeps a query under a minute.")] = 0,
    requests: Annotated[int, typer.Option(min=1, help="Of the mode memory; fewer are only printed.")] = MILLION,
    database_url: Annotated[str | None, typer.Option(help="A world to ask instead of the bench's own.")] = None,
) -> None:
    """Measure Chorus beside servers that answer the same."""
    if mode == "scoring":
        _scoring(queries)
        return
    known = MODES.get(mode)
    chosen = _choose(known, servers, peers=peers)
    for why in filter(None, (load.missing(), *map(missing, chosen))):
        print(f"Not run: {why}.")
        raise typer.Exit(1)
    try:
        with stage(chosen, database_url) as staged:
            if known is not None:
                whole = not queries and not servers and rounds >= FEWEST_ROUNDS
                rows = _rows(staged, known, queries or list(known.queries), rounds=rounds, seconds=seconds)
                _finish(staged, mode, rows, whole=whole)
            elif mode == "memory":
                _memory(staged, requests)
            else:
                _plans(staged)
    except (AnswersDiffer, load.LoadFailed, ServerFailed) as error:
        print(f"Not measured: {error}.")
        raise typer.Exit(1) from None


def _choose(mode: Mode | None, servers: str | None, *, peers: bool) -> list[Server]:
    if servers is not None:
        names = set(servers.split(","))
    else:
        names = set(mode.servers) if mode is not None else {"chorus"}
        names -= set() if peers else {server.name for server in SERVERS if server.from_npm}
    return [server for server in SERVERS if server.name in names]


def _rows(staged: Stage, mode: Mode, queries: list[str], *, rounds: int, seconds: int) -> list[Row]:
    keys, rows = staged.keys(mode.videos), []
    for name in queries:
        cases = mode.cases(QUERIES[name], keys)
        for query in {case.query.first: case.query for case in cases}.values():
            check(staged.running, query, keys)
        length = seconds or fair_seconds(rounds * len(cases) * len(staged.running))
        for row in measure(staged.running, cases, rounds=rounds, seconds=length, place=staged.place):
            figures = row.figures
            print(
                f"{row.query} {row.setting:<15} {row.server:<14} {figures['requests_per_second']:7,.0f}/s"
                f"  p50 {figures['p50_ms']:7.1f}  p99 {figures['p99_ms']:7.1f} ms  {figures['server_us']:7,.0f} + {figures['postgres_us']:5,.0f} µs",
                flush=True,
            )
            rows.append(row)
    return rows


def _finish(staged: Stage, mode: str, rows: list[Row], *, whole: bool) -> None:
    targets = compared(rows)
    print("", *filter(None, [targets, place_in_words(rows, staged.facts)]), sep="\n")
    if not whole:
        return
    absent = [server.title for server in SERVERS if server.name in MODES[mode].servers and server not in staged.servers]
    not_run = [f"Not run: {', '.join(absent)} (`make bench-peers`)."] if absent else []
    publish(mode, "\n\n".join(filter(None, [targets, *not_run, tables(rows, staged.facts)])))
    print("Written:", keep(mode, staged.facts, rows))
    if mode == "throughput":
        publish(mode, f"{targets}\n\n{place_in_words(rows, staged.facts)}", HERE.parent)
        (HERE / "results" / "plot.svg").write_text(plot([row for row in rows if row.setting == "64 connections"]))


def _memory(staged: Stage, requests: int) -> None:
    seen: dict[str, list[tuple[int, float]]] = {}
    for server in staged.running:
        for sent, mebibytes in memory_over(server, staged.keys(), requests, staged.place):
            print(f"{server.name}: after {sent:>9,} requests {mebibytes:7.1f} MiB", flush=True)
            seen.setdefault(server.name, []).append((sent, round(mebibytes, 1)))
    if requests < MILLION:
        return
    lines = ["| server | requests | resident MiB |", "|---|---:|---:|"]
    lines += [f"| {name} | {sent:,} | {size} |" for name, steps in seen.items() for sent, size in steps]
    publish("memory", "\n".join(lines))
    print("Written:", keep("memory", staged.facts, seen))


def _scoring(sizes: list[str] | None) -> None:
    rows, facts = scoring.measure([int(size) for size in sizes or scoring.SIZES])
    text = scoring.tables(rows, facts)
    print(text)
    if not sizes:
        publish("scoring", text)
        print("Written:", keep("scoring", facts, tuple(rows)))


def _plans(staged: Stage) -> None:
    times = measure_plans(staged.dsn, staged.keys())
    columns = list(next(iter(times.values())))
    lines = [f"| CPU µs | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} | {' | '.join(f'{spans[what]:,.0f}' for what in columns)} |" for name, spans in times.items()]
    print("\n".join(lines))
    publish("plans", "\n".join(lines))
    print("Written:", keep("plans", staged.facts, times))


if __name__ == "__main__":
    typer.run(main)
