"""Reads the statements in `db/*.sql`: one sentence a query, its name and the shape of its answer in a header.

    -- name: user_by_id :one_per(id) User
    -- name: credits_by_track :many_per(track_id)
    -- name: videos_by_sound :page_per(sound_id) by(created_at, id) Video
    -- name: open_outbox :rows

`one_per`, `many_per` and `page_per` take arrays of keys ($1, or $1, $2 … for a key of several columns) and name the columns by which
the rows are handed back to them. `page_per` also takes a slice: its text holds `{range}` and `{order}`, and its limit is the parameter
after the keys; further parameters are `{arg1}`, `{arg2}`. `rows`, `row`, `value` and `execute` run as they are, and so does `write`, a statement
that is a transaction of its own and answers with a row. `row_each` is a write that the rows of many
requests share (db/writer.py): it takes an array a column, and answers with a row for each in their order. A last word names the row class (db/rows.py).

    -- columns: User

gives the columns of a concept once; `{User}` stands for them in every statement. A bar ends its card: the columns with which lists show it, and all that
resolvers read to decide who may see it. Who says which columns he `reads` gets the card alone where that has them all.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from asyncpg import Record

from db.rows import ROWS

HEADER = re.compile(
    r"^-- name: (?P<name>[a-z_]+) :(?P<shape>[a-z_]+)(?:\((?P<keys>[a-z_, ]+)\))?(?: by\((?P<keyset>[a-z_, ]+)\))?(?: (?P<row>[A-Z]\w+))?$"
)
ARGUMENT = re.compile(r"\{arg([1-9])\}")
SHAPES = ("one_per", "many_per", "page_per", "rows", "row", "value", "execute", "write", "row_each")


class BadQuery(Exception):
    """A file of statements cannot be read."""


class Slice(NamedTuple):
    """A part of an ordered list: at most `limit` rows in scanning order, strictly between `start` and `stop` (keyset values)."""

    limit: int
    descending: bool
    start: tuple[Any, ...] | None = None
    stop: tuple[Any, ...] | None = None


@dataclass(frozen=True, eq=False)
class Query:
    """One statement; `sql` is its text, or for `page_per` the template that `text_for` fills."""

    name: str
    shape: str
    sql: str
    keys: tuple[str, ...] = ()
    keyset: tuple[str, ...] = ()
    row_class: type[Record] | None = None
    card: str = ""  # the same with only the first columns of its concept, where that has a bar
    lacks: frozenset[str] = frozenset()  # the columns that the card has not
    source: str = ""

    @property
    def batched(self) -> bool:
        """True where the answer is handed back by key, so that loads of many parents can share one statement."""
        return bool(self.keys)

    def text_for(self, part: Slice | None, reads: frozenset[str] | None = None) -> tuple[str, tuple[Any, ...]]:
        """The SQL of this slice and the parameters that follow the keys: limit, then the bounds that there are.

        Where the card has all that anybody `reads`, it is the card's: most lists need little of each row, and the rest costs as much again.
        """
        sql = self.card if reads is not None and self.card and reads.isdisjoint(self.lacks) else self.sql
        if part is None:
            return sql, ()
        bounds = tuple(value for bound in (part.start, part.stop) if bound is not None for value in bound)
        return _page_sql(
            self, sql, descending=part.descending, has_start=part.start is not None, has_stop=part.stop is not None
        ), (part.limit, *bounds)


@cache
def _page_sql(query: Query, sql: str, *, descending: bool, has_start: bool, has_stop: bool) -> str:
    # Texts differ by direction and bounds instead of one text with `$3 is null or …`: the row comparison must reach the index.
    columns = ", ".join(query.keyset)
    parameter = len(query.keys) + 2
    ranges = []
    for present, operator in ((has_start, "<" if descending else ">"), (has_stop, ">" if descending else "<")):
        if present:
            places = ", ".join(f"${parameter + index}" for index in range(len(query.keyset)))
            ranges.append(f"({columns}) {operator} ({places})")
            parameter += len(query.keyset)
    order = ", ".join(f"{column} desc" if descending else column for column in query.keyset)
    sql = sql.replace("{range}", " and ".join(ranges) or "true").replace("{order}", order)
    return ARGUMENT.sub(lambda found: f"${parameter + int(found[1]) - 1}", sql)


def read_queries(folder: Path) -> dict[str, Query]:
    """All statements of the folder's `*.sql` by name; raises BadQuery with file and line for what cannot be read."""
    blocks = [block for path in sorted(folder.glob("*.sql")) if path.name != "schema.sql" for block in _blocks(path)]
    lists = {header.split()[-1]: Columns.read(text) for _, header, text in blocks if header.startswith("-- columns:")}
    queries: dict[str, Query] = {}
    for source, header, text in blocks:
        if header.startswith("-- columns:"):
            continue
        card, lacks = text, frozenset[str]()
        for name, columns in lists.items():
            if "{" + name + "}" in card:
                lacks |= columns.lacks
            text = text.replace("{" + name + "}", columns.whole)
            card = card.replace("{" + name + "}", columns.card)
        query = _read_query(source, header, text)
        if lacks:
            query = replace(query, card=f"/* {query.name} */ {card}", lacks=lacks)
        if query.name in queries:
            raise BadQuery(f"{source}: {query.name} is already defined at {queries[query.name].source}")
        queries[query.name] = query
    return queries


class Columns(NamedTuple):
    """The columns of a concept; those before a bar are its card."""

    whole: str
    card: str
    lacks: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "Columns":
        """From `id, title | genres, mbid::text as mbid`."""
        card, _, rest = text.partition("|")
        names = frozenset(column.split()[-1] for column in rest.split(",") if column.strip())
        return cls(text.replace("|", ","), card.strip(), names)


def _blocks(path: Path) -> list[tuple[str, str, str]]:
    # (file:line, header, the text below it without comments)
    blocks: list[tuple[str, str, list[str]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith(("-- name:", "-- columns:")):
            blocks.append((f"{path.name}:{number}", line, []))
        elif blocks and line.strip() and not line.strip().startswith("--"):
            blocks[-1][2].append(line)
    return [(source, header, "\n".join(lines).rstrip("; \n")) for source, header, lines in blocks]


def _read_query(source: str, header: str, text: str) -> Query:
    found = HEADER.match(header)
    if found is None or found["shape"] not in SHAPES:
        raise BadQuery(
            f"{source}: a header is `-- name: <name> :<shape>(<keys>) by(<keyset>) <Row>` with a shape of {', '.join(SHAPES)}"
        )
    if found["row"] is not None and found["row"] not in ROWS:
        raise BadQuery(f"{source}: there is no row class {found['row']}Row in db/rows.py")
    keys = tuple(part.strip() for part in (found["keys"] or "").split(",") if part.strip())
    keyset = tuple(part.strip() for part in (found["keyset"] or "").split(",") if part.strip())
    if bool(keys) != found["shape"].endswith("_per") or bool(keyset) != (found["shape"] == "page_per"):
        raise BadQuery(f"{source}: only the shapes *_per take keys, and only page_per takes by(…)")
    # The comment is what pg_stat_statements, logs and the golden tests know a statement by.
    return Query(
        found["name"],
        found["shape"],
        f"/* {found['name']} */ {text}",
        keys,
        keyset,
        ROWS.get(found["row"] or ""),
        source=source,
    )


QUERIES = read_queries(Path(__file__).parent)
