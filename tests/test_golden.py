"""Golden queries on the small world: what they answer, and which statements they send.

`tests/golden/<name>.graphql` holds a query; comment lines at its top choose the variables, and the viewer, by SQL: `# $sound: select …`.
`<name>.json` holds the answer and the names of the statements. To write it anew after a change that is meant: CHORUS_TEST_WRITE_GOLDEN=1 make test TESTS=tests/test_golden.py
"""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_introspection_type,
    parse,
    visit,
)

from schema import build_schema
from tests.ask import Answer, Api

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in FOLDER.glob("*.graphql"))
WRITE = os.environ.get("CHORUS_TEST_WRITE_GOLDEN") == "1"
CHOICE = re.compile(r"^# (\$?\w+): (.+)$", re.MULTILINE)
BY_MUTATION = {"Mutation", "Subscription"}  # answered by tests of their own, for they change the world


@dataclass
class Golden:
    """One golden query with what its comments chose."""

    text: str
    viewer: int | None
    variables: dict[str, Any]

    async def ask(self, world: Api, **variables: Any) -> Answer:
        return await world.ask(self.text, viewer=self.viewer, **(self.variables | variables))


async def read(world: Api, name: str) -> Golden:
    text = (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    chosen = {key: (await world.sql(sql))[0][0] for key, sql in CHOICE.findall(text)}
    variables = {key[1:]: value for key, value in chosen.items() if key.startswith("$")}
    return Golden(text, chosen.get("viewer"), variables)


@pytest.mark.parametrize("name", NAMES)
async def test_the_answer_and_its_statements_are_the_golden_ones(world: Api, name: str) -> None:
    golden = await read(world, name)
    answer = await golden.ask(world)
    assert not answer.errors
    found = {"statements": answer.statements, "data": answer.data}
    path = FOLDER / f"{name}.json"
    if WRITE:
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert found["statements"] == expected["statements"]
    assert rounded(found["data"]) == rounded(expected["data"])


@pytest.mark.parametrize("name", [name for name in NAMES if "$first" in (FOLDER / f"{name}.graphql").read_text()])
async def test_the_size_of_a_page_never_changes_the_number_of_statements(world: Api, name: str) -> None:
    golden = await read(world, name)
    answers = [await golden.ask(world, first=first) for first in (1, 50, 100)]
    assert all(not answer.errors for answer in answers)
    one, fifty, hundred = (Counter(answer.statements) for answer in answers)
    assert one <= hundred  # a short page may lack what a statement would look up, and then it is not sent
    assert fifty == hundred


def rounded(value: Any) -> Any:
    """The same with floats of ten digits: the last bits of an exponential differ between machines."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def test_every_field_is_in_a_golden_query() -> None:
    schema = build_schema()._schema
    asked: set[tuple[str, str]] = set()
    for name in NAMES:
        asked |= fields_of(FOLDER / f"{name}.graphql")
    promised = {
        (kind.name, field)
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        and not is_introspection_type(kind)
        and kind.name not in reachable_only_from_writes()
        for field in kind.fields
    }
    assert sorted(promised - asked) == []


def fields_of(path: Path) -> set[tuple[str, str]]:
    """The fields (type, name) that a query asks for; one that is asked of an interface counts for each of its types."""
    schema = build_schema()._schema
    info = TypeInfo(schema)
    found: set[tuple[str, str]] = set()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = get_named_type(info.get_parent_type())
            kinds = schema.get_possible_types(parent) if isinstance(parent, GraphQLInterfaceType) else [parent]
            found.update((kind.name, node.name.value) for kind in kinds if kind is not None)

    visit(parse(path.read_text(encoding="utf-8")), TypeInfoVisitor(info, Fields()))
    return found


def reachable_only_from_writes() -> set[str]:
    """The types that no query reaches: payloads, refusals, updates."""
    schema = build_schema()._schema
    assert schema.query_type is not None
    seen: set[str] = set()
    waiting: list[Any] = [schema.query_type]
    while waiting:
        kind = waiting.pop()
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            waiting += [get_named_type(field.type) for field in kind.fields.values()]
        waiting += schema.get_possible_types(kind) if hasattr(kind, "resolve_type") else []
    return {name for name in schema.type_map if name not in seen}
