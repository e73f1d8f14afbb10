"""Whatever people do, in whatever order, and however the worker counts it: every stored count is what the facts say."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from events import log
from tests.ask import Api
from tests.trending.scene import arrange, assert_counts_are_the_facts
from trending import counting, recount

USERS, SOUNDS = 8, 3
TAGS = ["#dance", "#rain", "#hamburg", "hello"]

Act = Callable[["Crowd"], Awaitable[None]]


class Crowd:
    """People who do at random what can be done."""

    def __init__(self, api: Api, seed: int) -> None:
        self.api = api
        self.random = random.Random(seed)
        self.done: set[str] = set()
        self.refused: set[str] = set()

    async def ask(self, field: str, viewer: int | None = None, **wish: Any) -> None:
        """Does something as somebody, and keeps what was done and what was refused."""
        name = f"{field[0].upper()}{field[1:]}"
        query = f"mutation ($input: {name}Input!) {{ {field}(input: $input) {{ __typename }} }}"
        answer = await self.api.get(query, viewer=viewer or self.random.randint(1, USERS), input=wish)
        (self.done if answer[field]["__typename"] == f"{name}Payload" else self.refused).add(field)

    async def pick(self, query: str) -> str | None:
        """The id of one of these rows."""
        rows = await self.api.sql(query)
        return self.random.choice(rows)[0] if rows else None

    def user(self) -> str:
        return f"user_{self.random.randint(1, USERS)}"

    def sound(self) -> str:
        return f"sound_{self.random.randint(1, SOUNDS)}"

    def on(self) -> bool:
        return self.random.random() < 0.6

    def caption(self) -> str:
        return " ".join(self.random.sample(TAGS, self.random.randint(0, 3)))

    def niches(self) -> list[str]:
        return [f"niche_{niche}" for niche in self.random.sample(range(1, 5), self.random.randint(0, 3))]


VIDEOS = "select 'video_' || sound_id || '_' || id from videos"
COMMENTS = """select 'videocomment_' || sound_id || '_' || id from video_comments
union all select 'trackcomment_' || track_id || '_' || id from track_comments"""
OWN_COMMENTS = """select 'videocomment_' || sound_id || '_' || id || ' ' || author_id from video_comments
union all select 'trackcomment_' || track_id || '_' || id || ' ' || author_id from track_comments"""
OWN_VIDEOS = "select 'video_' || sound_id || '_' || id || ' ' || creator_id from videos"


async def posts(crowd: Crowd) -> None:
    region = crowd.random.choice(["DE", "FR", "ZZ"])
    about = {"caption": crowd.caption(), "region": region, "nicheIds": crowd.niches()}
    await crowd.ask("postVideo", None, soundId=crowd.sound(), durationMs=9000, **about)


async def changes(crowd: Crowd) -> None:
    if found := await crowd.pick(OWN_VIDEOS):
        video, creator = found.split()
        wishes: list[dict[str, Any]] = [{"caption": crowd.caption()}, {"nicheIds": crowd.niches()}]
        await crowd.ask("updateVideo", int(creator), videoId=video, **crowd.random.choice(wishes))


async def deletes(crowd: Crowd) -> None:
    if found := await crowd.pick(OWN_VIDEOS):
        video, creator = found.split()
        await crowd.ask("deleteVideo", int(creator), videoId=video)


async def likes(crowd: Crowd) -> None:
    if subject := await crowd.pick(f"{VIDEOS} union all {COMMENTS}"):
        await crowd.ask("setLike", subjectId=subject, liked=crowd.on())


async def saves(crowd: Crowd) -> None:
    await crowd.ask("setSaved", subjectId=crowd.random.choice([crowd.sound(), "track_1"]), saved=crowd.on())


async def follows(crowd: Crowd) -> None:
    subject = crowd.random.choice([crowd.user(), crowd.user(), "artist_1", "playlist_1"])
    await crowd.ask("setFollowing", subjectId=subject, following=crowd.on())


async def blocks(crowd: Crowd) -> None:
    await crowd.ask("setBlocked", userId=crowd.user(), blocked=crowd.random.random() < 0.3)


async def joins(crowd: Crowd) -> None:
    await crowd.ask("setMembership", soundId=crowd.sound(), member=crowd.on())


async def looks(crowd: Crowd) -> None:
    await crowd.ask("markCommunitySeen", soundId=crowd.sound())


async def says(crowd: Crowd) -> None:
    if subject := await crowd.pick(f"{VIDEOS} union all select 'track_1'"):
        await crowd.ask("addComment", subjectId=subject, text="so good")


async def unsays(crowd: Crowd) -> None:
    if found := await crowd.pick(OWN_COMMENTS):
        comment, author = found.split()
        await crowd.ask("deleteComment", crowd.random.choice([int(author), None]), commentId=comment)


async def shares(crowd: Crowd) -> None:
    subject = await crowd.pick(f"{VIDEOS} union all select 'sound_1' union all select 'track_1'")
    await crowd.ask("recordShare", subjectId=subject, channel="link")


async def renames(crowd: Crowd) -> None:
    await crowd.ask("updateProfile", handle=f"name{crowd.random.randint(1, 9)}")


ACTS: list[Act] = [posts, posts, posts, changes, deletes, deletes, likes, likes, likes, saves, follows, follows]
ACTS += [blocks, joins, looks, says, says, unsays, shares, renames]


async def count_some(crowd: Crowd) -> None:
    """The worker comes by: its clock may be behind that of who posted, and it takes as much as it likes."""
    now = crowd.api.now - timedelta(seconds=crowd.random.choice([0, 0, 30]))
    await log.move(crowd.api.database, now, crowd.random.randint(1, 40))
    await counting.count(crowd.api.database, now, crowd.random.randint(1, 40))


async def count_all(api: Api) -> None:
    while await log.move(api.database, api.now):
        pass
    while await counting.count(api.database, api.now):
        pass


async def set_scene(api: Api) -> None:
    await arrange(api, SOUNDS)
    # Half of them are young: their weight is counted apart.
    await api.sql("update users set joined_at = $1::timestamptz - interval '9 days' where id > $2", api.now, USERS // 2)
    await api.sql("insert into tracks (title, duration_ms) values ('A song', 180000)")
    await api.sql("insert into artists (name) values ('The Maker')")
    await api.sql("insert into playlists (title, owner_id, created_at, updated_at) values ('Mix', 1, $1, $1)", api.now)
    await api.sql("insert into user_playlists values (1, $1, 1, true)", api.now)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_count_is_what_the_facts_say(api: Api, seed: int) -> None:
    await set_scene(api)
    crowd = Crowd(api, seed)
    for act in [act for _ in range(8) for act in crowd.random.sample(ACTS, len(ACTS))]:
        api.now += timedelta(seconds=crowd.random.choice([0, 1, 60, 3600, 40_000, -3600]))
        await act(crowd)
        if crowd.random.random() < 0.15:
            await count_some(crowd)
        if crowd.random.random() < 0.03:
            assert await recount.differences(api.database, api.now) == {}
    assert len(crowd.done) == len(set(ACTS))
    assert crowd.refused
    await count_all(api)
    await assert_counts_are_the_facts(api)
