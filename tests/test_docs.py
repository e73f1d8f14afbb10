"""What the documents say is true."""

import re
from collections.abc import Iterator
from pathlib import Path

from graphql import parse, validate

import db.errors
import resolvers.errors
import server.errors
from schema import build_schema
from settings import Settings, allowed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def configuration_table() -> list[str]:
    """The rows that README.md holds, one a variable."""
    rows = []
    for name, field in Settings.model_fields.items():
        shown = "" if field.default_factory or field.default is None else str(field.default)
        shown = f"`{shown.lower() if shown in ('True', 'False') else shown}`" if shown else ""
        rows.append(f"| `CHORUS_{name.upper()}` | {shown} | {field.description} Allowed: {allowed(field)}. |")
    return rows


def codes() -> Iterator[str]:
    for module in (db.errors, resolvers.errors, server.errors):
        for value in vars(module).values():
            code = getattr(value, "code", None)
            if isinstance(value, type) and isinstance(code, str):
                yield code


def test_the_readme_has_every_setting_as_it_is() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `CHORUS_")]
    assert rows == configuration_table()


def test_every_code_of_an_error_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE))
    assert sorted(set(codes()) - {"REFUSED"}) == sorted(documented)


def test_the_operations_of_the_readme_fit_the_schema() -> None:
    schema = build_schema()._schema
    operations = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    assert operations
    for operation in operations:
        assert validate(schema, parse(operation)) == []


def test_links_between_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
