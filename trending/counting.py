"""Counts a batch of the log: what pages show and what charts are read from, and how far it got, in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from db.database import Database, Transaction
from trending.counters import Sums, Uses, sum_by_scope, sum_by_sound

CONSUMER = "counts"
BATCH = 2000  # facts; the rows that they count on stay locked for about 150 ms
KEYS = 4000  # counters a statement: encoding so many takes the loop 10 ms
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Overtaken(Exception):
    """Another worker did this step meanwhile; nothing was written."""


async def count(database: Database, now: datetime, limit: int = BATCH) -> int:
    """Counts the facts after the stored position, at most `limit`; returns how many. Raises Overtaken where the position moved meanwhile."""
    position: int = await database.consumer_position(CONSUMER)
    end: int = min((await database.log_head())["sequence"], position + limit)
    if end <= position:
        return 0
    videos = await database.videos_posted(position, end)
    sums = await asyncio.to_thread(_sums, videos) if videos else None
    async with database.transaction() as tx:
        # First of all: whoever else believes to be the worker waits here, and then finds the position gone.
        if await tx.advance_consumer(CONSUMER, position, end) is None:
            raise Overtaken(Overtaken.__doc__)
        if sums is not None:
            await _add_counts(tx, videos)
            await add_sums(tx, *sums, now)
    return end - position


def _sums(videos: Sequence[Any]) -> tuple[Sums, Sums]:
    uses = Uses(
        sounds=np.array([video["sound_id"] for video in videos], dtype=np.int64),
        regions=[video["region"] for video in videos],
        niches=[video["niche_ids"] for video in videos],
        # A clock that is ahead must not count for later: the log knows when the fact was there.
        at=np.array([microseconds(min(video["occurred_at"], video["logged_at"])) for video in videos], dtype=np.int64),
        weights=np.array([video["weight"] for video in videos]),
        trusted=np.array([video["trusted"] for video in videos], dtype=np.bool_),
        signs=np.ones(len(videos), dtype=np.int64),
    )
    return sum_by_sound(uses), sum_by_scope(uses)


def microseconds(time: datetime) -> int:
    """Since 1970."""
    return (time - EPOCH) // MICROSECOND


async def _add_counts(tx: Transaction, videos: Sequence[Any]) -> None:
    sounds, ids, creators, regions, times, new = (
        [video[column] for video in videos]
        for column in ("sound_id", "video_id", "creator_id", "region", "occurred_at", "new_creator")
    )
    niches = [(video["sound_id"], niche, video["occurred_at"]) for video in videos for niche in video["niche_ids"]]
    hashtags = [name for video in videos for name in video["hashtags"]]
    await tx.update_in_order()
    await tx.add_sound_videos(sounds, ids, creators, times, new)
    await tx.add_user_videos(creators)
    await tx.add_community_regions(sounds, regions, new, times)
    await tx.add_community_growth(sounds, times, new)
    if niches:
        await tx.add_community_niches(*zip(*niches, strict=True))
    if hashtags:
        await tx.add_hashtag_videos(hashtags)
        new = [row["name"] for row in await tx.undocumented_hashtags(list(set(hashtags)))]
        if new:
            await tx.index_documents("HASHTAG", new)


async def add_sums(tx: Transaction, by_sound: Sums, by_scope: Sums, now: datetime) -> None:
    """Adds what a batch adds to the counters of sounds and of scopes, and takes what it takes: each key once, in the keys' order."""
    for sums, run in zip(by_sound.split(), (tx.add_trend_counters, tx.take_trend_counters), strict=True):
        for part in sums.parts(KEYS):
            await run(part.sounds.tolist(), *_scopes(part), *part.young.T.tolist(), *_numbers(part))
    for sums, run in zip(by_scope.split(), (tx.add_trend_scopes, tx.take_trend_scopes), strict=True):
        if len(sums):
            await run(*_scopes(sums), sums.trusted_videos.tolist(), now)


def _scopes(sums: Sums) -> tuple[list[Any], ...]:
    times = [EPOCH + at * MICROSECOND for at in sums.at.tolist()]
    return sums.regions, sums.niches.tolist(), times, *sums.trusted.T.tolist()


def _numbers(sums: Sums) -> tuple[list[int], list[int]]:
    return sums.trusted_videos.tolist(), sums.young_videos.tolist()
