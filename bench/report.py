"""What is kept of a run: figures as JSON, tables between the markers of README.md."""

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

from bench import load, machine
from bench.load import Place
from bench.queries import QUERIES
from bench.rounds import Row
from bench.servers import SERVERS, Server, versions

HERE = Path(__file__).parent
QUIET = 0.05  # of a core for anybody else
TITLES = {server.name: server.title for server in SERVERS}
HEAD = """| | server | requests/s | p50 ms | p99 ms | CPU µs a request: server | Postgres | Chorus answers | with of the CPU |
|---|---|---:|---:|---:|---:|---:|---:|---:|"""


def occasion() -> dict[str, Any]:
    """When and where something is measured, and what."""
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit or "unknown",
        "machine": machine.machine(),
    }


def about(place: Place, postgres: str, chosen: list[Server]) -> dict[str, Any]:
    """The same, of servers side by side."""
    return {
        **occasion(),
        "versions": versions(chosen) | {"postgres": postgres, "wrk": load.version()},
        "cores": {"server": place.server_core, "postgres and wrk": place.other_core},
    }


def keep(mode: str, facts: dict[str, Any], rows: list[Row] | Any) -> Path:
    """Writes results/<date>-<mode>.json."""
    path = HERE / "results" / f"{facts['at'][:10]}-{mode}.json"
    path.parent.mkdir(exist_ok=True)
    shown = [asdict(row) for row in rows] if isinstance(rows, list) else rows
    path.write_text(json.dumps({**facts, "mode": mode, "rows": shown}, indent=1) + "\n")
    return path


def publish(section: str, text: str, folder: Path = HERE) -> None:
    """Puts the text between the section's markers in the folder's README.md."""
    readme = folder / "README.md"
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before = readme.read_text(encoding="utf-8")
    after = re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{text}\n\n{end}", before, flags=re.DOTALL)
    readme.write_text(after, encoding="utf-8")


def tables(rows: list[Row], facts: dict[str, Any]) -> str:
    """A table for each query, and in words where it was measured and who else was there."""
    shown = [place_in_words(rows, facts)]
    for name in dict.fromkeys(row.query for row in rows):
        shown += [f"**{name}: {QUERIES[name].title}**", table([row for row in rows if row.query == name])]
    return "\n\n".join(shown)


def table(rows: list[Row]) -> str:
    """One line a setting and server; the last two columns compare with Chorus in the same setting."""
    chorus = {row.setting: row.figures for row in rows if row.server == "chorus"}
    return "\n".join([HEAD, *(_line(row, chorus.get(row.setting)) for row in rows)])


def _line(row: Row, chorus: dict[str, float] | None) -> str:
    figures = row.figures
    compared = "| |"
    if chorus is not None and row.server != "chorus":
        answers = chorus["requests_per_second"] / figures["requests_per_second"]
        compared = f"{answers:.2f} × | {cpu(chorus) / cpu(figures):.0%} |"
    return (
        f"| {row.setting} | {TITLES[row.server]} | {figures['requests_per_second']:,.0f} | {figures['p50_ms']:.1f} | {figures['p99_ms']:.1f} "
        f"| {figures['server_us']:,.0f} | {figures['postgres_us']:,.0f} | {compared}"
    )


def cpu(figures: dict[str, float]) -> float:
    """Microseconds a request of server and Postgres together."""
    return figures["server_us"] + figures["postgres_us"]


def place_in_words(rows: Iterable[Row], facts: dict[str, Any]) -> str:
    """The machine, the versions, and how much of each core was anybody else's."""
    rounds = [figures for row in rows for figures in row.rounds]
    about, cores = facts["machine"], facts["cores"]
    names = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    noise = (
        ""
        if _share(rounds) < QUIET
        else " The machine was not quiet: the requests a second are too few, the CPU of each is what counts."
    )
    return (
        f"{facts['at'][:10]}, commit {facts['commit']}: {about['cores']} cores of {about['processor']}, {about['memory_gib']} GiB, {about['kernel']}; {names}. "
        f"The server had core {cores['server']}, Postgres and wrk core {cores['postgres and wrk']}. "
        f"Others took {_taken(rounds, 'others_on_server_core')} of the server's core and {_taken(rounds, 'others_on_other_core')} of the other, "
        f"the host {_taken(rounds, 'stolen_of_server_core')} and {_taken(rounds, 'stolen_of_other_core')}.{noise}"
    )


def _share(rounds: list[dict[str, float]]) -> float:
    return max(
        mean(figures[name] for figures in rounds) for name in rounds[0] if name.startswith(("others_", "stolen_"))
    )


def _taken(rounds: list[dict[str, float]], name: str) -> str:
    shares = [figures[name] for figures in rounds]
    return f"{mean(shares):.0%} (at most {max(shares):.0%})"
