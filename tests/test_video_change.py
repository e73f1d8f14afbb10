"""updateVideo and deleteVideo: what becomes of a video; what it added is taken away to the last bit. And updateProfile: of whose it is."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from events import log
from tests.ask import Api
from tests.test_remarks import do, say
from tests.test_wishes import count, events, wish
from tests.trending.scene import arrange, assert_counts_are_the_facts, post
from tests.until import until
from trending import counting

COUNTED = [
    "select id, video_count, creator_count, view_count, first_video_id, founder_id from sounds",
    "select id, video_count from users",
    "select name, video_count from hashtags where video_count > 0",
    "select * from community_niches where video_count > 0",
    "select * from community_regions where video_count > 0",
    "select * from community_growth where video_count > 0",
    "select * from community_creators",
    "select sound_id, region, niche_id, trusted_videos, young_videos from trend_counters where trusted_videos + young_videos > 0",
    "select region, niche_id, trusted_videos from trend_scopes where trusted_videos > 0",
]
LISTS = """{ video(id: "video_1_1") { id } node(id: "videocomment_1_1") { id } hashtag(name: "dance") { videoCount videos { edges { node { id } } } }
  user(by: {id: "user_1"}) { videoCount videos { edges { node { id } } } }
  sound(id: "sound_1") { community { videoCount creatorCount firstVideo { id } founder { id } creators { edges { node { id } } }
    top: videos { edges { node { id } } } recent: videos(sort: RECENT) { edges { node { id } } }
    inNiche: videos(niche: "niche_1") { edges { node { id } } } inRegion: videos(region: "DE") { edges { node { id } } } } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """Accounts 1 to 90 (from 61 on young), sounds 1 to 5."""
    await arrange(api)
    return api


async def delete(api: Api, video: str, *, viewer: int = 1, **key: Any) -> Any:
    shown = "deletedVideoId community { videoCount creatorCount viewCount }"
    return await do(api, "deleteVideo", shown, viewer=viewer, videoId=video, **key)


async def update(api: Api, video: str = "video_1_1", *, viewer: int = 1, **change: Any) -> Any:
    shown = "video { caption hashtags { name } niches { slug } }"
    return await do(api, "updateVideo", shown, viewer=viewer, videoId=video, **change)


async def state(api: Api) -> list[Any]:
    return [sorted(map(tuple, await api.sql(statement)), key=repr) for statement in COUNTED]


async def test_who_deletes_while_it_changes_leaves_none_of_its_copies(town: Api) -> None:
    await post(town, 1, 1, caption="#dance")
    async with town.database.transaction() as tx:
        await tx.lock_video(1, 1, 1)
        await tx.change_video(1, 1, "#rain", ["rain"], [1], ["dance"])
        deleting = asyncio.create_task(delete(town, "video_1_1"))
        await until(lambda: town.sql("select from pg_locks where not granted"))
    assert (await deleting)["__typename"] == "DeleteVideoPayload"
    for table in ("videos", "hashtag_videos", "video_niches", "user_videos"):
        assert await town.sql(f"select from {table}") == []


async def test_a_deleted_video_is_gone_at_once_everywhere(town: Api) -> None:
    await post(town, 1, 1, niches=(1,), caption="#dance")
    town.now += timedelta(minutes=1)
    await post(town, 1, 2, niches=(1,), caption="#dance")
    await say(town)
    await wish(town, "setLike", "video_1_1")
    await count(town)
    await town.sql("update videos set view_count = 7 where id = 1")
    await town.sql("update sounds set view_count = 7 where id = 1")
    answer = await delete(town, "video_1_1")
    assert answer == {
        "__typename": "DeleteVideoPayload",
        "deletedVideoId": "video_1_1",
        "community": {"videoCount": 1, "creatorCount": 1, "viewCount": 0},
    }
    left = {"edges": [{"node": {"id": "video_1_2"}}]}
    seen = await town.get(LISTS)
    assert (seen["video"], seen["node"]) == (None, None)
    assert seen["hashtag"]["videos"] == left
    assert seen["user"]["videos"] == {"edges": []}
    community = seen["sound"]["community"]
    assert community["firstVideo"] is None  # until it is counted
    assert all(community[name] == left for name in ("top", "recent", "inNiche", "inRegion"))
    assert community["creators"] == {"edges": [{"node": {"id": "user_2"}}]}
    await count(town)
    seen = await town.get(LISTS)
    assert seen["sound"]["community"]["firstVideo"] == {"id": "video_1_2"}
    assert seen["sound"]["community"]["founder"] == {"id": "user_2"}
    assert (seen["hashtag"]["videoCount"], seen["user"]["videoCount"]) == (1, 0)
    await assert_counts_are_the_facts(town)


@pytest.mark.parametrize("creator", [1, 70])
async def test_what_was_deleted_was_never_there(town: Api, creator: int) -> None:
    await post(town, 1, 2, niches=(1, 2), caption="#rain #dance")
    await count(town)
    before = await state(town)
    town.now += timedelta(hours=5)
    await post(town, 1, creator, niches=(2, 3), region="FR", caption="#dance #new")
    town.now += timedelta(days=3)
    await count(town)
    assert await state(town) != before
    town.now += timedelta(hours=7)
    assert (await delete(town, "video_1_2", viewer=creator))["__typename"] == "DeleteVideoPayload"
    town.now += timedelta(hours=1)
    await count(town)
    assert await state(town) == before
    await assert_counts_are_the_facts(town)


async def test_posted_and_deleted_before_it_is_counted_leaves_nothing(town: Api) -> None:
    before = await state(town)
    await post(town, 1, 1, niches=(1,), caption="#dance")
    town.now += timedelta(minutes=3)
    answer = await delete(town, "video_1_1")
    assert answer["community"] == {"videoCount": 0, "creatorCount": 0, "viewCount": 0}
    for limit in (1, 1):
        await log.move(town.database, town.now)
        await counting.count(town.database, town.now, limit)
    assert await state(town) == before
    await assert_counts_are_the_facts(town)


async def test_its_weight_is_taken_away_as_of_when_it_counted_also_where_a_clock_was_ahead(town: Api) -> None:
    town.now += timedelta(hours=2)
    await post(town, 1, 1, niches=(1,))
    town.now += timedelta(seconds=1)
    await post(town, 1, 2, niches=(1,))
    town.now -= timedelta(hours=2)
    await count(town)
    assert len(await town.sql("select from videos_ahead")) == 2
    await assert_counts_are_the_facts(town)
    town.now += timedelta(hours=9)
    await update(town, nicheIds=["niche_2"])
    await count(town)
    await assert_counts_are_the_facts(town)
    await delete(town, "video_1_1")
    await count(town)
    await assert_counts_are_the_facts(town)
    assert [row["video_id"] for row in await town.sql("select video_id from videos_ahead")] == [2]


async def test_a_creator_counts_where_and_when_the_first_of_the_videos_that_are_left_was_posted(town: Api) -> None:
    query = '{ sound(id: "sound_1") { community { creatorCount regions { region creatorCount } growth(interval: HOUR) { newCreatorCount } } } }'

    async def counted() -> tuple[int, list[tuple[str, int]], list[int]]:
        await count(town)
        await assert_counts_are_the_facts(town)
        community = (await town.get(query))["sound"]["community"]
        regions = [(row["region"], row["creatorCount"]) for row in community["regions"]]
        return community["creatorCount"], regions, [point["newCreatorCount"] for point in community["growth"]][-3:]

    for region in ("DE", "FR", "IT"):
        await post(town, 1, 1, region=region)
        town.now += timedelta(hours=1)
    assert await counted() == (1, [("DE", 1)], [1, 0, 0])
    await delete(town, "video_1_2")
    assert await counted() == (1, [("DE", 1)], [1, 0, 0])
    await delete(town, "video_1_1")
    assert await counted() == (1, [("IT", 1)], [0, 0, 1])
    await delete(town, "video_1_3")
    assert await counted() == (0, [], [0, 0, 0])
    await post(town, 1, 1, region="DE")
    assert (await counted())[:2] == (1, [("DE", 1)])


async def test_a_deleted_video_makes_room_for_the_weight_of_the_next(town: Api) -> None:
    for _ in range(3):
        await post(town, 1, 1)
    await delete(town, "video_1_1")
    await delete(town, "video_1_2")
    await post(town, 1, 1)
    (row,) = await town.sql("select weight from videos where id = 4")
    assert row["weight"] == pytest.approx(0.25)
    (row,) = await town.sql("select video_count, earlier from community_creators")
    assert tuple(row) == (2, 2)


async def test_a_video_is_deleted_once_and_by_its_creator_alone(town: Api) -> None:
    await post(town, 1, 1)
    await count(town)
    await town.sql("delete from log")
    refused = await delete(town, "video_1_1", viewer=2)
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["input", "videoId"])
    both = await asyncio.gather(*(delete(town, "video_1_1") for _ in range(3)))
    assert sorted(answer["__typename"] for answer in both) == ["DeleteVideoPayload", "NotFound", "NotFound"]
    ((event, body),) = await events(town)
    assert event == "VIDEO_REMOVED"
    assert body == {
        "sound_id": 1,
        "video_id": 1,
        "creator_id": 1,
        "age": 0,
        "region": "DE",
        "weight": body["weight"],
        "trusted": True,
        "new_creator": True,
        "niche_ids": [],
        "hashtags": [],
        "view_count": 0,
        "heir": None,
    }


async def test_a_repeated_deletion_with_a_key_gets_the_first_answer_again(town: Api) -> None:
    await post(town, 1, 1)
    first, second = [await delete(town, "video_1_1", idempotencyKey="k") for _ in range(2)]
    assert first == second
    refused = await delete(town, "video_1_2", idempotencyKey="k")
    assert refused["__typename"] == "IdempotencyRefused"
    assert (await delete(town, "video_1_2", idempotencyKey=""))["__typename"] == "InvalidInput"


async def test_posts_and_deletions_of_one_creator_at_once_leave_exact_counts(town: Api) -> None:
    for _ in range(4):
        await post(town, 1, 1)
    await asyncio.gather(
        *(delete(town, f"video_1_{number}") for number in range(1, 5)), *(post(town, 1, 1) for _ in range(3))
    )
    await count(town)
    await assert_counts_are_the_facts(town)


async def test_a_video_is_counted_in_the_payload_of_its_posting(town: Api) -> None:
    about = {"soundId": "sound_1", "caption": "", "durationMs": 1000}
    for videos in (1, 2):
        posted = await do(town, "postVideo", "community { videoCount creatorCount }", viewer=1, **about)
        assert posted["community"] == {"videoCount": videos, "creatorCount": 1}


async def test_what_a_video_says_and_is_about_is_changed(town: Api) -> None:
    await post(town, 1, 1, niches=(1, 2), caption="#dance #rain")
    await count(town)
    await town.sql("delete from log")
    town.now += timedelta(days=1)
    changed = await update(town, caption="now #rain and #tin", nicheIds=["niche_2", "niche_3"])
    assert changed["video"] == {
        "caption": "now #rain and #tin",
        "hashtags": [{"name": "rain"}, {"name": "tin"}],
        "niches": [{"slug": "comedy"}, {"slug": "diy"}],
    }
    await update(town, caption="now #rain and #tin", nicheIds=["niche_2", "niche_3"])
    ((event, body),) = await events(town)
    assert event == "VIDEO_CHANGED"
    assert (body["niche_ids"], body["before"]) == ([2, 3], {"niche_ids": [1, 2], "hashtags": ["dance", "rain"]})
    await count(town)
    await assert_counts_are_the_facts(town)
    assert [tuple(row) for row in await town.sql("select niche_id, video_count from community_niches order by 1")] == [
        (1, 0),
        (2, 1),
        (3, 1),
    ]
    assert (await town.get('{ hashtag(name: "dance") { videoCount videos { edges { node { id } } } } }'))[
        "hashtag"
    ] == {
        "videoCount": 0,
        "videos": {"edges": []},
    }


async def test_what_is_left_out_of_a_change_stays(town: Api) -> None:
    await post(town, 1, 1, niches=(1,), caption="#dance")
    assert (await update(town, nicheIds=[]))["video"] == {
        "caption": "#dance",
        "hashtags": [{"name": "dance"}],
        "niches": [],
    }
    assert (await update(town, caption="hello"))["video"] == {"caption": "hello", "hashtags": [], "niches": []}


async def test_a_change_that_is_not_allowed_leaves_everything_as_it_was(town: Api) -> None:
    await post(town, 1, 1)
    await town.sql("delete from outbox")
    for viewer, change, refusal, path in (
        (2, {"caption": "mine"}, "NotFound", "videoId"),
        (1, {"caption": "x" * 2201}, "InvalidInput", "caption"),
        (1, {"nicheIds": ["niche_99"]}, "NotFound", "nicheIds"),
        (1, {"nicheIds": [f"niche_{n}" for n in range(1, 5)]}, "InvalidInput", "nicheIds"),
        (1, {"caption": "", "idempotencyKey": ""}, "InvalidInput", "idempotencyKey"),
    ):
        answer = await update(town, viewer=viewer, **change)
        assert (answer["__typename"], answer["path"]) == (refusal, ["input", path])
    assert await events(town) == []


async def rename(api: Api, viewer: int = 1, **change: Any) -> Any:
    shown = "viewer { user { handle displayName bio region kind avatarUrl } }"
    return await do(api, "updateProfile", shown, viewer=viewer, **change)


async def test_a_profile_is_changed_and_what_is_left_out_stays(town: Api) -> None:
    changed = await rename(town, bio=" hello ", kind="COMMERCIAL", avatarUrl="https://example.org/a.png")
    assert changed["viewer"]["user"] == {
        "handle": "user1",
        "displayName": "User",
        "bio": "hello",
        "region": "DE",
        "kind": "COMMERCIAL",
        "avatarUrl": "https://example.org/a.png",
    }
    await rename(town, bio="hello", region="DE")
    await rename(town)
    assert await events(town) == [("PROFILE_CHANGED", {"user_id": 1})]
    assert (await rename(town, bio="", displayName="Ann", region="FR"))["viewer"]["user"]["bio"] == ""


async def test_a_handle_is_exchanged_and_the_old_one_is_free(town: Api) -> None:
    assert (await rename(town, handle="New.Name"))["viewer"]["user"]["handle"] == "new.name"
    found = await town.get(
        '{ old: user(by: {handle: "user1"}) { id } new: user(by: {handle: "new.name"}) { id } search(query: "new.name") { edges { node { ... on User { id } } } } }'
    )
    assert found == {"old": None, "new": {"id": "user_1"}, "search": {"edges": [{"node": {"id": "user_1"}}]}}
    assert (await rename(town, viewer=2, handle="user1"))["viewer"]["user"]["handle"] == "user1"
    taken = await rename(town, handle="user1")
    assert (taken["__typename"], taken["path"]) == ("AlreadyTaken", ["input", "handle"])
    assert len(await town.sql("select from handles")) == 90


async def test_handles_that_are_changed_at_once_leave_one_claim_each(town: Api) -> None:
    await asyncio.gather(*(rename(town, handle=f"name{number % 4}", viewer=1 + number % 2) for number in range(12)))
    assert await town.sql("select handle, user_id from handles except select handle, id from users") == []
    assert len(await town.sql("select from handles")) == 90


async def test_a_profile_that_is_not_allowed_stays_as_it_was(town: Api) -> None:
    for path, value in (("handle", "x"), ("handle", "not this"), ("displayName", " "), ("bio", "x" * 501)):
        refused = await rename(town, 1, **({"region": "FR"} | {path: value}))
        assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["input", path])
    assert await events(town) == []
    first, second = [await rename(town, bio="once", idempotencyKey="k") for _ in range(2)]
    assert first == second
    assert (await rename(town, bio="twice", idempotencyKey="k"))["__typename"] == "IdempotencyRefused"
