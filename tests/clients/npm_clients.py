"""Clients from npm in front of a real server: urql, Apollo Client, Relay and graphql-ws in Node, and the types of graphql-code-generator."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type

from db.database import Database
from events import log
from tests.conftest import Copy
from tests.serving import Site, serving, token

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RELAY = HERE / "relay"
PROGRAMS = HERE / "node_modules" / ".bin"
SECONDS = 120.0

CHART = "{ trendingSounds(window: DAY, first: 3) { edges { node { id community { id } } } } }"
PAGE = "query ($id: ID!) { node(id: $id) { ... on Community { videos(sort: FIRST, first: 12) { edges { node { id } } } } } }"
SEARCH = """
    { search(query: "dance", first: 50) {
        edges { node { __typename ... on Node { id } ... on Sound { title } ... on User { handle } ... on Hashtag { name } } } } }"""


async def run(*command: str | Path, folder: Path = HERE, environment: dict[str, str] | None = None) -> str:
    """What the program printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | (environment or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, err = (said.decode() for said in await process.communicate())
    except TimeoutError:
        process.kill()
        out, err = (said.decode() for said in await process.communicate())
        pytest.fail(f"{command} did not end within {SECONDS:g} s.\n{out}\n{err}")
    assert process.returncode == 0, f"{command} ended with {process.returncode}.\n{out}\n{err}"
    return out


Told = Callable[[str], Awaitable[Any]]


@pytest.fixture(scope="module")
async def site(copy: Copy, template_world: str) -> AsyncIterator[Site]:
    """The world, of which the log moves but nothing is scored: its charts stay as they are."""
    async with copy(template_world) as dsn, serving(dsn) as site:
        database = Database(dsn)
        moving = asyncio.create_task(move(database))
        yield site
        moving.cancel()
        await asyncio.wait([moving])
        await database.close()


async def move(database: Database) -> None:
    while True:
        await log.move(database, datetime.now(UTC))
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
async def judged() -> int:
    """The number of connections that relay-compiler judged, besides what Relay asks here."""
    connections = await run("node", "every.mjs")
    # It would stage what it writes: so it finds no repository.
    await run(PROGRAMS / "relay-compiler", "relay.config.json", folder=RELAY, environment={"GIT_DIR": "/nonexistent"})
    return int(connections)


@pytest.fixture(scope="module")
def told(site: Site, judged: int) -> Told:
    """What a client tells of what it saw, each with a profile of its own; it runs once."""
    seen: dict[str, Any] = {}

    async def facts(client: str) -> Any:
        if client not in seen:
            who = {"CHORUS_TOKEN": token(f"clients|{client}"), "CHORUS_HANDLE": handle_of(client)}
            seen[client] = json.loads(await run("node", f"{client}.mjs", environment={"CHORUS_URL": site.url} | who))
        return seen[client]

    return facts


def handle_of(client: str) -> str:
    return client.replace("-", "_")


async def answer(site: Site, query: str, **variables: Any) -> Any:
    return (await site.ask(query, **variables))["data"]


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


every_client = pytest.mark.parametrize("client", ["urql", "apollo", "relay", "graphql-ws"])
every_cache = pytest.mark.parametrize("client", ["urql", "apollo", "relay"])


@every_client
async def test_a_query_with_variables_is_answered(told: Told, site: Site, client: str) -> None:
    chart = nodes((await answer(site, CHART))["trendingSounds"])
    assert (await told(client))["chart"] == [sound["id"] for sound in chart]


@every_client
async def test_a_mutation_makes_a_profile_and_ids_are_global(told: Told, client: str) -> None:
    viewer = (await told(client))["profile"]["viewer"]
    assert viewer["user"]["handle"] == handle_of(client)
    assert viewer["id"] != viewer["user"]["id"]


@every_client
async def test_a_subscription_begins_with_a_checkpoint_and_the_chart(told: Told, client: str) -> None:
    facts = await told(client)
    checkpoint, snapshot = facts["stream"]
    assert (checkpoint["__typename"], snapshot["__typename"]) == ("StreamCheckpoint", "TrendingSnapshot")
    assert checkpoint["cursor"]
    assert [entry["rank"] for entry in snapshot["entries"]] == [1, 2, 3]
    assert [entry["node"]["id"] for entry in snapshot["entries"]] == facts["chart"]


@every_cache
async def test_two_queries_share_an_object_that_a_mutation_updates_in_one_request(told: Told, client: str) -> None:
    facts = await told(client)
    assert facts["posted"] == "PostVideoPayload"
    assert len(facts["newest"]) == 2
    assert set(facts["newest"]) == {f"Posted with {client}"}
    assert facts["updating"] == ["POST 200 application/graphql-response+json"]


@every_cache
async def test_pages_join_into_one_list(told: Told, site: Site, client: str) -> None:
    first = nodes((await answer(site, CHART))["trendingSounds"])[0]
    whole = nodes((await answer(site, PAGE, id=first["community"]["id"]))["node"]["videos"])
    assert len(whole) == 12
    assert (await told(client))["pages"] == [video["id"] for video in whole]


@every_cache
async def test_members_of_a_union_are_told_apart(told: Told, site: Site, client: str) -> None:
    found = (await told(client))["found"]
    assert found == nodes((await answer(site, SEARCH))["search"])
    assert len({node["__typename"] for node in found}) > 1


@every_cache
async def test_an_input_of_one_key_is_sent(told: Told, client: str) -> None:
    assert (await told(client))["person"]["handle"] == handle_of(client)


@every_cache
async def test_a_refusal_is_a_member_of_the_result(told: Told, client: str) -> None:
    assert (await told(client))["refused"] == {
        "__typename": "NotFound",
        "message": "There is no such sound.",
        "path": ["input", "soundId"],
    }


@every_cache
async def test_an_error_comes_beside_the_rest_of_the_answer(told: Told, client: str) -> None:
    partial = (await told(client))["partial"]
    sound, nothing = partial["data"]["nodes"]
    assert sound["__typename"] == "Sound"
    assert nothing is None
    assert partial["errors"] == [{"code": "INVALID_ID", "path": ["nodes", 1]}]
    assert partial["answered"] == "POST 294 application/graphql-response+json"


@pytest.mark.parametrize("client", ["urql", "apollo"])
async def test_an_invalid_document_is_an_error_of_graphql(told: Told, client: str) -> None:
    invalid = (await told(client))["invalid"]
    assert [error["code"] for error in invalid["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert "Did you mean 'sound'?" in invalid["message"]
    assert invalid["answered"] == "POST 422 application/graphql-response+json"


async def test_urql_asks_by_get_with_the_header_that_the_answer_names(told: Told) -> None:
    facts = await told("urql")
    assert [error["code"] for error in facts["asShipped"]["errors"]] == ["PREFLIGHT_REQUIRED"]
    assert "`GraphQL-Require-Preflight: 1`" in facts["asShipped"]["message"]
    assert facts["asShipped"]["answered"] == "GET 403 application/graphql-response+json"
    assert facts["byGet"] == [3, "GET 200 application/graphql-response+json"]


async def test_apollo_keeps_one_record_of_an_object(told: Told) -> None:
    (record,) = (await told("apollo"))["records"]
    assert record.startswith("Sound:")


async def test_relay_compiles_every_connection_and_every_refetch_is_valid(told: Told, judged: int) -> None:
    types = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8")).type_map.values()
    connections = [
        f"{type_.name}.{name}"
        for type_ in types
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    assert judged == len(connections) > 20
    assert (await told("relay"))["every"] == [judged, []]


async def test_relay_keeps_its_records_by_global_ids(told: Told) -> None:
    assert (await told("relay"))["stored"] == ["Viewer", "User", "Sound"]


async def test_who_was_cut_off_goes_on_from_the_last_cursor_and_misses_nothing(told: Told) -> None:
    begins = "StreamCheckpoint"
    assert (await told("graphql-ws"))["resumed"] == {
        "told": [begins, "first", begins, "second", "third", "fourth"],
        "connections": 2,
    }


async def test_a_socket_says_why_a_token_is_refused(told: Told) -> None:
    facts = await told("graphql-ws")
    assert facts["closed"] == {"code": 4403, "reason": "The signature of the token is not valid."}
    assert facts["invalid"] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_an_application_over_generated_types_passes_tsc() -> None:
    assert set((await run("node", "types.mjs")).split()) == {"graphql.ts", "gql.ts", "index.ts"}
    await run(PROGRAMS / "tsc")
