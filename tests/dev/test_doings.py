"""What people of a sample world do besides posting, and what its suggested viewer finds at once."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from db.database import Database, connect
from dev.accounts import suggested_handle
from dev.client import Client
from dev.doings import OFTEN, Doings
from dev.scene import Scene
from dev.simulate import Life
from tests.ask import Api
from tests.conftest import Copy
from tests.serving import serving, token
from trending import plays

KINDS = {"FOLLOWED", "SOUND_USED", "SOUND_RISING", "COLLABORATOR_ADDED", "COMMENTED", "LIKED"}
SEEN = """{ viewer {
    unreadNotificationCount
    notifications(first: 100) { edges { node { kind isRead count actor { handle } subject { __typename } } } }
    communities(first: 10) { edges { node { viewerUnseenVideoCount } } }
    playlists(first: 10) { edges { node { viewerRole collaborators { user { handle } } } } }
} }"""


async def test_the_suggested_viewer_finds_everything_at_once(world: Api) -> None:
    async with world.database.transaction() as tx:
        handle = await suggested_handle(tx.connection)
    (user,) = await world.sql("select id from users where handle = $1", handle)
    viewer = (await world.get(SEEN, viewer=user["id"]))["viewer"]
    told = [edge["node"] for edge in viewer["notifications"]["edges"]]
    assert {one["kind"] for one in told if not one["isRead"]} == KINDS
    assert all(one["subject"] for one in told)
    assert {one["actor"] is None for one in told if one["kind"] != "SOUND_RISING"} == {False}
    assert viewer["unreadNotificationCount"] == sum(not one["isRead"] for one in told)
    assert any(int(edge["node"]["viewerUnseenVideoCount"]) for edge in viewer["communities"]["edges"])
    assert any(edge["node"]["collaborators"] for edge in viewer["playlists"]["edges"])


@pytest.fixture
async def life(copy: Copy, template_world: str) -> AsyncIterator[tuple[Life, Database]]:
    """Two people of a world that is served, with a few sounds in view."""
    async with copy(template_world) as dsn, serving(dsn) as site:
        database = Database(dsn)
        await plays.keep(database, datetime.now(UTC), 0)
        connection = await connect(dsn)
        rows = await connection.fetch(
            "select handle, subject from users join identities on user_id = id where status = 'ACTIVE' order by video_count desc limit 2"
        )
        await connection.close()
        luck = random.Random(3)
        client = Client(site.url, print, luck)
        life = Life(Scene(client, luck), luck, 0.1, print)
        tokens = [{"handle": row["handle"], "token": token(row["subject"])} for row in rows]
        await life.scene.enter(tokens, datetime.now(UTC))
        yield life, database
        await client.close()
        await database.close()


async def test_everything_that_people_do_is_done_through_the_public_api(life: tuple[Life, Database]) -> None:
    living, database = life
    answers: list[str] = []
    mutate = living.doings._mutate

    async def noted(*asked: object) -> object:
        answer = await mutate(*asked)  # type: ignore[arg-type]
        answers.append(answer["__typename"] if answer else "")
        return answer

    living.doings._mutate = noted  # type: ignore[assignment]
    for doing in OFTEN:
        for account in living.scene.accounts * (5 if doing is Doings.gather else 1):
            await doing(living.doings, account)
    done = [answer for answer in answers if answer.endswith("Payload")]
    assert set(done) >= {
        "RecordPlaysPayload",
        "SetLikePayload",
        "AddCommentPayload",
        "SetFollowingPayload",
        "SetSavedPayload",
        "SetMembershipPayload",
        "MarkCommunitySeenPayload",
        "RecordSharePayload",
        "CreatePlaylistPayload",
        "EditPlaylistPayload",
        "MarkNotificationsReadPayload",
        "UpdateVideoPayload",
    }
    assert len(done) > 0.9 * len(answers)
    async with database.transaction() as tx:
        told = {row["type"] for row in await tx.connection.fetch("select type from outbox")}
    assert told >= {"PLAYS_RECORDED", "VIDEO_LIKED", "PLAYLIST_ITEMS_ADDED", "PLAYLIST_CREATED"}
