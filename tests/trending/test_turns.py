"""What is renewed in turns: neighbours by shared creators, and the scores of TOP lists with their copies."""

from datetime import timedelta
from typing import Any

from tests.ask import Api
from tests.trending.scene import arrange, later, post, settle, worker
from trending import neighbours, top_scores
from trending.neighbours import Neighbours
from trending.top_scores import TopScores


async def turn(api: Api, by: Neighbours) -> int:
    """A whole turn; returns how many steps it took."""
    steps = 1
    while await by.step(api.database, api.now):
        steps += 1
    return steps


async def found(api: Api, sound: int) -> list[tuple[int, int, float]]:
    rows = await api.sql(
        "select neighbour_id, shared_creator_count, overlap from community_neighbours where sound_id = $1"
        " order by shared_creator_count desc, neighbour_id",
        sound,
    )
    return [tuple(row) for row in rows]


async def test_neighbours_share_creators(api: Api) -> None:
    await arrange(api)
    for sound, creators in ((1, range(1, 9)), (2, range(5, 9)), (3, range(8, 12)), (4, range(20, 25))):
        for creator in creators:
            await post(api, sound, creator)
    await post(api, 2, 5)  # twice is one creator
    await settle(api)
    assert await found(api, 1) == [(2, 4, 0.5), (3, 1, 0.125)]
    assert await found(api, 2) == [(1, 4, 1.0), (3, 1, 0.25)]
    assert await found(api, 4) == []
    answer = await api.get(
        '{ node(id: "community_2") { ... on Community { neighbours { community { id } sharedCreatorCount overlap } } } }'
    )
    assert answer["node"]["neighbours"] == [
        {"community": {"id": "community_1"}, "sharedCreatorCount": 4, "overlap": 1.0},
        {"community": {"id": "community_3"}, "sharedCreatorCount": 1, "overlap": 0.25},
    ]


async def renewals(api: Api) -> dict[int, Any]:
    rows = await api.sql("select sound_id, refreshed_at from neighbour_refreshes")
    return {row["sound_id"]: row["refreshed_at"] for row in rows}


async def test_a_community_is_due_when_it_grew_by_a_tenth_or_a_day_passed(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    for creator in range(1, 21):
        await post(api, 1, creator)
        await post(api, 2, creator)
    await settle(api, by)
    begin = api.now
    assert await renewals(api) == {1: begin, 2: begin}
    await post(api, 1, 21)
    await later(api, by, seconds=120)
    assert await renewals(api) == {1: begin, 2: begin}  # 21 is not yet a tenth more
    await post(api, 1, 22)
    await later(api, by, seconds=120)
    assert await renewals(api) == {1: begin + timedelta(seconds=240), 2: begin}
    await later(api, by, seconds=24 * 3600)
    assert (await renewals(api))[2] == api.now


async def test_a_step_is_bounded_and_a_turn_reaches_every_community(api: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(neighbours, "LOOKED_AT", 3)
    monkeypatch.setattr(neighbours, "CONSIDERED", 10)
    await arrange(api, sounds=12)
    for sound in range(1, 13):
        for creator in range(1, 7):
            await post(api, sound, creator)
    while await worker(api).step():
        pass
    await api.sql("truncate neighbour_refreshes, community_neighbours")
    by = Neighbours()
    assert await turn(api, by) == 12  # six creators each: never two in a step
    assert sorted(await renewals(api)) == list(range(1, 13))
    assert [neighbour for neighbour, _, _ in await found(api, 7)] == [sound for sound in range(1, 13) if sound != 7]
    assert await turn(api, by) == 5  # none is due: a look at three a step, and at nothing


async def test_only_the_newest_creators_and_videos_are_considered(api: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(neighbours, "CREATORS", 4)
    monkeypatch.setattr(neighbours, "VIDEOS", 2)
    await arrange(api)
    for creator in range(1, 9):
        api.now += timedelta(seconds=1)
        await post(api, 2 if creator <= 4 else 3, creator)
        api.now += timedelta(seconds=1)
        await post(api, 1, creator)
    api.now += timedelta(seconds=1)
    await post(api, 4, 8)
    await settle(api)
    # Creators 5 to 8; of the last only the two newest videos, on 1 and 4.
    assert await found(api, 1) == [(3, 3, 0.75), (4, 1, 0.25)]


async def scores(api: Api) -> list[list[tuple[Any, ...]]]:
    """The scores of videos and of their copies, and whether each is what the formula gives."""
    return [
        [tuple(row) for row in await api.sql(sql)]
        for sql in (
            """select sound_id, id, top_score = top_score(like_count, comment_count, share_count, view_count, created_at) from videos order by 1, 2""",
            """select n.sound_id, n.video_id, n.top_score = v.top_score from video_niches n join videos v on v.sound_id = n.sound_id and v.id = n.video_id
                order by 1, 2, niche_id""",
            """select h.sound_id, h.video_id, h.top_score = v.top_score from hashtag_videos h join videos v on v.sound_id = h.sound_id and v.id = h.video_id
                order by 1, 2, hashtag""",
        )
    ]


async def test_top_scores_follow_the_counts_and_so_do_their_copies(api: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(top_scores, "PAGE", 4)
    await arrange(api)
    for number in range(10):
        await post(api, 1 + number % 3, 1 + number, niches=(1, 2), caption="#rain #wind")
    await api.sql(
        "update videos set like_count = id * 10, comment_count = 3, share_count = 1, view_count = 5000 where id % 2 = 0"
    )
    assert not all(right for _, _, right in (await scores(api))[0])
    by, steps = TopScores(), 1
    while await by.step(api.database):
        steps += 1
    assert steps == 3  # pages of four
    of_videos, of_niches, of_hashtags = await scores(api)
    assert (len(of_videos), len(of_niches), len(of_hashtags)) == (10, 20, 20)
    assert all(right for column in (of_videos, of_niches, of_hashtags) for _, _, right in column)
    assert await top_scores.renew(api.database, [(sound, video) for sound, video, _ in of_videos]) == 0


async def test_the_newest_videos_are_renewed_within_a_minute(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await post(api, 1, 1)
    await settle(api, by)
    await api.sql("update videos set like_count = 1000000")
    await later(api, by, seconds=60)
    assert await scores(api) == [[(1, 1, True)], [], []]


async def test_the_formula_of_top(api: Api) -> None:
    async def score(*counts: int, days: int = 0) -> float:
        (row,) = await api.sql("select top_score($1, $2, $3, $4, $5)", *counts, api.now + timedelta(days=days))
        return float(row[0])

    nothing = await score(0, 0, 0, 0)
    assert await score(0, 0, 0, 0, days=30) - nothing == 1
    assert await score(0, 0, 0, 10) < await score(1, 0, 0, 0) < await score(0, 1, 0, 0) < await score(0, 0, 1, 0)
    assert await score(1_000_000, 0, 0, 0) > await score(100, 0, 0, 0, days=180)


async def test_an_artist_s_top_sounds_are_those_with_most_videos(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await api.sql("insert into artists (name) values ('Somebody')")
    await api.sql("insert into artist_sounds (artist_id, sound_id) select 1, n from generate_series(1, 3) n")
    for sound, creators in ((1, 2), (2, 5), (3, 3)):
        for creator in range(1, creators + 1):
            await post(api, sound, creator)
    await settle(api, by)
    await later(api, by, seconds=61)
    rows = await api.sql("select sound_id, top_score from artist_sounds where artist_id = 1 order by top_score desc")
    assert [tuple(row) for row in rows] == [(2, 5), (3, 3), (1, 2)]
