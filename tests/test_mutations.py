"""The first mutations: a profile, a sound, a video; each fact with its event, at most once for a key."""

import asyncio
import json
from typing import Any

import pytest

from tests.ask import Answer, Api
from tests.until import until

CREATE_SOUND = """mutation ($input: CreateSoundInput!) { createSound(input: $input) { __typename
  ... on CreateSoundPayload { sound { id title kind durationMs creator { handle } derivedFrom { id } clip { startMs endMs } usageRights { commercial } } }
  ... on UserError { message path } ... on SoundUnavailable { status } ... on IdempotencyRefused { reason } } }"""
POST_VIDEO = """mutation ($input: PostVideoInput!) { postVideo(input: $input) { __typename
  ... on PostVideoPayload { video { id caption region creator { handle } responseKind responseTo { id } } community { sound { id } } }
  ... on UserError { message path } ... on SoundUnavailable { status } ... on SoundNotCleared { usageRights { commercial } }
  ... on IdempotencyRefused { reason } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """Ann (1), an old account; Bob (2), commercial; Cid (3), two days old; a track of three minutes (1)."""
    await api.sql(
        "insert into users (handle, display_name, region, kind, joined_at) values"
        " ('ann', 'Ann', 'DE', 'PERSONAL', $1::timestamptz - interval '2 years'), ('bob', 'Bob', 'FR', 'COMMERCIAL', $1::timestamptz - interval '1 year'),"
        " ('cid', 'Cid', 'IT', 'PERSONAL', $1::timestamptz - interval '2 days')",
        api.now,
    )
    await api.sql("insert into tracks (title, duration_ms) values ('A song', 180000)")
    await api.sql("insert into artists (name) values ('The Maker')")
    await api.sql("insert into track_credits values (1, 1, 1, 'The Maker', 'MAIN')")
    return api


CREATE_PROFILE = """mutation ($input: CreateProfileInput!) { createProfile(input: $input) { __typename
  ... on CreateProfilePayload { viewer { user { id handle displayName bio region kind joinedAt } } } ... on UserError { message path } } }"""


async def join(api: Api, subject: str, **fields: Any) -> dict[str, Any]:
    answer = await api.ask(CREATE_PROFILE, subject=subject, input={"handle": "dora", "displayName": "Dora"} | fields)
    assert not answer.errors, answer.errors
    return answer.data["createProfile"]  # type: ignore[no-any-return]


async def test_a_profile_is_made_with_its_event_and_its_claims(api: Api) -> None:
    answer = await join(api, "idp|1", handle="Dora.M", bio="hi", region="PT")
    assert answer["viewer"]["user"] == {
        "id": "user_1",
        "handle": "dora.m",
        "displayName": "Dora",
        "bio": "hi",
        "region": "PT",
        "kind": "PERSONAL",
        "joinedAt": "2026-11-22T12:00:00Z",
    }
    (event,) = await api.sql("select type, body from outbox")
    assert (event["type"], event["body"]) == ("PROFILE_CREATED", {"user_id": 1})
    assert await api.sql("select from handles where handle = 'dora.m' and user_id = 1")
    assert await api.sql("select from identities where subject = 'idp|1' and user_id = 1")


async def test_a_handle_and_an_account_are_claimed_once(api: Api) -> None:
    await join(api, "idp|1")
    taken = await join(api, "idp|2", handle="DORA")
    assert (taken["__typename"], taken["path"]) == ("AlreadyTaken", ["input", "handle"])
    twice = await join(api, "idp|1", handle="dora2")
    assert (twice["__typename"], twice["path"]) == ("AlreadyTaken", [])
    assert len(await api.sql("select from users")) == 1
    both = await asyncio.gather(*(join(api, f"idp|{n}", handle="same") for n in range(3, 8)))
    assert sorted(answer["__typename"] for answer in both) == ["AlreadyTaken"] * 4 + ["CreateProfilePayload"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"handle": "d"}, "handle"),
        ({"handle": "dora dora"}, "handle"),
        ({"handle": "d" * 31}, "handle"),
        ({"displayName": " "}, "displayName"),
        ({"bio": "x" * 501}, "bio"),
    ],
)
async def test_a_profile_that_is_not_allowed_leaves_nothing(api: Api, fields: dict[str, str], path: str) -> None:
    refused = await join(api, "idp|1", **fields)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["input", path])
    for table in ("users", "handles", "identities", "outbox"):
        assert await api.sql(f"select from {table}") == []


async def make(api: Api, viewer: int = 1, **fields: Any) -> dict[str, Any]:
    fields = {"title": "Rain on tin", "kind": "ORIGINAL", "durationMs": 9000} | fields
    data = await api.get(CREATE_SOUND, viewer=viewer, input=fields)
    return data["createSound"]  # type: ignore[no-any-return]


async def post(api: Api, viewer: int = 1, **fields: Any) -> dict[str, Any]:
    fields = {"soundId": "sound_1", "caption": "first #Dance #dance #été", "durationMs": 8000} | fields
    data = await api.get(POST_VIDEO, viewer=viewer, input=fields)
    return data["postVideo"]  # type: ignore[no-any-return]


async def test_a_sound_is_made_with_its_event_and_its_copies(town: Api) -> None:
    answer = await make(town)
    assert answer["sound"] == {
        "id": "sound_1",
        "title": "Rain on tin",
        "kind": "ORIGINAL",
        "durationMs": 9000,
        "creator": {"handle": "ann"},
        "derivedFrom": None,
        "clip": None,
        "usageRights": {"commercial": False},
    }
    (event,) = await town.sql("select type, body from outbox")
    assert (event["type"], event["body"]["sound_id"], event["body"]["creator_id"]) == ("SOUND_CREATED", 1, 1)
    assert len(await town.sql("select from user_sounds where user_id = 1 and sound_id = 1")) == 1


async def test_a_clip_lies_inside_its_track(town: Api) -> None:
    fields: dict[str, Any] = {"kind": "TRACK_CLIP", "trackId": "track_1", "durationMs": None}
    answer = await make(town, **fields, clip={"startMs": 170000, "endMs": 190000})
    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "clip", "endMs"])
    answer = await make(town, **fields, clip={"startMs": 60000, "endMs": 75000})
    assert answer["sound"]["durationMs"] == 15000
    assert answer["sound"]["clip"] == {"startMs": 60000, "endMs": 75000}
    assert len(await town.sql("select from artist_sounds where artist_id = 1 and sound_id = 1")) == 1


async def test_only_a_clip_names_a_track(town: Api) -> None:
    for fields in (
        {"trackId": "track_1"},
        {"clip": {"startMs": 0, "endMs": 9}},
        {"kind": "TRACK_CLIP", "trackId": "track_1"},
    ):
        refused = await make(town, **fields)
        assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["input", "trackId"])


async def test_a_remix_has_a_lineage_and_none_of_a_removed_sound(town: Api) -> None:
    await make(town)
    assert (await make(town, kind="REMIX"))["path"] == ["input", "derivedFromId"]
    remix = await make(town, kind="REMIX", derivedFromId="sound_1")
    assert remix["sound"]["derivedFrom"] == {"id": "sound_1"}
    await town.sql("update sounds set status = 'REMOVED' where id = 1")
    refused = await make(town, kind="REMIX", derivedFromId="sound_1")
    assert (refused["__typename"], refused["status"]) == ("SoundUnavailable", "REMOVED")


async def test_a_video_is_posted_with_its_event_its_copies_and_its_weight(town: Api) -> None:
    await make(town)
    answer = await post(town, nicheIds=["niche_1"])
    assert answer["video"]["region"] == "DE"
    assert answer["video"]["creator"] == {"handle": "ann"}
    (event,) = await town.sql("select body from outbox where type = 'VIDEO_POSTED'")
    assert event["body"] | {"weight": 1} == {
        "sound_id": 1,
        "video_id": 1,
        "creator_id": 1,
        "region": "DE",
        "niche_ids": [1],
        "hashtags": ["dance", "été"],
        "weight": 1,
        "trusted": True,
        "new_creator": True,
    }
    (row,) = await town.sql(
        "select v.weight, v.top_score, n.top_score as copy from videos v join video_niches n on n.video_id = v.id"
    )
    assert row["weight"] == pytest.approx(1.0)
    assert row["top_score"] == row["copy"]
    assert len(await town.sql("select from user_videos")) == 1
    assert [row["hashtag"] for row in await town.sql("select hashtag from hashtag_videos order by 1")] == [
        "dance",
        "été",
    ]


async def test_a_new_hashtag_is_there_with_its_first_video(town: Api) -> None:
    await make(town)
    query = """mutation ($input: PostVideoInput!) { postVideo(input: $input) { ... on PostVideoPayload {
        video { id hashtags { name videoCount videos { edges { node { id } } } } } } } }"""
    wish = {"soundId": "sound_1", "caption": "#dance #brandnew", "durationMs": 8000}
    video = (await town.get(query, viewer=1, input=wish))["postVideo"]["video"]
    videos = {"edges": [{"node": {"id": video["id"]}}]}
    assert video["hashtags"] == [
        {"name": "dance", "videoCount": 0, "videos": videos},
        {"name": "brandnew", "videoCount": 0, "videos": videos},
    ]


async def test_two_who_name_the_same_new_hashtags_at_once_both_post(town: Api) -> None:
    await make(town)
    async with town.database.transaction() as tx:
        await tx.connection.execute("insert into hashtags (name) values ('a')")
        posting = asyncio.create_task(post(town, caption="#b #a"))
        waits = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        await until(lambda: town.sql(waits))
        # Had the other named b before it waits for a, each would wait for the other now.
        await tx.connection.execute("insert into hashtags (name) values ('b')")
    assert (await posting)["__typename"] == "PostVideoPayload"
    assert [row["name"] for row in await town.sql("select name from hashtags order by name")] == ["a", "b"]


async def test_hashtags_keep_the_marks_of_their_script(town: Api) -> None:
    await make(town)
    await post(town, caption="#नमस्ते #தமிழ் #مُحَمَّد #ภาษาไทย #été #한국")
    (row,) = await town.sql("select hashtags from videos")
    assert row["hashtags"] == ["नमस्ते", "தமிழ்", "مُحَمَّد", "ภาษาไทย", "été", "한국"]


async def test_a_second_video_of_the_same_creator_weighs_a_quarter(town: Api) -> None:
    await make(town)
    await post(town)
    await post(town, caption="again")
    weights = [row["weight"] for row in await town.sql("select weight, new_creator from videos order by id")]
    assert weights[1] == pytest.approx(weights[0] / 4)
    assert [row["new_creator"] for row in await town.sql("select new_creator from videos order by id")] == [True, False]


async def test_videos_of_one_account_at_once_share_its_weight(town: Api) -> None:
    await make(town)
    await asyncio.gather(*(post(town, caption=str(n)) for n in range(8)))
    weights = sorted((row["weight"] for row in await town.sql("select weight from videos")), reverse=True)
    assert weights == pytest.approx([0.25**n for n in range(8)])


async def test_a_young_account_is_neither_trusted_nor_heavy(town: Api) -> None:
    await make(town)
    await post(town, viewer=3)
    (row,) = await town.sql("select weight, trusted from videos")
    assert not row["trusted"]
    assert row["weight"] == pytest.approx(0.1 + 0.9 * (1 - 2.718281828459045 ** (-2 / 14)))


async def test_a_muted_sound_is_unavailable_and_a_commercial_account_needs_rights(town: Api) -> None:
    await make(town)
    refused = await post(town, viewer=2)
    assert (refused["__typename"], refused["usageRights"]) == ("SoundNotCleared", {"commercial": False})
    await make(town, commercialUse=True)
    assert (await post(town, viewer=2, soundId="sound_2"))["__typename"] == "PostVideoPayload"
    await town.sql("update sounds set status = 'MUTED' where id = 1")
    refused = await post(town)
    assert (refused["__typename"], refused["status"]) == ("SoundUnavailable", "MUTED")


async def test_what_is_refused_leaves_nothing_behind(town: Api) -> None:
    await make(town)
    await town.sql("delete from outbox")
    for fields, path in (
        ({"caption": "x" * 2201}, "caption"),
        ({"durationMs": 0}, "durationMs"),
        ({"soundId": "sound_99"}, "soundId"),
        ({"nicheIds": ["niche_99"]}, "nicheIds"),
        ({"nicheIds": [f"niche_{n}" for n in range(1, 6)]}, "nicheIds"),
        ({"responseToId": "video_1_1"}, "responseToId"),
        ({"responseToId": "video_1_1", "responseKind": "DUET"}, "responseToId"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
    ):
        refused = await post(town, **fields)
        assert refused["__typename"] in {"InvalidInput", "NotFound"}, fields
        assert refused["path"] == ["input", path]
    for table in ("videos", "outbox", "community_creators", "user_videos", "idempotency_results"):
        assert await town.sql(f"select from {table}") == []


async def test_a_repeated_key_replays_the_result_through_the_selection_of_the_retry(town: Api) -> None:
    await make(town)
    first = await post(town, idempotencyKey="k1")
    again = await town.get(
        "mutation ($input: PostVideoInput!) { postVideo(input: $input) { ... on PostVideoPayload { video { caption } } } }",
        viewer=1,
        input={"soundId": "sound_1", "caption": "first #Dance #dance #été", "durationMs": 8000, "idempotencyKey": "k1"},
    )
    assert again["postVideo"]["video"]["caption"] == first["video"]["caption"]
    assert len(await town.sql("select from videos")) == 1
    other = await post(town, caption="other", idempotencyKey="k1")
    assert (other["__typename"], other["reason"]) == ("IdempotencyRefused", "KEY_REUSED")
    assert (await post(town, viewer=3, idempotencyKey="k1"))["__typename"] == "PostVideoPayload"


async def test_one_key_at_once_runs_once(town: Api) -> None:
    await make(town)
    answers = await asyncio.gather(*(post(town, idempotencyKey="k1") for _ in range(6)))
    assert len(await town.sql("select from videos")) == 1
    for answer in answers:
        assert answer["__typename"] == "PostVideoPayload" or answer["reason"] == "IN_PROGRESS"


async def test_a_stranger_and_an_account_without_a_profile_cannot_write(town: Api) -> None:
    answer: Answer = await town.ask(POST_VIDEO, input={"soundId": "sound_1", "caption": "", "durationMs": 1})
    assert answer.errors[0]["original"].code == "UNAUTHENTICATED"
    answer = await town.ask(POST_VIDEO, subject="new", input={"soundId": "sound_1", "caption": "", "durationMs": 1})
    assert answer.errors[0]["original"].code == "NO_PROFILE"
    assert json.dumps(answer.data) == "null"
