"""Whom each read is asked about when its cost is measured: reads dev/subjects.sql, and sees that no read is missing there."""

import re
from dataclasses import dataclass
from pathlib import Path

from db.errors import DomainError
from db.queries import QUERIES

BLOCK = re.compile(r"^-- (before|about|unread):(.*?)(?=^-- (?:before|about|unread):|\Z)", re.MULTILINE | re.DOTALL)
WRITES = re.compile(r"\b(insert into|update|delete from)\b")


class UnknownRead(DomainError):
    """dev/subjects.sql and db/*.sql do not tell of the same statements."""


@dataclass(frozen=True)
class Subjects:
    """What prepares the subjects, the SQL that gives a statement's, by its name, and the statements that no reader waits for."""

    before: list[str]
    about: dict[str, str]
    unread: set[str]


def read_subjects() -> Subjects:
    """The blocks of dev/subjects.sql; several headers may share the statement below them."""
    subjects = Subjects([], {}, set())
    names: list[str] = []
    for kind, block in BLOCK.findall(Path(__file__).with_suffix(".sql").read_text("utf-8")):
        comments, sql = _split(block)
        if kind == "unread":
            subjects.unread.update(word for line in comments[1:] for word in line.split())
        elif kind == "before":
            subjects.before.append(sql)
        else:
            names += comments[0].split()
            if sql:
                subjects.about.update(dict.fromkeys(names, sql))
                names = []
    return subjects


def _split(block: str) -> tuple[list[str], str]:
    first, *lines = block.splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return [first, *comments], "\n".join(line for line in lines if line.strip() and not line.startswith("--"))


def require_all(subjects: Subjects) -> list[str]:
    """The names of all reads; raises UnknownRead where one has no subjects, or subjects no statement."""
    reads = [name for name, query in QUERIES.items() if not WRITES.search(query.sql) and name not in subjects.unread]
    missing = [f"{QUERIES[name].source} {name}" for name in reads if name not in subjects.about]
    stale = sorted((subjects.about.keys() | subjects.unread) - QUERIES.keys())
    if missing:
        raise UnknownRead(f"dev/subjects.sql does not say whom to ask about: {', '.join(missing)}.")
    if stale:
        raise UnknownRead(f"dev/subjects.sql tells of statements that are nowhere in db/: {', '.join(stale)}.")
    return reads
