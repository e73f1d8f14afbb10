"""What stood under a video that is gone: nobody reaches it any more, and the worker erases it in turns."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.ask import Api
from tests.test_video_change import delete
from tests.test_wishes import count, wish
from tests.trending.scene import arrange, assert_counts_are_the_facts, post
from tests.until import until
from trending import erasure, plays

UNDER = {
    "video_likes": "video_id",
    "video_comments": "video_id",
    "shares": "subject_id",
    "play_hours": "subject_id",
    "video_erasures": "video_id",
}


@pytest.fixture
async def town(api: Api) -> Api:
    """Two videos of creator 1, each liked by 7, commented on 3 times (each liked twice, one hidden), shared once, and played twice, an hour of it a sum."""
    await arrange(api)
    await plays.keep(api.database, api.now, 0)
    for _ in range(2):
        await post(api, 1, 1)
    await count(api)
    for statement in SCENE:
        await api.sql(statement.replace("now()", f"timestamptz '{api.now.isoformat()}'"))
    return api


SCENE = (
    "insert into video_likes select 1, v, u, now() from generate_series(1, 2) v, generate_series(2, 8) u",
    """insert into video_comments (sound_id, id, video_id, author_id, text, created_at, hidden)
    select 1, 10 * v + c, v, 20 + c, 'x', now(), c = 1 from generate_series(1, 2) v, generate_series(1, 3) c""",
    "update users set status = 'SUSPENDED' where id = 21",
    "insert into video_comment_likes select 1, id, u, now() from video_comments, generate_series(5, 6) u",
    "update video_comments set like_count = 2",
    "insert into shares (subject_kind, subject_id, sound_id, user_id, channel, created_at) select 'VIDEO', v, 1, 3, 'link', now() from generate_series(1, 2) v",
    "insert into plays select 4, now(), v::text, 'VIDEO', v, 1, 100 from generate_series(1, 2) v",
    "insert into play_hours select subject_id, subject_kind, date_trunc('hour', played_at), sound_id, 1, 1 from plays",
    "update videos set like_count = 7, comment_count = 2, share_count = 1, view_count = 2",
    "update sounds set view_count = 4 where id = 1",
)


async def under(api: Api, video: int) -> dict[str, int]:
    return {
        table: (await api.sql(f"select count(*) from {table} where {column} = $1", video))[0][0]
        for table, column in UNDER.items()
    }


async def finish(api: Api) -> int:
    turns = 1
    while await erasure.step(api.database, api.now):
        turns += 1
    return turns


async def test_what_stood_under_it_is_out_of_reach_at_once_and_erased_in_turns(
    town: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "ROWS", 2)
    monkeypatch.setattr(erasure, "SECONDS", 0)
    other = await under(town, 2)
    assert (await delete(town, "video_1_1"))["__typename"] == "DeleteVideoPayload"
    assert await under(town, 1) == {
        "video_likes": 7,
        "video_comments": 3,
        "shares": 1,
        "play_hours": 1,
        "video_erasures": 1,
    }
    for field, wished in (("setLike", "videocomment_1_12"), ("setLike", "video_1_1")):
        assert (await wish(town, field, wished, viewer=9))["__typename"] == "NotFound"
    assert (await town.get('{ nodes(ids: ["videocomment_1_12", "video_1_1"]) { id } }'))["nodes"] == [None, None]
    await count(town)
    await erasure.step(town.database, town.now)
    assert (await under(town, 1))["video_likes"] == 5
    await assert_counts_are_the_facts(town)  # half erased
    # A turn ends after its first transaction that found something: the likes alone take four.
    assert await finish(town) > 8
    assert await under(town, 1) == dict.fromkeys(UNDER, 0)
    assert await under(town, 2) == other
    assert len(await town.sql("select from video_comment_likes")) == 6
    await assert_counts_are_the_facts(town)


async def test_the_statements_of_a_deletion_are_as_many_for_many_likes_and_touch_none(town: Api) -> None:
    rows = "select xmin::text, xmax::text, * from video_likes"
    before = await town.sql(rows)
    first = await town.ask(DELETE, viewer=1, id="video_1_1")
    assert await town.sql(rows) == before
    await town.sql("delete from video_likes")
    second = await town.ask(DELETE, viewer=1, id="video_1_2")
    assert first.statements == second.statements


DELETE = "mutation ($id: ID!) { deleteVideo(input: {videoId: $id}) { __typename } }"


async def test_a_like_that_is_on_its_way_is_erased_too(town: Api) -> None:
    async with town.database.transaction() as tx:
        assert await tx.like_video(30, 1, 1, town.now)
        deleting = asyncio.create_task(delete(town, "video_1_1"))
        await until(lambda: town.sql("select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"))  # fmt: skip
        assert not deleting.done()
    await deleting
    assert (await under(town, 1))["video_likes"] == 8
    await finish(town)
    assert await under(town, 1) == dict.fromkeys(UNDER, 0)


async def test_plays_of_a_video_that_is_gone_become_no_sum(town: Api) -> None:
    await delete(town, "video_1_1")
    await finish(town)
    town.now += timedelta(days=5)
    while await plays.keep(town.database, town.now, 1):
        pass
    rows: Any = await town.sql("select subject_id from play_hours")
    assert {row["subject_id"] for row in rows} == {2}
    assert not await town.sql("select from plays")
