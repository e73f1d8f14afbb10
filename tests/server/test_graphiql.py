"""GraphiQL's page: everything from our own origin, nothing inline, and examples that fit the interface."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from schema import build_schema
from server import limits
from server.graphiql import WEB
from tests.ask import Api
from tests.server.door import Door, serving

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
EXAMPLES = (WEB / "examples.graphql").read_text(encoding="utf-8").strip().split("\n\n")


@pytest.fixture(scope="module")
def shown() -> Iterator[Door]:
    with serving(page=True) as running:
        yield running


def page(door: Door) -> httpx.Response:
    return door.client.get(door.url, headers={"accept": BROWSER})


def test_a_browser_gets_the_page_under_a_strict_policy(shown: Door) -> None:
    response = page(shown)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in response.headers["content-security-policy"]


def test_a_client_gets_json_at_the_same_address(shown: Door) -> None:
    assert shown.get(query="{ hello }").json() == {"data": {"hello": "hello you"}}
    assert shown.client.get(shown.url, headers={"accept": "*/*"}).status_code == 403


def test_without_the_page_a_browser_is_told_so(door: Door) -> None:
    assert page(door).headers["content-type"].startswith("application/graphql-response+json")
    assert door.client.get(door.url.replace("/graphql", "/graphiql/graphiql.js")).status_code == 404


def test_everything_that_the_page_names_is_served_from_here(shown: Door) -> None:
    html = page(shown).text
    named = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert len(named) >= 8
    for path in named:
        response = shown.client.get(shown.url.replace("/graphql", path))
        assert response.status_code == 200, path
        assert response.headers["x-content-type-options"] == "nosniff"
        again = shown.client.get(response.url, headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_page_holds_no_script_style_or_foreign_address() -> None:
    html = (WEB / "graphiql.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", html)
    for name in ("graphiql.html", "graphiql.js", "graphiql.css"):
        assert "//" not in re.sub(r"^\s*//.*$|wss?:", "", (WEB / name).read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda text: re.findall(r"(?:query|mutation|subscription) (\w+)", text)[0]
)
def test_an_example_fits_the_interface_and_says_what_it_shows(example: str) -> None:
    document = parse(example)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert example.startswith("# ")
    assert not validate(build_schema()._schema, document)
    limits.check(document, limits.Limits())
    assert all(variable.default_value is not None for variable in operation.variable_definitions or ())


def test_there_is_an_example_for_everything_that_chorus_is_about() -> None:
    text = "\n".join(EXAMPLES)
    for field in (
        "sound(",
        "community {",
        "trendingSounds(",
        "search(",
        "playlist(",
        "viewer {",
        "createProfile(",
        "postVideo(",
    ):
        assert field in text
    assert "subscription Rising" in text


async def test_each_example_query_shows_something_of_the_sample_world(world: Api) -> None:
    for example in EXAMPLES:
        (operation,) = parse(example).definitions
        assert isinstance(operation, OperationDefinitionNode)
        if operation.operation is OperationType.QUERY:
            data = await world.get(example, viewer=1)
            assert all(data.values()), example
            assert "search" not in data or data["search"]["edges"]


def test_the_web_folder_is_packed() -> None:
    assert '"web"' in (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
