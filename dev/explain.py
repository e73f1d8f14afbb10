"""What each read costs: every statement that a reader waits for, in each of its shapes, about the largest of a world (dev/subjects.sql)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table
from rich.text import Text

from db.database import connect
from db.queries import QUERIES, Query, Slice
from dev.cost import Cost, Meter
from dev.subjects import UnknownRead, read_subjects, require_all

Row = tuple[Any, ...]

BOUND = 5.0  # milliseconds with a warm cache, about one subject
SEARCH_BOUND = 20.0
SINGLE = 10  # subjects are asked about one by one,
NESTED = 20  # so many at once for a page in a page,
NODES = 100  # and so many for the nodes of a page
SMALL_PAGE, LARGE_PAGE = (
    25,
    105,
)  # a page of 20 and one of 100, with the row that tells of a next one and those in reserve
ONLY_DOWN = {"newest_videos_by_users", "newest_videos_by_sounds", "search_documents"}  # have `first` and `after` only


@dataclass
class Finding:
    """The slowest that a statement was, about one subject and about many."""

    query: Query
    worst: Cost = field(default_factory=Cost)
    where: str = "nobody here"
    many: float | None = None
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
    findings = []
    connection = await connect(dsn, application="chorus explain-reads")
    try:
        for statement in subjects.before:
            await connection.execute(statement)
        meter = await Meter.on(connection)
        for name in track(names, "explaining", console=console, transient=True):
            rows = [tuple(row) for row in await connection.fetch(subjects.about[name])]
            findings.append(await _explain(connection, meter, QUERIES[name], rows))
    finally:
        await connection.close()
    _print(console, findings)
    return not any(finding.over for finding in findings)


async def _explain(connection: asyncpg.Connection, meter: Meter, query: Query, rows: list[Row]) -> Finding:
    finding = Finding(query)
    try:
        for key, args in _one_by_one(query, rows):
            for shape, part in [shape async for shape in _shapes(connection, query, key, args)]:
                cost = await meter.cost(*_statement(query, [key], part, args), finding.bound)
                finding.add(cost, f"{', '.join(map(_short, (*key, *args)))}{shape}")
        group = _largest_group(query, rows)
        if group is not None:
            part = Slice(SMALL_PAGE, descending=True) if query.shape == "page_per" else None
            finding.many = (await meter.cost(*_statement(query, group[0], part, group[1]), float("inf"))).ms
    except (asyncpg.InterfaceError, asyncpg.DataError) as error:
        raise UnknownRead(f"dev/subjects.sql gives other arguments than {query.name} takes: {error}") from error
    return finding


def _one_by_one(query: Query, rows: list[Row]) -> list[tuple[Row, Row]]:
    # All rows of the first ten keys; search has texts for keys, and each of them is another case.
    width = len(query.keys)
    keys = list(dict.fromkeys(row[:width] for row in rows))
    wanted = set(keys if query.name == "search_documents" else keys[:SINGLE])
    return [(row[:width], row[width:]) for row in rows if row[:width] in wanted]


def _largest_group(query: Query, rows: list[Row]) -> tuple[list[Row], Row] | None:
    # One statement has many keys but one set of arguments.
    width = len(query.keys)
    groups: dict[str, list[Row]] = {}
    for row in rows if query.batched else []:
        groups.setdefault(repr(row[width:]), []).append(row)
    largest = max(groups.values(), key=len, default=[])
    keys = list(dict.fromkeys(row[:width] for row in largest))[: NESTED if query.shape == "page_per" else NODES]
    return (keys, largest[0][width:]) if len(keys) > 1 else None


async def _shapes(
    connection: asyncpg.Connection, query: Query, key: Row, args: Row
) -> AsyncIterator[tuple[str, Slice | None]]:
    """The slices in which a list is asked for: both page sizes, both ways, behind a cursor near the start and near the end, and between two."""
    if query.shape != "page_per":
        yield "", None
        return
    ends: dict[bool, Row | None] = {}
    for descending in (True, False):
        sql, parameters = _statement(query, [key], Slice(LARGE_PAGE, descending), args)
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
            if query.name not in ONLY_DOWN:
                yield f" ({way}, between)", Slice(LARGE_PAGE, descending, near, far)


def _statement(query: Query, keys: list[Row], part: Slice | None, args: Row) -> tuple[str, Row]:
    sql, bounds = query.text_for(part)
    return sql, (*([key[column] for key in keys] for column in range(len(query.keys))), *bounds, *args)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _print(console: Console, findings: list[Finding]) -> None:
    narrow = [Column(name, no_wrap=True) for name in ("statement", "ms", "rows", "many, ms")]
    table = Table(*narrow, "about", "notes", box=SIMPLE_HEAD, header_style="bold")
    for finding in sorted(findings, key=lambda one: one.worst.ms / one.bound, reverse=True):
        style = "red" if finding.over else "yellow" if finding.notes else ""
        worst = (f"{finding.worst.ms:.2f}", str(finding.worst.rows)) if finding.runs else ("", "")
        many = "" if finding.many is None else f"{finding.many:.2f}"
        row = (finding.query.name, *worst, many, finding.where, "; ".join(sorted(finding.notes)))
        table.add_row(*map(Text, row), style=style)
    console.print(table)
    over = [finding.query.name for finding in findings if finding.over]
    console.print(
        f"{len(findings)} statements, {sum(finding.runs for finding in findings)} shapes and subjects; the bound is {BOUND:.0f} ms about one subject, "
        f"{SEARCH_BOUND:.0f} for search; many are {NESTED} parents of a page of 20, or {NODES} nodes. "
        + (f"Over it: {', '.join(over)}." if over else "None is over it.")
    )
