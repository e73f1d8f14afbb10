"""People hear of what concerns them: once, in the order in which it happened, and never of what they did themselves or may not see."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from db.database import Database, Lent
from db.errors import DatabaseUnavailable
from events import log
from events.outbox import publish
from tests.ask import Api
from tests.conftest import NOW, Copy
from tests.lockstep import LockstepLoader
from tests.trending.scene import settle
from tests.until import until
from trending import notifying
from trending.counting import Overtaken

ARRANGED = (
    "insert into users (handle, display_name, joined_at) select name, name, $1 from unnest('{ann,bob,cem,dot}'::text[]) name",
    "insert into tracks (title, duration_ms) values ('Track', 9000)",
    """insert into sounds (title, kind, duration_ms, created_at, creator_id) values ('Rain', 'ORIGINAL', 7, $1, 1), ('Wind', 'ORIGINAL', 7, $1, 2),
        ('Found', 'ORIGINAL', 7, $1, null)""",
    """insert into videos (sound_id, creator_id, caption, region, created_at, duration_ms, weight, trusted, new_creator)
        select 2, 1, '', 'DE', $1, 1000, 1, true, true from generate_series(1, 2)""",
    "insert into playlists (title, owner_id, visibility, created_at, updated_at) values ('Both', 2, 'PRIVATE', $1, $1)",
)
NOTIFICATION = """id kind isRead count occurredAt actor { handle }
  subject { __typename id ... on Comment { text } }"""
LIST = f"""query ($first: Int! = 20, $after: Cursor) {{ viewer {{ unreadNotificationCount
  notifications(first: $first, after: $after) {{ pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {NOTIFICATION} }} }} }} }} }}"""
MARK = """mutation ($cursor: Cursor!) { markNotificationsRead(input: {upTo: $cursor}) { __typename
  ... on MarkNotificationsReadPayload { unreadNotificationCount } ... on InvalidInput { path } } }"""
FOLLOW = "mutation ($who: ID!) { setFollowing(input: {subjectId: $who, following: true}) { __typename } }"
LIKE = "mutation ($what: ID!) { setLike(input: {subjectId: $what, liked: true}) { __typename } }"
BLOCK = "mutation ($who: ID!) { setBlocked(input: {userId: $who, blocked: true}) { __typename } }"
COMMENT = """mutation ($what: ID!) { addComment(input: {subjectId: $what, text: "Oh"}) { ... on AddCommentPayload { comment { id } } } }"""
POST = (
    """mutation ($sound: ID!) { postVideo(input: {soundId: $sound, caption: "", durationMs: 1000}) { __typename } }"""
)
COLLABORATE = """mutation ($role: PlaylistRole) { setCollaborator(input: {playlistId: "playlist_1", userId: "user_1", role: $role}) { __typename } }"""
VIDEO = "video_2_1"
ANN, BOB, CEM, DOT = 1, 2, 3, 4


@pytest.fixture
async def hall(api: Api) -> Api:
    """Ann, whose are the sound Rain and two videos; Bob, whose is the playlist; Cem and Dot."""
    return await arranged(api)


@pytest.fixture(scope="module")
async def after_all(copy: Copy, template: str) -> AsyncIterator[str]:
    """The name of a database where everything happened to Ann, and she was told, to copy."""
    async with copy(template) as dsn:
        database = Database(dsn)
        api = await arranged(Api(database, NOW))
        await everything(api)
        await tell(api)
        await database.close()
        yield dsn.partition("?")[0].rpartition("/")[2]


@pytest.fixture
async def heard(copy: Copy, after_all: str) -> AsyncIterator[Api]:
    """The hall after everything happened to Ann, and she was told."""
    async with copy(after_all) as dsn:
        database = Database(dsn)
        yield Api(database, NOW)
        await database.close()


async def arranged(api: Api) -> Api:
    for statement in ARRANGED:
        await api.sql(statement, *([api.now] if "$1" in statement else []))
    return api


async def tell(api: Api) -> None:
    """What happened is told, and stands in the log."""
    for _ in range(2):  # that somebody was told is a fact too
        await log.move(api.database, api.now)
        await notifying.notify(api.database)


async def enter(api: Api, kind: str = "BREAKOUT", region: str = "*") -> None:
    """Rain enters a chart."""
    body = {"sound_id": 1, "rank": 1, "region": region, "niche_id": 0, "window": "DAY", "kind": kind, "version": 2}
    async with api.database.transaction() as tx:
        await publish(tx, "CHART_ENTERED", api.now, body)


async def listed(api: Api, viewer: int = ANN) -> list[dict[str, Any]]:
    """What a viewer sees, the latest first; as many are unread as are said to be."""
    seen = (await api.get(LIST, viewer=viewer))["viewer"]
    nodes = [edge["node"] for edge in seen["notifications"]["edges"]]
    assert seen["unreadNotificationCount"] == sum(not node["isRead"] for node in nodes)
    return nodes


def short(node: dict[str, Any] | None) -> Any:
    return node and (node["kind"], node["actor"] and node["actor"]["handle"], node["subject"]["id"], node["count"])


async def told(api: Api, viewer: int = ANN) -> list[Any]:
    return [short(node) for node in await listed(api, viewer)]


async def everything(api: Api) -> None:
    """Each kind of thing happens to Ann."""
    await api.get(FOLLOW, viewer=BOB, who="user_1")
    await api.get(POST, viewer=BOB, sound="sound_1")
    await enter(api)
    await api.get(COLLABORATE, viewer=BOB, role="EDITOR")
    await api.get(COMMENT, viewer=BOB, what=VIDEO)
    await api.get(LIKE, viewer=BOB, what=VIDEO)


ALL = [
    ("LIKED", "bob", VIDEO, 1),
    ("COMMENTED", "bob", "videocomment_2_1", 1),
    ("COLLABORATOR_ADDED", "bob", "playlist_1", 1),
    ("SOUND_RISING", None, "sound_1", 1),
    ("SOUND_USED", "bob", "sound_1", 1),
    ("FOLLOWED", "bob", "user_2", 1),
]


async def test_each_kind_is_told_the_latest_first(heard: Api) -> None:
    assert await told(heard) == ALL
    first = (await listed(heard))[1]
    assert first["subject"] == {"__typename": "Comment", "id": "videocomment_2_1", "text": "Oh"}
    assert (first["isRead"], first["occurredAt"]) == (False, "2026-11-22T12:00:00Z")
    assert await told(heard, BOB) == []


async def test_the_worker_tells(hall: Api) -> None:
    await hall.get(FOLLOW, viewer=BOB, who="user_1")
    await settle(hall)
    assert await told(hall) == [ALL[-1]]


async def test_nobody_hears_of_his_own_acts_or_of_what_is_nobody_s(hall: Api) -> None:
    await hall.get(POST, viewer=ANN, sound="sound_1")
    await hall.get(COMMENT, viewer=ANN, what=VIDEO)
    for what in (VIDEO, "videocomment_2_1"):
        await hall.get(LIKE, viewer=ANN, what=what)
    await hall.get(POST, viewer=BOB, sound="sound_3")
    await hall.get(COMMENT, viewer=BOB, what="track_1")
    await enter(hall, "POPULAR")
    await hall.get(COLLABORATE, viewer=BOB, role="EDITOR")
    await tell(hall)
    assert await told(hall) == [("COLLABORATOR_ADDED", "bob", "playlist_1", 1)]
    await hall.get(COLLABORATE, viewer=BOB, role="VIEWER")
    await tell(hall)
    assert len(await hall.sql("select from notifications")) == 1
    assert [(row["sequence"], row["body"]["notified_id"]) for row in await hall.sql(NOTIFIED)] == [(9, ANN)]


NOTIFIED = "select sequence, body from log where type = 'NOTIFIED' order by sequence"


async def test_likes_and_uses_are_one_notification_that_grows_and_begins_anew_once_it_is_read(hall: Api) -> None:
    await hall.get(COMMENT, viewer=ANN, what="track_1")
    for viewer in (BOB, CEM):
        await hall.get(LIKE, viewer=viewer, what=VIDEO)
        await hall.get(LIKE, viewer=viewer, what="trackcomment_1_1")
        await hall.get(POST, viewer=viewer, sound="sound_1")
        await hall.get(POST, viewer=viewer, sound="sound_1")
    await tell(hall)
    before = await listed(hall)
    assert [short(node) for node in before] == [
        ("SOUND_USED", "cem", "sound_1", 4),
        ("LIKED", "cem", "trackcomment_1_1", 2),
        ("LIKED", "cem", VIDEO, 2),
    ]
    assert len(await hall.sql(NOTIFIED)) == 3
    await hall.get(LIKE, viewer=DOT, what=VIDEO)
    await tell(hall)
    assert (await told(hall))[0] == ("LIKED", "dot", VIDEO, 3)
    await read_all(hall)
    await hall.get(POST, viewer=DOT, sound="sound_1")
    await tell(hall)
    after = await listed(hall)
    assert [(short(node), node["isRead"]) for node in after[:2]] == [
        (("SOUND_USED", "dot", "sound_1", 1), False),
        (("LIKED", "dot", VIDEO, 3), True),
    ]
    assert after[0]["id"] == before[0]["id"]


async def read_all(api: Api, viewer: int = ANN) -> Any:
    page = await api.get(LIST, viewer=viewer, first=1)
    cursor = page["viewer"]["notifications"]["edges"][0]["cursor"]
    return (await api.get(MARK, viewer=viewer, cursor=cursor))["markNotificationsRead"]


async def test_what_rises_or_is_followed_again_is_told_once_a_day(hall: Api) -> None:
    for region in ("*", "DE"):
        await enter(hall, region=region)
    await hall.get(FOLLOW, viewer=BOB, who="user_1")
    await tell(hall)
    await read_all(hall)
    hall.now += timedelta(hours=20)
    await enter(hall)
    await hall.get(FOLLOW.replace("true", "false"), viewer=BOB, who="user_1")
    await hall.get(FOLLOW, viewer=BOB, who="user_1")
    await tell(hall)
    assert [node["isRead"] for node in await listed(hall)] == [True, True]
    hall.now += timedelta(hours=5)
    await enter(hall)
    await tell(hall)
    assert [(short(node)[0], node["isRead"]) for node in await listed(hall)] == [
        ("SOUND_RISING", False),
        ("FOLLOWED", True),
    ]


async def test_up_to_one_that_was_seen_all_are_read(heard: Api) -> None:
    page = (await heard.get(LIST, viewer=ANN, first=4))["viewer"]
    edges, info = page["notifications"]["edges"], page["notifications"]["pageInfo"]
    assert (page["unreadNotificationCount"], info["hasNextPage"]) == (6, True)
    rest = (await heard.get(LIST, viewer=ANN, after=info["endCursor"]))["viewer"]["notifications"]["edges"]
    assert [short(edge["node"]) for edge in edges + rest] == ALL
    answer = (await heard.get(MARK, viewer=ANN, cursor=edges[2]["cursor"]))["markNotificationsRead"]
    assert answer == {"__typename": "MarkNotificationsReadPayload", "unreadNotificationCount": 2}
    assert [node["isRead"] for node in await listed(heard)] == [False, False, True, True, True, True]


async def test_only_a_cursor_of_one_s_own_list_says_what_was_read(heard: Api) -> None:
    cursor = (await heard.get(LIST, viewer=ANN))["viewer"]["notifications"]["edges"][0]["cursor"]
    for viewer, given in ((BOB, cursor), (ANN, "nonsense")):
        answer = (await heard.get(MARK, viewer=viewer, cursor=given))["markNotificationsRead"]
        assert answer == {"__typename": "InvalidInput", "path": ["input", "upTo"]}
    nobody = await heard.ask(MARK, cursor=cursor)
    assert [error["original"].code for error in nobody.errors] == ["UNAUTHENTICATED"]
    assert len(await heard.sql("select from notifications where is_read")) == 0


async def test_a_notification_is_found_by_its_id_by_whose_it_is(heard: Api) -> None:
    node = (await listed(heard))[-1]
    query = "query ($id: ID!) { node(id: $id) { id ... on Notification { kind } } }"
    assert (await heard.get(query, viewer=ANN, id=node["id"]))["node"] == {"id": node["id"], "kind": "FOLLOWED"}
    assert (await heard.get(query, viewer=BOB, id=node["id"]))["node"] is None
    assert (await heard.get(query, id=node["id"]))["node"] is None


async def test_a_long_page_costs_as_many_statements_as_a_short_one(heard: Api) -> None:
    await heard.sql(
        """with made as (insert into users (handle, display_name, joined_at) select 'fan' || n, 'Fan', $1 from generate_series(1, 130) n returning id)
        insert into notifications (user_id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at)
        select 1, 'FOLLOWED', 'USER', array[id], id, 1, 100 + id, $1 from made""",
        heard.now,
    )
    database = Database(heard.database.dsn, loader=LockstepLoader)
    short, long = [await Api(database, NOW).ask(LIST, viewer=ANN, first=first) for first in (1, 100)]
    await database.close()
    assert [len(one.data["viewer"]["notifications"]["edges"]) for one in (short, long)] == [1, 100]
    assert short.statements == long.statements
    assert long.data["viewer"]["unreadNotificationCount"] == 100


@pytest.mark.parametrize(("by", "whom"), [(ANN, "user_2"), (BOB, "user_1")])
async def test_who_blocked_one_another_hear_nothing_of_one_another(heard: Api, by: int, whom: str) -> None:
    await heard.get(LIKE, viewer=CEM, what=VIDEO)
    await tell(heard)
    await heard.get(LIKE, viewer=BOB, what="video_2_2")
    await heard.get(BLOCK, viewer=by, who=whom)
    await heard.get(POST, viewer=BOB, sound="sound_1")
    await tell(heard)
    assert await told(heard) == [("LIKED", "cem", VIDEO, 2), ("SOUND_RISING", None, "sound_1", 1)]
    assert await heard.sql("select from notifications where kind = 'SOUND_USED' and count > 1") == []


async def test_what_is_gone_is_absent_and_a_digest_loses_the_name(heard: Api) -> None:
    await heard.get(LIKE, viewer=CEM, what=VIDEO)
    await tell(heard)
    await heard.get('mutation { deleteComment(input: {commentId: "videocomment_2_1"}) { __typename } }', viewer=BOB)
    await heard.get(COLLABORATE, viewer=BOB, role=None)
    await heard.sql("update sounds set status = 'REMOVED' where id = 1")
    await heard.sql("update users set status = 'SUSPENDED' where id = 3")
    assert await told(heard) == [("LIKED", None, VIDEO, 2), ("FOLLOWED", "bob", "user_2", 1)]


async def test_an_erased_person_is_neither_told_nor_named(heard: Api) -> None:
    await heard.get(LIKE, viewer=CEM, what=VIDEO)
    await heard.get(LIKE, viewer=CEM, what="video_2_2")
    await tell(heard)
    await heard.get(FOLLOW, viewer=CEM, who="user_1")
    await heard.get(FOLLOW, viewer=ANN, who="user_3")
    await heard.sql("update users set status = 'DELETED' where id = 3")
    await tell(heard)
    assert await heard.sql("select from notifications where user_id = 3 or kind = 'FOLLOWED' and actor_id = 3") == []
    assert await told(heard) == [("LIKED", None, VIDEO, 2), *ALL[1:]]
    await notifying.forget(heard.database, CEM, math.inf)
    assert await heard.sql("select from notifications where actor_id = 3") == []
    assert await told(heard) == [("LIKED", None, VIDEO, 2), *ALL[1:]]
    await notifying.forget(heard.database, ANN, math.inf)
    assert await heard.sql("select from notifications") == []


async def test_facts_whose_names_were_erased_tell_nobody(hall: Api) -> None:
    await everything(hall)
    await log.move(hall.database, hall.now)
    names = "body - '{user_id,creator_id,actor_id,followed_id,author_id}'::text[]"
    await hall.sql(f"update log set body = {names} where sequence % 2 = 0")
    await hall.sql(
        'update log set body = body || \'{"user_id": null, "creator_id": null, "actor_id": null}\' where sequence % 2 = 1 and type <> \'CHART_ENTERED\''
    )
    await tell(hall)
    assert await told(hall) == [ALL[3]]


async def test_killed_between_its_statements_it_tells_nothing_twice(hall: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await everything(hall)
    await log.move(hall.database, hall.now)
    fetch, names = Lent.fetch, iter(["advance_consumer", "put_notifications", "insert_events"])
    for killed in names:

        async def lost(lent: Lent, query: Any, *args: Any, at: str = killed) -> Any:
            rows = await fetch(lent, query, *args)
            if query.name == at:
                lent.connection.terminate()
                raise DatabaseUnavailable
            return rows

        monkeypatch.setattr(Lent, "fetch", lost)
        with pytest.raises(DatabaseUnavailable):
            await notifying.notify(hall.database)
        monkeypatch.setattr(Lent, "fetch", fetch)
        assert await told(hall) == []
    await tell(hall)
    assert await told(hall) == ALL
    assert len(await hall.sql(NOTIFIED)) == len(ALL)


async def test_two_that_believe_to_be_the_worker_tell_once(hall: Api) -> None:
    await everything(hall)
    await log.move(hall.database, hall.now)
    async with hall.database.transaction() as held:
        await held.connection.execute("select from consumers for update")
        both = [asyncio.create_task(notifying.notify(hall.database)) for _ in range(2)]
        waiting = "select 1 where 2 = (select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
        await until(lambda: hall.sql(waiting))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(map(type, answers), key=str) == sorted([bool, Overtaken], key=str)
    await tell(hall)
    assert await told(hall) == ALL
    assert len(await hall.sql(NOTIFIED)) == len(ALL)


async def test_a_long_log_is_told_in_parts(hall: Api) -> None:
    for viewer in (BOB, CEM, DOT):
        await hall.get(LIKE, viewer=viewer, what=VIDEO)
    await log.move(hall.database, hall.now)
    assert [await notifying.notify(hall.database, 2) for _ in range(3)] == [True, False, False]
    assert await told(hall) == [("LIKED", "dot", VIDEO, 3)]


async def test_they_are_kept_for_thirty_days(hall: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "OLD", 2)
    for viewer in (BOB, CEM, DOT):
        await hall.get(FOLLOW, viewer=viewer, who="user_1")
    hall.now += timedelta(days=1)
    await hall.get(LIKE, viewer=BOB, what=VIDEO)
    await tell(hall)
    at = hall.now + timedelta(days=29, seconds=1)
    assert [await notifying.drop_old(hall.database, at) for _ in range(3)] == [True, False, False]
    assert await told(hall) == [("LIKED", "bob", VIDEO, 1)]
