"""The house holds: who may import whom, and every statement has a caller."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.queries import QUERIES

ROOT = Path(__file__).parent.parent
ROOMS = {
    "schema",
    "resolvers",
    "db",
    "dev",
    "execution",
    "events",
    "trending",
    "server",
    "app",
    "cli",
    "operate",
    "reach",
    "worker",
    "settings",
}
MAY_IMPORT = {
    "app": ROOMS,
    "cli": ROOMS,
    "operate": {"trending", "events", "resolvers", "db", "settings", "reach"},
    "reach": {"db", "dev", "settings"},
    "worker": {"trending", "events", "db", "settings"},
    "server": {"schema", "execution", "events"},
    "schema": {"resolvers", "execution", "db"},  # of db, the row classes by which a type knows its values
    "resolvers": {"db", "events", "trending"},
    "trending": {"db", "events"},
    "events": {"db"},
    "execution": set(),
    "db": set(),
    "dev": {"db"},
    "settings": set(),
}
ONLY = {"db": {"asyncpg"}, "execution": {"graphql"}, "resolvers": set(), "trending": {"numpy"}}


def files(room: str) -> list[Path]:
    folder = ROOT / room
    return (
        sorted(folder.rglob("*.py")) if folder.is_dir() else [path for path in [ROOT / f"{room}.py"] if path.exists()]
    )


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_it_may_know(room: str) -> None:
    wrong = []
    for path in files(room):
        for name, line in imports(path):
            top = name.split(".")[0]
            place = f"{path.relative_to(ROOT)}:{line} imports {name}"
            if top in ROOMS and top != room and top not in MAY_IMPORT[room]:
                wrong.append(place)
            if room == "schema" and top == "db" and name != "db.rows":
                wrong.append(place)
            foreign = top not in ROOMS and top not in sys.stdlib_module_names
            if foreign and room in ONLY and top not in ONLY[room]:
                wrong.append(place)
    assert wrong == []


def test_no_room_reads_the_environment_but_settings() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for room in ROOMS - {"settings"}
        for path in files(room)
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_statement_has_a_caller_and_every_caller_a_statement() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in files(room))
    words = set(re.findall(r"\w+", code))
    unused = [name for name in QUERIES if name not in words]
    called = set(re.findall(r"\b(?:ctx\.db|tx|database|db)\.([a-z_]+)\(", code)) - {
        "transaction",
        "close",
        "connect",
        "check",
    }
    assert unused == []
    assert sorted(called - set(QUERIES)) == []
