"""setLike, setSaved, setFollowing, setMembership, setBlocked: the wished state is the input, written once, told once, counted once, shown at once."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from events import log
from tests.ask import Api
from tests.trending.scene import arrange, post
from tests.until import until
from trending import counting

SHOWN = {
    "setLike": "subject { ... on Video { likeCount viewerHasLiked } ... on Comment { likeCount } }",
    "setSaved": "subject { ... on Sound { saveCount viewerHasSaved } ... on Track { saveCount viewerHasSaved } }",
    "setFollowing": """subject { ... on User { followerCount viewerIsFollowing }
        ... on Artist { followerCount viewerIsFollowing } ... on Playlist { followerCount viewerIsFollowing } }""",
    "setMembership": "community { memberCount viewerIsMember }",
}
STATES = {"setLike": "liked", "setSaved": "saved", "setFollowing": "following", "setMembership": "member"}
REFUSED = "... on UserError { message path }"


@pytest.fixture
async def town(api: Api) -> Api:
    """Accounts 1 to 90; sounds 1 to 5; a video of account 1 with a comment by account 2; a track with one; an artist; playlists of account 1."""
    await arrange(api)
    await post(api, 1, 1)
    await api.sql("insert into tracks (title, duration_ms) values ('A song', 180000)")
    await api.sql("insert into artists (name) values ('The Maker')")
    await api.sql(
        "insert into video_comments (sound_id, video_id, author_id, text, created_at) values (1, 1, 2, 'so good', $1)",
        api.now,
    )
    await api.sql(
        "insert into track_comments (track_id, author_id, text, created_at) values (1, 2, 'so good', $1)", api.now
    )
    await api.sql(
        "insert into playlists (title, owner_id, visibility, created_at, updated_at)"
        " values ('Mix', 1, 'PUBLIC', $1, $1), ('Mine', 1, 'PRIVATE', $1, $1)",
        api.now,
    )
    await api.sql("insert into playlist_collaborators values (2, 2, 'EDITOR', $1)", api.now)
    await count(api)
    await api.sql("delete from log")
    return api


async def count(api: Api) -> None:
    """What the worker does."""
    while await log.move(api.database, api.now):
        pass
    while await counting.count(api.database, api.now):
        pass


async def wish(api: Api, field: str, subject: str, *, on: bool = True, viewer: int = 3) -> Any:
    """The answer to a wish."""
    name, key = f"{field[0].upper()}{field[1:]}", "soundId" if field == "setMembership" else "subjectId"
    query = f"""mutation ($input: {name}Input!) {{ {field}(input: $input) {{ __typename ... on {name}Payload {{ {SHOWN[field]} }} {REFUSED} }} }}"""
    return (await api.get(query, viewer=viewer, input={key: subject, STATES[field]: on}))[field]


def shown(answer: Any) -> tuple[int, bool | None]:
    """The count that a payload shows, and the viewer's own state."""
    subject = answer.get("subject") or answer["community"]
    (number,) = [value for name, value in subject.items() if name.endswith("Count")]
    (state,) = [value for name, value in subject.items() if name.startswith("viewer")] or [None]
    return number, state


async def events(api: Api) -> list[tuple[str, dict[str, Any]]]:
    """What was told since the scene was set."""
    rows = await api.sql(
        "select type, body from log union all select type, body from (select * from outbox order by id) waiting"
    )
    return [(row["type"], row["body"]) for row in rows]


WISHES = [
    ("setSaved", "sound_1", "SOUND_SAVED", "SOUND_UNSAVED", {"sound_id": 1}, "saved_sounds", "select save_count from sounds where id = 1"),
    ("setSaved", "track_1", "TRACK_SAVED", "TRACK_UNSAVED", {"track_id": 1}, "saved_tracks", "select save_count from tracks"),
    (
        "setLike", "video_1_1", "VIDEO_LIKED", "VIDEO_UNLIKED",
        {"sound_id": 1, "video_id": 1, "creator_id": 1}, "video_likes", "select like_count from videos",
    ),
    (
        "setLike", "videocomment_1_1", "VIDEO_COMMENT_LIKED", "VIDEO_COMMENT_UNLIKED",
        {"sound_id": 1, "comment_id": 1, "video_id": 1, "author_id": 2}, "video_comment_likes", "select like_count from video_comments",
    ),
    (
        "setLike", "trackcomment_1_1", "TRACK_COMMENT_LIKED", "TRACK_COMMENT_UNLIKED",
        {"track_id": 1, "comment_id": 1, "author_id": 2}, "track_comment_likes", "select like_count from track_comments",
    ),
    (
        "setFollowing", "user_1", "USER_FOLLOWED", "USER_UNFOLLOWED",
        {"followed_id": 1}, "follows full join followers using (created_at)", "select follower_count from users where id = 1",
    ),
    ("setFollowing", "artist_1", "ARTIST_FOLLOWED", "ARTIST_UNFOLLOWED", {"artist_id": 1}, "artist_follows", "select follower_count from artists"),
    (
        "setFollowing", "playlist_1", "PLAYLIST_FOLLOWED", "PLAYLIST_UNFOLLOWED",
        {"playlist_id": 1}, "playlist_followers", "select follower_count from playlists where id = 1",
    ),
    (
        "setMembership", "sound_1", "MEMBER_JOINED", "MEMBER_LEFT",
        {"sound_id": 1}, "community_members full join user_communities using (user_id, sound_id, created_at)", "select member_count from sounds where id = 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("field", "subject", "begun", "ended", "key", "table", "stored"), WISHES)
async def test_a_wish_is_written_told_counted_and_shown_once(
    town: Api, field: str, subject: str, begun: str, ended: str, key: dict[str, int], table: str, stored: str
) -> None:
    async def counted() -> tuple[int, int]:
        await count(town)
        return (await town.sql(stored))[0][0], len(await town.sql(f"select from {table}"))

    states = []
    for on in (True, True, False, False, True):
        number, state = shown(await wish(town, field, subject, on=on))
        states.append((number, on if state is None else state))
    assert states == [(1, True), (1, True), (0, False), (0, False), (1, True)]
    told = {"user_id": 3, **key}
    assert await events(town) == [(begun, told), (ended, told), (begun, told)]
    assert await counted() == (1, 1)
    assert shown(await wish(town, field, subject)) == (1, states[0][1] and shown(await wish(town, field, subject))[1])
    assert shown(await wish(town, field, subject, on=False))[0] == 0
    assert await counted() == (0, 0)
    assert len(await events(town)) == 4


async def test_the_same_wish_at_once_is_one(town: Api) -> None:
    for done, (field, subject, *_) in enumerate(WISHES, start=1):
        answers = await asyncio.gather(*(wish(town, field, subject) for _ in range(3)))
        assert {shown(answer)[0] for answer in answers} == {1}
        assert len(await events(town)) == done


async def test_a_payload_shows_what_its_caller_did_whenever_the_worker_comes(town: Api) -> None:
    rng = random.Random(1)
    saved = False
    await wish(town, "setSaved", "sound_1", viewer=4)
    await count(town)
    for _ in range(25):
        saved = rng.random() < 0.5
        answer = await wish(town, "setSaved", "sound_1", on=saved)
        assert shown(answer) == (1 + saved, saved)
        if rng.random() < 0.5:
            await log.move(town.database, town.now, rng.randint(1, 3))
        if rng.random() < 0.5:
            await counting.count(town.database, town.now, rng.randint(1, 3))


async def test_a_payload_is_right_also_where_the_worker_comes_between_its_reads(
    town: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = town.database.sound_by_id
    came = 0

    async def counted_meanwhile(*args: Any) -> Any:
        nonlocal came
        came += 1
        if came == 2:  # the first looks whether there is such a sound
            await count(town)
        return await load(*args)

    monkeypatch.setattr(town.database, "sound_by_id", counted_meanwhile)
    assert shown(await wish(town, "setSaved", "sound_1")) == (1, True)
    assert came == 3


ABSENT = {
    "setSaved": ["sound_99", "track_99"],
    "setLike": ["video_1_99", "videocomment_1_99", "trackcomment_1_99"],
    "setFollowing": ["user_99", "artist_99", "playlist_99", "playlist_2"],  # the last is somebody's private one
    "setMembership": ["sound_99"],
}


async def test_what_is_not_there_is_not_found(town: Api) -> None:
    for field, subjects in ABSENT.items():
        path = ["input", "soundId" if field == "setMembership" else "subjectId"]
        for subject in subjects:
            for on in (True, False):
                answer = await wish(town, field, subject, on=on)
                assert (answer["__typename"], answer["path"]) == ("NotFound", path)
    assert await events(town) == []


async def test_a_subject_that_goes_away_just_now_is_not_found(town: Api) -> None:
    waits = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with town.database.transaction() as tx:
        await tx.connection.execute("delete from videos")
        liking = asyncio.create_task(wish(town, "setLike", "video_1_1"))
        await until(lambda: town.sql(waits))
    assert (await liking)["__typename"] == "NotFound"
    assert await events(town) == []


async def test_nobody_follows_himself_what_is_his_or_what_is_private(town: Api) -> None:
    for viewer, subject in ((1, "user_1"), (1, "playlist_1"), (1, "playlist_2"), (2, "playlist_2")):
        answer = await wish(town, "setFollowing", subject, viewer=viewer)
        assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "subjectId"])
    assert await events(town) == []


async def test_a_removed_sound_is_let_go_of_and_not_taken_up(town: Api) -> None:
    for field in ("setSaved", "setMembership"):
        await wish(town, field, "sound_1")
        await wish(town, field, "sound_1", viewer=4)
    await town.sql("update sounds set status = 'REMOVED' where id = 1")
    for field in ("setSaved", "setMembership"):
        assert (await wish(town, field, "sound_1", viewer=5))["__typename"] == "NotFound"
        assert shown(await wish(town, field, "sound_1", on=False))[1] is False


async def test_an_id_of_another_kind_is_an_error_that_says_which_is_needed(town: Api) -> None:
    for field, subject in {
        "setLike": "sound_1",
        "setSaved": "video_1_1",
        "setFollowing": "track_1",
        "setMembership": "user_1",
    }.items():
        key = "soundId" if field == "setMembership" else "subjectId"
        answer = await town.ask(
            f'mutation {{ {field}(input: {{{key}: "{subject}", {STATES[field]}: true}}) {{ __typename }} }}', viewer=3
        )
        assert answer.errors[0]["original"].code == "INVALID_ID"
        assert "is needed here" in answer.errors[0]["message"]


async def test_a_stranger_and_a_suspended_account_have_no_wishes(town: Api) -> None:
    await town.sql("update users set status = 'SUSPENDED' where id = 3")
    for viewer, code in ((3, "ACCOUNT_SUSPENDED"), (None, "UNAUTHENTICATED")):
        answer = await town.ask(
            'mutation { setSaved(input: {subjectId: "sound_1", saved: true}) { __typename } }', viewer=viewer
        )
        assert answer.errors[0]["original"].code == code


SET_BLOCKED = """mutation ($id: ID!, $on: Boolean!) { setBlocked(input: {userId: $id, blocked: $on}) { __typename
  ... on SetBlockedPayload { user { id followerCount followingCount viewerHasBlocked viewerIsFollowing followers { edges { node { id } } } } }
  ... on UserError { message path } } }"""


async def block(api: Api, other: int, *, viewer: int = 1, on: bool = True) -> Any:
    return (await api.get(SET_BLOCKED, viewer=viewer, id=f"user_{other}", on=on))["setBlocked"]


async def test_a_block_hides_both_ends_both_follows_and_can_be_lifted(town: Api) -> None:
    await wish(town, "setFollowing", "user_3", viewer=1)
    await wish(town, "setFollowing", "user_1", viewer=3)
    await count(town)
    await town.sql("delete from log")
    answer = await block(town, 3)
    assert answer["user"] == {
        "id": "user_3",
        "followerCount": 0,
        "followingCount": 0,
        "viewerHasBlocked": True,
        "viewerIsFollowing": False,
        "followers": {"edges": []},
    }
    await block(town, 3)
    assert await events(town) == [
        ("USER_BLOCKED", {"user_id": 1, "blocked_id": 3}),
        ("USER_UNFOLLOWED", {"user_id": 1, "followed_id": 3, "by_id": 1}),
        ("USER_UNFOLLOWED", {"user_id": 3, "followed_id": 1, "by_id": 1}),
    ]
    await count(town)
    assert await town.sql("select from users where follower_count + following_count > 0") == []
    for table in ("follows", "followers"):
        assert await town.sql(f"select from {table}") == []
    for viewer, other in ((1, 3), (3, 1)):
        assert (await wish(town, "setFollowing", f"user_{other}", viewer=viewer))["__typename"] == "NotFound"
        assert (await town.get(f'{{ user(by: {{id: "user_{other}"}}) {{ id }} }}', viewer=viewer))["user"] is None
    assert (await wish(town, "setLike", "video_1_1", viewer=3))["__typename"] == "NotFound"
    assert (await block(town, 3, on=False))["user"]["viewerHasBlocked"] is False
    await block(town, 3, on=False)
    assert (await events(town))[3:] == [("USER_UNBLOCKED", {"user_id": 1, "blocked_id": 3})]
    assert await town.sql("select from blocks full join blocked_by using (user_id)") == []
    assert (await wish(town, "setFollowing", "user_1", viewer=3))["__typename"] == "SetFollowingPayload"


async def test_whoever_blocked_the_viewer_is_not_found_and_a_block_of_one_s_own_can_still_be_lifted(town: Api) -> None:
    await block(town, 3, viewer=1)
    assert (await block(town, 1, viewer=3))["__typename"] == "NotFound"
    await town.sql("insert into blocks values (3, 1, $1)", town.now)
    await town.sql("insert into blocked_by values (1, 3)")
    assert (await block(town, 3, viewer=1, on=False))["user"]["viewerHasBlocked"] is False
    assert (await block(town, 1, viewer=3, on=False))["user"]["viewerHasBlocked"] is False


async def test_nobody_blocks_himself_or_who_is_not_there(town: Api) -> None:
    await town.sql("update users set status = 'SUSPENDED' where id = 5")
    for other, refusal in ((1, "InvalidInput"), (99, "NotFound"), (5, "NotFound")):
        answer = await block(town, other)
        assert (answer["__typename"], answer["path"]) == (refusal, ["input", "userId"])
    assert await events(town) == []


async def test_what_follows_a_block_in_the_same_operation_knows_of_it(town: Api) -> None:
    answer = await town.get(
        """mutation { before: setFollowing(input: {subjectId: "user_3", following: true}) { __typename }
             setBlocked(input: {userId: "user_3", blocked: true}) { __typename }
             after: setFollowing(input: {subjectId: "user_3", following: true}) { __typename } }""",
        viewer=1,
    )
    assert (answer["before"]["__typename"], answer["after"]["__typename"]) == ("SetFollowingPayload", "NotFound")


async def test_a_block_and_a_follow_at_once_leave_no_follow_across_the_block(town: Api) -> None:
    for _ in range(5):
        await asyncio.gather(
            *(block(town, 3, viewer=1) for _ in range(2)),
            *(
                town.ask(
                    'mutation { setFollowing(input: {subjectId: "user_1", following: true}) { __typename } }', viewer=3
                )
                for _ in range(2)
            ),
        )
        assert await town.sql("select from follows") == []
        await block(town, 3, viewer=1, on=False)
        await wish(town, "setFollowing", "user_1", viewer=3)


SEEN = "mutation ($id: ID!) { markCommunitySeen(input: {soundId: $id}) { __typename ... on MarkCommunitySeenPayload { community { id viewerUnseenVideoCount } } } }"
UNSEEN = '{ sound(id: "sound_1") { community { viewerUnseenVideoCount } } }'


async def test_a_member_is_told_what_is_unseen_since_joining_and_since_looking(town: Api) -> None:
    async def unseen(viewer: int | None = 3) -> int | None:
        return (await town.get(UNSEEN, viewer=viewer))["sound"]["community"]["viewerUnseenVideoCount"]  # type: ignore[no-any-return]

    assert await unseen() is None
    await wish(town, "setMembership", "sound_1")
    await town.sql("delete from outbox")
    assert await unseen() == 0
    for creator in (4, 5, 3):
        town.now += timedelta(minutes=1)
        await post(town, 1, creator)
    assert (await unseen(), await unseen(4), await unseen(None)) == (2, None, None)
    seen = (await town.get(SEEN, viewer=3, id="sound_1"))["markCommunitySeen"]
    assert seen["community"] == {"id": "community_1", "viewerUnseenVideoCount": 0}
    await town.get(SEEN, viewer=3, id="sound_1")
    assert [event for event in await events(town) if event[0] == "COMMUNITY_SEEN"] == [
        ("COMMUNITY_SEEN", {"user_id": 3, "sound_id": 1})
    ]
    town.now += timedelta(minutes=1)
    await post(town, 1, 6)
    assert await unseen() == 1


async def test_who_is_no_member_has_nothing_to_mark_and_an_unknown_community_is_not_found(town: Api) -> None:
    seen = (await town.get(SEEN, viewer=3, id="sound_1"))["markCommunitySeen"]
    assert seen["community"]["viewerUnseenVideoCount"] is None
    assert (await town.get(SEEN, viewer=3, id="sound_99"))["markCommunitySeen"]["__typename"] == "NotFound"
    assert await events(town) == []
