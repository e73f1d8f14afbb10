"""What each read costs: every statement that a reader waits for, run with EXPLAIN ANALYZE in each of its shapes, about the largest of a world."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from db.database import connect
from db.queries import QUERIES, Query, Slice

BOUND, SEARCH_BOUND = 5.0, 20.0  # milliseconds, with a warm cache, about one subject
SINGLE, NESTED, NODES = (
    10,
    20,
    100,
)  # subjects one by one; the parents of a nested page at once; the nodes of a page at once
SMALL_PAGE, LARGE_PAGE = (
    25,
    105,
)  # a page of 20 and one of 100, with the rows that tell of a next one and those in reserve
RUNS, TRIES = 3, 3
BIG = 10_000  # rows of a table that nobody should read from end to end
WRITES = re.compile(r"\b(insert into|update|delete from)\b|\bfor update\b")
ONLY_DOWN = {"newest_videos_by_users", "newest_videos_by_sounds", "search_documents"}  # asked from their beginning only
PLANS = ("force_custom_plan", "force_generic_plan")  # a kept statement may get either: the slower one counts


class UnknownRead(Exception):
    """A statement has no entry in dev/subjects.sql, or an entry no statement."""


@dataclass(frozen=True)
class Subjects:
    """dev/subjects.sql: what prepares it, the rows that a statement is asked about, and who waits for the rest."""

    before: list[str]
    about: dict[str, str]
    unread: set[str]


@dataclass(frozen=True)
class Cost:
    """Of one statement with one set of parameters: milliseconds, rows, and what is remarkable about its plan."""

    ms: float
    rows: int
    notes: frozenset[str]


@dataclass
class Finding:
    """The slowest that a statement was, about one subject and about many."""

    query: Query
    worst: Cost = Cost(-1.0, 0, frozenset())
    where: str = ""
    many: float = 0.0
    runs: int = 0
    notes: set[str] = field(default_factory=set)

    @property
    def bound(self) -> float:
        return SEARCH_BOUND if self.query.name == "search_documents" else BOUND

    @property
    def over(self) -> bool:
        return self.worst.ms > self.bound

    def add(self, cost: Cost, where: str) -> None:
        """Keeps the slowest."""
        self.runs += 1
        self.notes |= cost.notes
        if cost.ms > self.worst.ms:
            self.worst, self.where = cost, where


async def explain_reads(dsn: str, console: Console, only: Sequence[str] = ()) -> bool:
    """Prints a table of all reads, or of those named; True where none is over its bound. Raises UnknownRead."""
    subjects = read_subjects()
    names = [name for name in require_all(subjects) if not only or name in only]
    connection = await connect(dsn, application="chorus explain-reads")
    try:
        for statement in subjects.before:
            await connection.execute(statement)
        big = await _big_tables(connection)
        findings = []
        for name in track(names, "explaining", console=console, transient=True):
            try:
                findings.append(await _explain(connection, QUERIES[name], subjects.about[name], big))
            except (asyncpg.InterfaceError, asyncpg.DataError) as error:
                raise UnknownRead(f"dev/subjects.sql does not give the arguments that {name} takes: {error}") from error
    finally:
        await connection.close()
    _print(console, findings)
    return not any(finding.over for finding in findings)


def read_subjects() -> Subjects:
    """The blocks of dev/subjects.sql; several headers may share the statement below them."""
    text = (Path(__file__).parent / "subjects.sql").read_text("utf-8")
    subjects = Subjects([], {}, set())
    names: list[str] = []
    for kind, block in re.findall(
        r"^-- (before|about|unread):(.*?)(?=^-- (?:before|about|unread):|\Z)", text, re.M | re.S
    ):
        comments, sql = _split(block)
        names += comments[0].split()
        if kind == "unread":
            subjects.unread.update(word for line in comments[1:] for word in line.split())
        elif sql and kind == "before":
            subjects.before.append(sql)
        elif sql:
            subjects.about.update(dict.fromkeys(names, sql))
        if sql or kind == "unread":
            names = []
    return subjects


def _split(block: str) -> tuple[list[str], str]:
    first, *lines = block.splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return [first, *comments], "\n".join(line for line in lines if line.strip() and not line.startswith("--"))


def require_all(subjects: Subjects) -> list[str]:
    """The names of all reads; raises UnknownRead where dev/subjects.sql and db/*.sql do not tell of the same statements."""
    reads = [name for name, query in QUERIES.items() if not WRITES.search(query.sql) and name not in subjects.unread]
    missing = [f"{QUERIES[name].source} {name}" for name in reads if name not in subjects.about]
    stale = sorted((subjects.about.keys() | subjects.unread) - QUERIES.keys())
    if missing:
        raise UnknownRead(f"dev/subjects.sql does not say whom to ask about: {', '.join(missing)}.")
    if stale:
        raise UnknownRead(f"dev/subjects.sql tells of statements that are nowhere in db/: {', '.join(stale)}.")
    return reads


async def _big_tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("select relname from pg_class where relkind in ('r', 'p') and reltuples > $1", BIG)
    return {row["relname"] for row in rows}


async def _explain(connection: asyncpg.Connection, query: Query, about: str, big: set[str]) -> Finding:
    finding = Finding(query)
    rows = [tuple(row) for row in await connection.fetch(about)]
    for keys, args in _one_by_one(query, rows):
        for shape, part in [shape async for shape in _shapes(connection, query, keys, args)]:
            sql, parameters = _statement(query, [keys], part, args)
            cost = await _bounded_cost(connection, sql, parameters, big, finding.bound)
            finding.add(cost, f"{', '.join(map(_short, (*keys, *args)))}{shape}")
    keys_of = _largest_group(query, rows)
    if keys_of is not None:
        part = Slice(SMALL_PAGE, descending=True) if query.shape == "page_per" else None
        sql, parameters = _statement(query, keys_of[0], part, keys_of[1])
        finding.many = (await _cost(connection, sql, parameters, big)).ms
    return finding


def _one_by_one(query: Query, rows: list[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    # All rows of the first ten keys; search has texts for keys, and each of them is another case.
    width = len(query.keys)
    first = list(dict.fromkeys(row[:width] for row in rows))[: None if query.name == "search_documents" else SINGLE]
    return [(row[:width], row[width:]) for row in rows if row[:width] in first]


def _largest_group(query: Query, rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], tuple[Any, ...]] | None:
    width = len(query.keys)
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows if query.batched else []:
        groups.setdefault(repr(row[width:]), []).append(row)
    largest = max(groups.values(), key=len, default=[])
    keys = list(dict.fromkeys(row[:width] for row in largest))[: NESTED if query.shape == "page_per" else NODES]
    return (keys, largest[0][width:]) if len(keys) > 1 else None


async def _shapes(
    connection: asyncpg.Connection, query: Query, keys: tuple[Any, ...], args: tuple[Any, ...]
) -> AsyncIterator[tuple[str, Slice | None]]:
    """The slices in which a list is asked for: both page sizes, both ways, behind a cursor near the start and near the end, and between two."""
    if query.shape != "page_per":
        yield "", None
        return
    ends: dict[bool, tuple[Any, ...] | None] = {}
    for descending in (True, False):
        sql, parameters = _statement(query, [keys], Slice(LARGE_PAGE, descending), args)
        rows = await connection.fetch(sql, *parameters)
        ends[descending] = tuple(rows[-1][column] for column in query.keyset) if rows else None
    for descending, way in ((True, "down"),) if query.name in ONLY_DOWN else ((True, "down"), (False, "up")):
        near, far = ends[descending], ends[not descending]
        if descending:
            yield f" ({way}, {SMALL_PAGE})", Slice(SMALL_PAGE, descending)
        yield f" ({way}, {LARGE_PAGE})", Slice(LARGE_PAGE, descending)
        if near is not None:
            yield f" ({way}, second page)", Slice(LARGE_PAGE, descending, near)
            yield f" ({way}, last page)", Slice(LARGE_PAGE, descending, far)
            yield f" ({way}, between)", Slice(LARGE_PAGE, descending, near, far)


def _statement(
    query: Query, keys: list[tuple[Any, ...]], part: Slice | None, args: tuple[Any, ...]
) -> tuple[str, tuple[Any, ...]]:
    sql, bounds = query.text_for(part)
    return sql, (*([key[column] for key in keys] for column in range(len(query.keys))), *bounds, *args)


async def _bounded_cost(
    connection: asyncpg.Connection, sql: str, parameters: tuple[Any, ...], big: set[str], bound: float
) -> Cost:
    # Whatever else the machine does makes a statement slower, never faster: one that is over its bound is tried again.
    costs = []
    for _ in range(TRIES):
        costs.append(await _cost(connection, sql, parameters, big))
        if costs[-1].ms <= bound:
            break
    return min(costs, key=lambda cost: cost.ms)


async def _cost(connection: asyncpg.Connection, sql: str, parameters: tuple[Any, ...], big: set[str]) -> Cost:
    """Of the slower of the two plans: the median of three runs, after one that warms the cache."""
    statement = await connection.prepare(sql)
    kinds = [f"{kind.schema}.{kind.name}" for kind in statement.get_parameters()]
    literals = ", ".join(f"quote_nullable(${place}::{kind}::text)" for place, kind in enumerate(kinds, 1))
    texts = (await connection.fetchrow(f"select {literals}", *parameters)) or () if kinds else ()
    call = f"{statement.get_name()}({', '.join(texts)})" if kinds else statement.get_name()
    costs = []
    for plan in PLANS:
        await connection.execute(f"set plan_cache_mode = {plan}")
        runs = [await _run(connection, call) for _ in range(1 + RUNS)][1:]
        notes = frozenset(_notes(runs[-1]["Plan"], big))
        costs.append(Cost(median(run["Execution Time"] for run in runs), runs[-1]["Plan"]["Actual Rows"], notes))
    return max(costs, key=lambda cost: cost.ms)


async def _run(connection: asyncpg.Connection, call: str) -> dict[str, Any]:
    text = await connection.fetchval(f"explain (analyze, buffers, format json) execute {call}")
    (plan,) = json.loads(text)
    return plan  # type: ignore[no-any-return]


def _notes(plan: dict[str, Any], big: set[str]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan.get("Relation Name") in big:
        yield f"reads all of {plan['Relation Name']}"
    if plan.get("Rows Removed by Filter", 0) * plan.get("Actual Loops", 1) > BIG:
        yield f"throws away {plan['Rows Removed by Filter']:.0f} rows of {plan.get('Relation Name', 'a part')}"
    if plan.get("Sort Space Type") == "Disk":
        yield "sorts on disk"
    for part in plan.get("Plans", []):
        yield from _notes(part, big)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _print(console: Console, findings: list[Finding]) -> None:
    table = Table("statement", "ms", "rows", "about", "many at once, ms", "notes", header_style="bold")
    for finding in sorted(findings, key=lambda one: one.worst.ms / one.bound, reverse=True):
        style = "red" if finding.over else "yellow" if finding.notes else ""
        worst = (
            ("", "", "nobody here")
            if not finding.runs
            else (f"{finding.worst.ms:.2f}", f"{finding.worst.rows:.0f}", finding.where)
        )
        many = f"{finding.many:.2f}" if finding.many else ""
        row = (finding.query.name, *worst, many, "; ".join(sorted(finding.notes)))
        table.add_row(*map(Text, row), style=style)
    console.print(table)
    over = [finding.query.name for finding in findings if finding.over]
    console.print(
        f"{len(findings)} statements, {sum(finding.runs for finding in findings)} shapes and subjects; the bound is {BOUND:.0f} ms about one subject, "
        f"{SEARCH_BOUND:.0f} for search. " + (f"Over it: {', '.join(over)}." if over else "None is over it.")
    )
