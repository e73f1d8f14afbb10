"""The whole application over a real database and real sockets: signed in, posting, listening, and while the database is away."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import app
from app import build_app
from db.database import Database, connect
from db.migrate import migrate, read_migrations
from dev.postgres import EmbeddedPostgres
from server.auth import mint
from settings import Settings, load
from tests.ask import Api
from tests.conftest import NOW, Copy, memory
from tests.gathering import MIRA, RAIN, arrange
from tests.server.door import Door, standing
from tests.server.talk import ready, receive, send, until_end
from tests.until import PATIENCE, until_now

POST = """mutation ($input: PostVideoInput!) { postVideo(input: $input) { __typename
  ... on PostVideoPayload { video { id caption } community { sound { id } } } ... on UserError { message path } } }"""


def running(settings: Settings, dsn: str) -> AbstractContextManager[Door]:
    return standing(build_app(settings, dsn))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load(
        folder=tmp_path_factory.mktemp("chorus"), secret="a secret of at least thirty-two characters for the app"
    )


@pytest.fixture(scope="module")
async def chorus(settings: Settings, copy: Copy, template: str) -> AsyncIterator[Door]:
    async with copy(template) as dsn:
        database = Database(dsn)
        await arrange(Api(database, NOW))
        async with database.transaction() as tx:
            await tx.connection.execute("insert into identities values ('test|mira', 1)")
        await database.close()
        with running(settings, dsn) as door:
            yield door


@pytest.fixture(scope="module")
def mira(settings: Settings) -> dict[str, str]:
    return {"authorization": "Bearer " + mint(settings.keys[0], "test|mira", audience=settings.jwt_audience)}


def test_it_is_ready_and_answers(chorus: Door) -> None:
    assert chorus.client.get(chorus.url.replace("/graphql", "/ready")).status_code == 200
    response = chorus.ask('{ sound(id: "sound_1") { title shareUrl } }')
    assert response.json() == {
        "data": {"sound": {"title": "Rain", "shareUrl": f"http://127.0.0.1:{chorus.port}/sound/1"}}
    }


def test_a_share_url_begins_at_the_site_that_was_asked(chorus: Door) -> None:
    query = '{ sound(id: "sound_1") { shareUrl } }'
    named = chorus.ask(query, headers={"host": "chorus.example"})
    assert named.json()["data"]["sound"]["shareUrl"] == "http://chorus.example/sound/1"
    odd = chorus.ask(query, headers={"host": 'evil/"><script>'})
    assert odd.json()["data"]["sound"]["shareUrl"] == "http://127.0.0.1:8000/sound/1"


def test_a_token_is_a_viewer(chorus: Door, mira: dict[str, str], settings: Settings) -> None:
    query = "{ viewer { user { handle } } }"
    assert chorus.ask(query, headers=mira).json() == {"data": {"viewer": {"user": {"handle": "mira"}}}}
    assert chorus.ask(query).json() == {"data": {"viewer": None}}
    newcomer = mint(settings.keys[0], "test|nobody yet", audience=settings.jwt_audience)
    assert chorus.ask(query, headers={"authorization": f"Bearer {newcomer}"}).json() == {"data": {"viewer": None}}


def test_posting_needs_a_token_and_keeps_its_promise_for_a_key(chorus: Door, mira: dict[str, str]) -> None:
    given = {"soundId": f"sound_{RAIN}", "caption": "from the door", "durationMs": 1000}
    stranger = chorus.ask(POST, variables={"input": given})
    assert stranger.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    headers = mira | {"idempotency-key": "once"}
    first, again = (chorus.ask(POST, variables={"input": given}, headers=headers).json() for _ in range(2))
    assert first["data"]["postVideo"]["video"]["caption"] == "from the door"
    assert again == first


def test_one_header_is_a_key_for_each_field_of_a_fragment_too(chorus: Door, mira: dict[str, str]) -> None:
    posts = "fragment Posts on Mutation { a: postVideo(input: $input) { ...Posted } b: postVideo(input: $input) { ...Posted } }"
    query = f"mutation ($input: PostVideoInput!) {{ ...Posts }} {posts} fragment Posted on PostVideoPayload {{ video {{ id }} }}"
    given = {"soundId": f"sound_{RAIN}", "caption": "twice", "durationMs": 1000}
    headers = mira | {"idempotency-key": "for both"}
    first, again = (chorus.ask(query, variables={"input": given}, headers=headers).json()["data"] for _ in range(2))
    assert first["a"]["video"]["id"] != first["b"]["video"]["id"]
    assert again == first


@pytest.mark.parametrize("text", ["مرحبا", "🎵🎶", "‮rtl", "a" * 1000])
def test_texts_of_all_kinds_come_back_as_they_went(chorus: Door, mira: dict[str, str], text: str) -> None:
    given = {"soundId": f"sound_{RAIN}", "caption": text, "durationMs": 1000}
    answer = chorus.ask(POST, variables={"input": given}, headers=mira).json()["data"]["postVideo"]
    assert answer["__typename"] in ("PostVideoPayload", "InvalidInput")
    assert answer.get("video", {"caption": text})["caption"] == text


@pytest.mark.parametrize(
    "query", ["search(query: $text)", "user(by: { handle: $text })", "hashtag(name: $text)", "sound(id: $id)"]
)
@pytest.mark.parametrize("text", ["\0", "'; drop table users; --", "%_\\", "x" * 100_000, "\u202e", ""])
def test_no_text_is_an_internal_error(chorus: Door, query: str, text: str) -> None:
    kind, name = ("ID!", "id") if "$id" in query else ("String!", "text")
    response = chorus.ask(f"query (${name}: {kind}) {{ {query} {{ __typename }} }}", variables={name: text})
    codes = {error["extensions"]["code"] for error in response.json().get("errors", [])}
    assert "INTERNAL" not in codes
    assert len(response.content) < 2_000


async def test_a_chart_is_listened_to(chorus: Door, mira: dict[str, str]) -> None:
    query = """subscription { trendingSounds(window: HOUR) { __typename ... on StreamCheckpoint { cursor }
      ... on TrendingSnapshot { cursor chart { window } entries { cursor rank } } } }"""
    async with ready(chorus, **mira) as client:
        await send(client, id="1", type="subscribe", payload={"query": query})
        checkpoint, snapshot = [(await receive(client))["payload"]["data"]["trendingSounds"] for _ in range(2)]
    assert checkpoint["__typename"] == "StreamCheckpoint"
    assert snapshot["__typename"] == "TrendingSnapshot"
    assert snapshot["chart"] == {"window": "HOUR"}
    assert "function" not in snapshot["cursor"] + "".join(entry["cursor"] for entry in snapshot["entries"])


@pytest.mark.parametrize("niche", ["niche_19", "sound_1"])
async def test_a_chart_that_cannot_be_listened_to_says_why(chorus: Door, mira: dict[str, str], niche: str) -> None:
    query = f'subscription {{ trendingSounds(niche: "{niche}") {{ __typename }} }}'
    async with ready(chorus, **mira) as client:
        await send(client, id="1", type="subscribe", payload={"query": query})
        refused = await receive(client)
    assert refused["type"] == "error"
    assert [error["extensions"]["code"] for error in refused["payload"]] == ["INVALID_ID"]
    assert repr(niche) in refused["payload"][0]["message"]


async def test_queries_over_a_socket_know_the_viewer(chorus: Door, mira: dict[str, str]) -> None:
    async with ready(chorus, **mira) as client:
        await send(client, id="1", type="subscribe", payload={"query": "{ viewer { user { id } } }"})
        first, _ = await until_end(client)
    assert first["payload"] == {"data": {"viewer": {"user": {"id": f"user_{MIRA}"}}}}


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="chorus-door-", dir=memory()))
    folder.chmod(0o755)
    own = EmbeddedPostgres(folder)
    yield own
    own.stop()
    shutil.rmtree(folder)


async def migrated(dsn: str) -> None:
    connection = await connect(dsn)
    await migrate(connection, read_migrations())
    await connection.close()


def test_while_the_database_is_away_answers_are_503_and_then_they_come_again(
    settings: Settings, postgres: EmbeddedPostgres
) -> None:
    dsn = postgres.start()
    asyncio.run(migrated(dsn))
    query = '{ user(by: { handle: "mira" }) { id } }'
    with running(settings, dsn) as door:
        base = door.url.removesuffix("/graphql")
        assert door.ask(query).json() == {"data": {"user": None}}
        postgres.stop()
        away = door.ask(query)
        assert away.status_code == 503
        assert [error["extensions"]["code"] for error in away.json()["errors"]] == ["UNAVAILABLE"]
        assert door.client.get(f"{base}/ready").status_code == 503
        assert door.client.get(f"{base}/health").status_code == 200
        postgres.start()
        statuses = []

        def well() -> bool:
            statuses.append(door.ask(query).status_code)
            return statuses[-1] == 200

        until_now(well)
        assert set(statuses) <= {200, 503}


async def test_a_worker_that_fails_ends_the_process_instead_of_looking_well() -> None:
    heard = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, heard.set)

    async def fail() -> None:
        raise KeyError("a fault of ours")

    try:
        async with app._beside(fail()), asyncio.timeout(PATIENCE):
            await heard.wait()
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
