"""Counts a batch of the log: what pages show and what charts are read from, and how far it got, in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from db.database import Database, Named, Transaction
from trending.counters import Sums, Uses, sum_by_scope, sum_by_sound
from trending.tally import CHANGED, COUNTED, POSTED, Body, Key, Part, Tally, parts, tally

CONSUMER = "counts"
BATCH = 2000  # facts; the rows that they count on stay locked for about 150 ms
KEYS = 4000  # counters a statement: encoding so many takes the loop 10 ms
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Counts(NamedTuple):
    """The counts of a table: the query that adds to them, and its columns in the query's order."""

    add: str
    columns: tuple[str, ...]


# In the order in which they are written.
COUNTS = {
    "sounds": Counts(
        "add_to_sounds",
        ("video_count", "creator_count", "view_count", "member_count", "save_count", "share_count"),
    ),
    "users": Counts("add_to_users", ("video_count", "follower_count", "following_count")),
    "artists": Counts("add_to_artists", ("follower_count",)),
    "tracks": Counts("add_to_tracks", ("save_count",)),
    "playlists": Counts("add_to_playlists", ("follower_count",)),
    "videos": Counts("add_to_videos", ("like_count", "comment_count", "share_count")),
    "video_comments": Counts("add_to_video_comments", ("like_count",)),
    "track_comments": Counts("add_to_track_comments", ("like_count",)),
    "hashtags": Counts("add_to_hashtags", ("video_count",)),
    "community_niches": Counts("add_to_community_niches", ("video_count",)),
    "community_regions": Counts("add_to_community_regions", ("video_count", "creator_count")),
    "community_growth": Counts("add_to_community_growth", ("video_count", "new_creator_count")),
}


class Overtaken(Exception):
    """Another worker did this step meanwhile; nothing was written."""


async def count(database: Database, now: datetime, limit: int = BATCH) -> int:
    """Counts the facts after the stored position, at most `limit`; returns how many. Raises Overtaken where the position moved meanwhile."""
    position: int = await database.consumer_position(CONSUMER)
    end: int = min((await database.log_head())["sequence"], position + limit)
    if end <= position:
        return 0
    facts = await database.facts_to_count(position, end, COUNTED)
    times = Times(facts)
    await times.remember(database)
    counts, weights = await asyncio.to_thread(sums, facts, times)
    async with database.transaction() as tx:
        # First of all: whoever else believes to be the worker waits here, and then finds the position gone.
        if await tx.advance_consumer(CONSUMER, position, end) is None:
            raise Overtaken(Overtaken.__doc__)
        await tx.update_in_order()
        await add_counts(tx, counts)
        if weights is not None:
            await times.keep(tx)
            await add_sums(tx, *weights, now)
    return end - position


class Times:
    """When the videos of a batch count: when they were posted, or if a clock was ahead when the log had them.

    Those of the second kind are kept until they are removed: what they added is taken away as of the time at which it was added.
    """

    def __init__(self, facts: Sequence[Any]) -> None:
        self._ahead = {
            _video(fact["body"]): fact["logged_at"]
            for fact in facts
            if fact["type"] == "VIDEO_POSTED" and fact["occurred_at"] > fact["logged_at"]
        }
        self._known: dict[tuple[int, int], datetime] = {}
        self._asked = [_video(fact["body"]) for fact in facts if fact["type"] in CHANGED]
        self._gone = [_video(fact["body"]) for fact in facts if fact["type"] == "VIDEO_REMOVED"]

    async def remember(self, database: Named) -> None:
        """Reads the times of those that were counted earlier."""
        if self._asked:
            rows = await database.videos_ahead(*zip(*self._asked, strict=True))
            self._known = {(row["sound_id"], row["video_id"]): row["counts_at"] for row in rows}

    @property
    def videos(self) -> set[tuple[int, int]]:
        """Those whose time is kept, or was."""
        return {*self._ahead, *self._known}

    def of(self, body: Body) -> datetime:
        """When this video counts."""
        key = _video(body)
        return self._ahead.get(key) or self._known.get(key) or body["at"]

    async def keep(self, tx: Transaction) -> None:
        """Writes what is to be known later, and no more."""
        if self._ahead:
            await tx.keep_videos_ahead(*zip(*self._ahead, strict=True), list(self._ahead.values()))
        if self._gone:
            await tx.forget_videos_ahead(*zip(*self._gone, strict=True))


def _video(body: Body) -> tuple[int, int]:
    return body["sound_id"], body["video_id"]


def sums(facts: Sequence[Any], times: Times) -> tuple[Tally, tuple[Sums, Sums] | None]:
    """What these facts add: to the counts, and to the counters of sounds and of scopes where there are videos among them."""
    found = [part for fact in facts for part in parts(fact)]
    videos = [part for part in found if part.rules is POSTED]
    return tally(found), _weights(videos, times) if videos else None


def _weights(videos: Sequence[Part], times: Times) -> tuple[Sums, Sums]:
    bodies = [video.body for video in videos]
    uses = Uses(
        sounds=np.array([body["sound_id"] for body in bodies], dtype=np.int64),
        regions=[body["region"] for body in bodies],
        niches=[body["niche_ids"] for body in bodies],
        at=np.array([microseconds(times.of(body)) for body in bodies], dtype=np.int64),
        weights=np.array([body["weight"] for body in bodies]),
        trusted=np.array([body["trusted"] for body in bodies], dtype=np.bool_),
        signs=np.array([video.sign for video in videos], dtype=np.int64),
    )
    return sum_by_sound(uses), sum_by_scope(uses)


def microseconds(time: datetime) -> int:
    """Since 1970."""
    return (time - EPOCH) // MICROSECOND


async def add_counts(tx: Transaction, counts: Tally) -> None:
    """Adds these sums to the counts, each row once, in the keys' order."""
    for table in COUNTS:
        await add(tx, table, counts.get(table, {}))
    hashtags = [name for (name,) in counts.get("hashtags", {})]
    new = [row["name"] for row in await tx.undocumented_hashtags(hashtags)] if hashtags else []
    if new:
        await tx.index_documents("HASHTAG", new)


async def add(tx: Transaction, table: str, rows: Mapping[Key, Mapping[str, int]]) -> None:
    """Adds these sums to the counts of one table."""
    keys = sorted(rows)
    if keys:
        query, columns = COUNTS[table]
        amounts = [[rows[key].get(column, 0) for key in keys] for column in columns]
        await getattr(tx, query)(*map(list, zip(*keys, strict=True)), *amounts)


async def add_sums(tx: Transaction, by_sound: Sums, by_scope: Sums, now: datetime) -> None:
    """Adds what a batch adds to the counters of sounds and of scopes, or takes from them: each key once, in the keys' order."""
    for part in by_sound.parts(KEYS):
        await tx.add_trend_counters(part.sounds.tolist(), *_scopes(part), *part.young.T.tolist(), *_numbers(part))
    await tx.add_trend_scopes(*_scopes(by_scope), by_scope.trusted_videos.tolist(), now)


def _scopes(sums: Sums) -> tuple[list[Any], ...]:
    times = [EPOCH + at * MICROSECOND for at in sums.at.tolist()]
    return sums.regions, sums.niches.tolist(), times, *sums.trusted.T.tolist()


def _numbers(sums: Sums) -> tuple[list[int], list[int]]:
    return sums.trusted_videos.tolist(), sums.young_videos.tolist()
