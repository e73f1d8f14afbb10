"""addComment, deleteComment, recordShare, report: what people say of something."""

import asyncio
from typing import Any

import pytest

from tests.ask import Api
from tests.test_wishes import block, count, events
from tests.trending.scene import arrange, post
from tests.until import until

COMMENTS = """{ video(id: "video_1_1") { commentCount comments { edges { node { id text } } } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """Accounts 1 to 90; sounds 1 to 5; a video of account 1; a track of three minutes; a private playlist of account 1."""
    await arrange(api)
    await post(api, 1, 1)
    await api.sql("insert into tracks (title, duration_ms) values ('A song', 180000)")
    await api.sql(
        "insert into playlists (title, owner_id, visibility, created_at, updated_at) values ('Mine', 1, 'PRIVATE', $1, $1)",
        api.now,
    )
    await count(api)
    await api.sql("delete from log")
    return api


async def do(api: Api, field: str, shown: str, *, viewer: int = 3, **wish: Any) -> Any:
    """The answer to a mutation."""
    name = f"{field[0].upper()}{field[1:]}"
    query = f"""mutation ($input: {name}Input!) {{ {field}(input: $input) {{ __typename ... on {name}Payload {{ {shown} }}
        ... on UserError {{ message path }} }} }}"""
    return (await api.get(query, viewer=viewer, input=wish))[field]


async def say(api: Api, *, viewer: int = 3, **wish: Any) -> Any:
    shown = """comment { id text positionMs likeCount author { id } replyTo { id } subject { ... on Video { id } ... on Track { id } } }"""
    return await do(api, "addComment", shown, viewer=viewer, **({"subjectId": "video_1_1", "text": " so good "} | wish))


async def unsay(api: Api, comment: str, *, viewer: int = 3) -> Any:
    return await do(api, "deleteComment", "deletedCommentId", viewer=viewer, commentId=comment)


async def test_a_video_is_commented_on(town: Api) -> None:
    said = await say(town, positionMs=1000)
    assert said["comment"] == {
        "id": "videocomment_1_1",
        "text": "so good",
        "positionMs": 1000,
        "likeCount": 0,
        "author": {"id": "user_3"},
        "replyTo": None,
        "subject": {"id": "video_1_1"},
    }
    body = {"user_id": 3, "sound_id": 1, "video_id": 1, "comment_id": 1, "creator_id": 1, "reply_to_id": None}
    assert await events(town) == [("VIDEO_COMMENTED", body)]
    await count(town)
    video = (await town.get(COMMENTS))["video"]
    assert video == {
        "commentCount": 1,
        "comments": {"edges": [{"node": {"id": "videocomment_1_1", "text": "so good"}}]},
    }


async def test_a_track_is_commented_on(town: Api) -> None:
    said = (await say(town, subjectId="track_1", positionMs=180000))["comment"]
    assert (said["id"], said["subject"]) == ("trackcomment_1_1", {"id": "track_1"})
    assert await events(town) == [
        ("TRACK_COMMENTED", {"user_id": 3, "track_id": 1, "comment_id": 1, "reply_to_id": None})
    ]


async def test_an_answer_to_an_answer_answers_the_comment_above_it(town: Api) -> None:
    await say(town)
    first = await say(town, viewer=4, replyToId="videocomment_1_1")
    second = await say(town, viewer=5, replyToId=first["comment"]["id"])
    assert [answer["comment"]["replyTo"] for answer in (first, second)] == [{"id": "videocomment_1_1"}] * 2


async def test_what_cannot_be_said_is_refused_and_leaves_nothing(town: Api) -> None:
    await town.sql(
        "insert into track_comments (track_id, author_id, text, created_at) values (1, 2, 'other', $1)", town.now
    )
    await post(town, 1, 2)
    await town.sql(
        "insert into video_comments (sound_id, video_id, author_id, text, created_at) values (1, 2, 2, 'other', $1)",
        town.now,
    )
    await town.sql("delete from outbox")
    for wish, refusal, path in (
        ({"text": "  "}, "InvalidInput", "text"),
        ({"text": "x" * 2001}, "InvalidInput", "text"),
        ({"positionMs": 1001}, "InvalidInput", "positionMs"),
        ({"positionMs": -1}, "InvalidInput", "positionMs"),
        ({"subjectId": "video_1_99"}, "NotFound", "subjectId"),
        ({"subjectId": "track_99"}, "NotFound", "subjectId"),
        ({"replyToId": "videocomment_1_99"}, "NotFound", "replyToId"),
        ({"replyToId": "videocomment_1_1"}, "NotFound", "replyToId"),  # under another video
        ({"idempotencyKey": ""}, "InvalidInput", "idempotencyKey"),
    ):
        answer = await say(town, **wish)
        assert (answer["__typename"], answer["path"]) == (refusal, ["input", path]), wish
    answer = await town.ask(
        'mutation { addComment(input: {subjectId: "video_1_1", text: "x", replyToId: "trackcomment_1_1"}) { __typename } }',
        viewer=3,
    )
    assert answer.errors[0]["original"].code == "INVALID_ID"
    assert await events(town) == []
    assert len(await town.sql("select from video_comments")) == 1


async def test_what_is_said_of_a_video_that_goes_away_just_now_is_refused(town: Api) -> None:
    waits = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with town.database.transaction() as tx:
        await tx.connection.execute("delete from videos")
        saying = asyncio.create_task(say(town))
        await until(lambda: town.sql(waits))
    assert ((await saying)["__typename"], await events(town)) == ("NotFound", [])


async def test_a_repeated_comment_with_a_key_is_one(town: Api) -> None:
    first, second = [await say(town, idempotencyKey="k") for _ in range(2)]
    assert first == second
    other = await say(town, idempotencyKey="k", text="something else")
    assert other["__typename"] == "IdempotencyRefused"
    assert len(await events(town)) == 1


async def test_who_is_blocked_says_nothing(town: Api) -> None:
    await say(town, viewer=4)
    await block(town, 3, viewer=1)
    await block(town, 3, viewer=4)
    assert (await say(town))["__typename"] == "NotFound"
    await block(town, 3, viewer=1, on=False)
    assert (await say(town, replyToId="videocomment_1_1"))["path"] == ["input", "replyToId"]


async def test_a_comment_is_taken_back_once_and_its_answers_stay(town: Api) -> None:
    await say(town)
    await say(town, viewer=4, replyToId="videocomment_1_1")
    await town.get('mutation { setLike(input: {subjectId: "videocomment_1_1", liked: true}) { __typename } }', viewer=5)
    await count(town)
    await town.sql("delete from log")
    both = await asyncio.gather(*(unsay(town, "videocomment_1_1") for _ in range(2)))
    assert sorted(answer["__typename"] for answer in both) == ["DeleteCommentPayload", "NotFound"]
    body = {"user_id": 3, "author_id": 3, "sound_id": 1, "video_id": 1, "comment_id": 1}
    assert await events(town) == [("VIDEO_COMMENT_REMOVED", body)]
    assert (await town.get('{ node(id: "videocomment_1_2") { ... on Comment { text replyTo { id } } } }'))["node"] == {
        "text": "so good",
        "replyTo": None,
    }
    await count(town)
    assert (await town.get(COMMENTS))["video"]["commentCount"] == 1
    assert await town.sql("select from video_comment_likes") == []


async def test_a_comment_is_taken_back_by_its_author_or_by_whose_video_it_is_about(town: Api) -> None:
    await say(town)
    await say(town, subjectId="track_1")
    assert (await unsay(town, "videocomment_1_1", viewer=4))["__typename"] == "NotFound"
    assert (await unsay(town, "trackcomment_1_1", viewer=1))["__typename"] == "NotFound"
    assert (await unsay(town, "videocomment_1_1", viewer=1))["deletedCommentId"] == "videocomment_1_1"
    assert (await unsay(town, "trackcomment_1_1"))["deletedCommentId"] == "trackcomment_1_1"
    assert [(event, body["user_id"]) for event, body in (await events(town))[2:]] == [
        ("VIDEO_COMMENT_REMOVED", 1),
        ("TRACK_COMMENT_REMOVED", 3),
    ]


async def share(api: Api, subject: str, viewer: int = 3, **wish: Any) -> Any:
    shown = "subject { ... on Sound { shareCount } ... on Video { shareCount } ... on Node { id } }"
    return await do(api, "recordShare", shown, viewer=viewer, **({"subjectId": subject, "channel": "Messages"} | wish))


async def test_shares_are_counted_of_sounds_and_videos_and_kept_of_all(town: Api) -> None:
    for subject, shown in (
        ("sound_1", {"shareCount": 1}),
        ("sound_1", {"shareCount": 2}),
        ("video_1_1", {"shareCount": 1}),
        ("track_1", {}),
    ):
        assert (await share(town, subject))["subject"] == {"id": subject, **shown}
    assert (await share(town, "playlist_1", viewer=1))["subject"] == {"id": "playlist_1"}
    assert await events(town) == [
        ("SOUND_SHARED", {"user_id": 3, "sound_id": 1, "channel": "messages"}),
        ("SOUND_SHARED", {"user_id": 3, "sound_id": 1, "channel": "messages"}),
        ("VIDEO_SHARED", {"user_id": 3, "sound_id": 1, "video_id": 1, "channel": "messages"}),
        ("TRACK_SHARED", {"user_id": 3, "track_id": 1, "channel": "messages"}),
        ("PLAYLIST_SHARED", {"user_id": 1, "playlist_id": 1, "channel": "messages"}),
    ]
    await count(town)
    assert await town.sql("select from sounds s, videos v where s.id = 1 and s.share_count = 2 and v.share_count = 1")
    assert (await share(town, "sound_1"))["subject"]["shareCount"] == 3
    rows = await town.sql("select subject_kind, subject_id, sound_id, user_id from shares order by id limit 3 offset 1")
    assert [tuple(row) for row in rows] == [("SOUND", 1, None, 3), ("VIDEO", 1, 1, 3), ("TRACK", 1, None, 3)]


async def test_a_repeated_share_with_a_key_is_one_and_shows_the_same(town: Api) -> None:
    answers = [await share(town, "sound_1", idempotencyKey="k") for _ in range(2)]
    await count(town)
    answers.append(await share(town, "sound_1", idempotencyKey="k"))
    assert [answer["subject"]["shareCount"] for answer in answers] == [1, 1, 1]
    assert len(await town.sql("select from shares")) == 1


async def test_what_cannot_be_shared_is_refused(town: Api) -> None:
    for subject, wish, refusal, path in (
        ("sound_99", {}, "NotFound", "subjectId"),
        ("video_1_99", {}, "NotFound", "subjectId"),
        ("playlist_1", {}, "NotFound", "subjectId"),  # somebody's private one
        ("sound_1", {"channel": " "}, "InvalidInput", "channel"),
        ("sound_1", {"channel": "by mouth"}, "InvalidInput", "channel"),
        ("sound_1", {"channel": "x" * 41}, "InvalidInput", "channel"),
        ("sound_1", {"idempotencyKey": "k" * 129}, "InvalidInput", "idempotencyKey"),
    ):
        answer = await share(town, subject, 3, **wish)
        assert (answer["__typename"], answer["path"]) == (refusal, ["input", path])
    assert await events(town) == []


async def report(api: Api, subject: str, **wish: Any) -> Any:
    return await do(api, "report", "reportId", **({"subjectId": subject, "reason": "SPAM"} | wish))


async def test_anything_can_be_reported(town: Api) -> None:
    await say(town, viewer=4)
    await town.sql("delete from outbox")
    for number, subject in enumerate(["video_1_1", "user_1", "sound_1", "videocomment_1_1", "track_1"], start=1):
        assert (await report(town, subject, details=" again "))["reportId"] == f"report_{number}"
    rows = await town.sql("select reporter_id, subject, reason, details from reports order by id")
    assert tuple(rows[0]) == (3, "video_1_1", "SPAM", "again")
    assert len(rows) == 5
    assert (await events(town))[0] == ("REPORTED", {"user_id": 3, "report_id": 1})


async def test_what_cannot_be_reported_is_refused(town: Api) -> None:
    for subject, wish, refusal, path in (
        ("user_99", {}, "NotFound", "subjectId"),
        ("playlist_1", {}, "NotFound", "subjectId"),
        ("user_1", {"details": "x" * 2001}, "InvalidInput", "details"),
    ):
        answer = await report(town, subject, **wish)
        assert (answer["__typename"], answer["path"]) == (refusal, ["input", path])
    answer = await town.ask(
        'mutation { report(input: {subjectId: "report_1", reason: SPAM}) { __typename } }', viewer=3
    )
    assert answer.errors[0]["original"].code == "INVALID_ID"
    assert await town.sql("select from reports") == []
    assert (await report(town, "user_1", idempotencyKey="k")) == (await report(town, "user_1", idempotencyKey="k"))
    assert len(await town.sql("select from reports")) == 1
