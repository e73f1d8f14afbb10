"""Erases in turns what is gone: what stood under a video, and who deleted the account. Killed anywhere it goes on."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.database import Database
from trending import notifying
from trending.moderate import turn

ROWS = 1000  # a transaction
SLICE = 20_000  # of the log, a transaction
VIDEOS = 100  # at a time
SECONDS = 0.5  # at a time, so that counting never waits for long
LEAST = 0.1  # … of them for a person, however long videos took
# Of a video:
VIDEO_STEPS = ("erase_likes_of_videos", "erase_shares_of_videos", "erase_plays_of_videos")
# Of a person, first what counts, with its events:
COUNTED_STEPS = (
    "erase_video_likes",
    "erase_video_comment_likes",
    "erase_track_comment_likes",
    "erase_saved_sounds",
    "erase_saved_tracks",
    "erase_follows",
    "erase_artist_follows",
    "erase_playlist_follows",
    "erase_memberships",
    "erase_playlists",
)
# Then what is left:
STEPS = (
    "erase_blocks",
    "erase_collaborations",
    "erase_additions",
    "erase_sound_names",
    "erase_shares",
    "erase_reports",
    "erase_plays",
    "erase_comments",
    "erase_videos",
)
# The parts of an event's body that are somebody.
NAMES = [
    "actor_id",
    "author_id",
    "blocked_id",
    "by_id",
    "creator_id",
    "followed_id",
    "notified_id",
    "owner_id",
    "reporter_id",
    "user_id",
]


async def step(database: Database, now: datetime) -> bool:
    """Erases for some time; True where more is to be done."""
    until = time.monotonic() + SECONDS
    videos_left = await _erase_what_stood_under_videos(database, until)
    return await _erase_person(database, now, until) or videos_left


async def _erase_what_stood_under_videos(database: Database, until: float) -> bool:
    while rows := await database.videos_to_erase(VIDEOS):
        videos = _columns(rows)
        for name in VIDEO_STEPS:
            if not await _repeat(database, name, *videos, ROWS, until=until):
                return True
        if not await _erase_comments(database, videos, until):
            return True
        await database.finish_video_erasures(*videos)
        if time.monotonic() > until:
            return True
    return False


async def _erase_comments(database: Database, videos: Sequence[Any], until: float) -> bool:
    # Some comments at a time, each after who liked it; False where the time is over.
    while rows := await database.comments_to_erase(*videos, ROWS):
        comments = _columns(rows)
        if not await _repeat(database, "erase_likes_of_comments", *comments, ROWS, until=until):
            return False
        await database.erase_these_comments(*comments)
        if time.monotonic() > until:
            return False
    return True


def _columns(rows: Sequence[Any]) -> Sequence[Any]:
    return list(zip(*rows, strict=True))


async def _erase_person(database: Database, now: datetime, until: float) -> bool:
    # As far as the counts follow, then the rest, at last the name in the log.
    await database.see_erasures()
    user_id: int | None = await database.erasure_due()
    if user_id is None:
        return False
    if not await turn(database, user_id, now, hidden=True, seconds=max(LEAST, until - time.monotonic())):
        return True
    for name in COUNTED_STEPS:
        if not await _repeat(database, name, user_id, ROWS, now, until=until):
            return True
    if await _waits(database, user_id):
        return True
    if not await notifying.forget(database, user_id, until):
        return True
    for name in STEPS:
        if not await _repeat(database, name, user_id, ROWS, now, until=until):
            return True
    while await _erase_slice(database, user_id):
        if time.monotonic() > until:
            return True
    await database.forget_words(await database.words_of_user(user_id))
    async with database.transaction() as tx:
        await tx.finish_erasure(user_id)
    return True


async def _repeat(database: Database, name: str, *args: Any, until: float) -> bool:
    # Until nothing is left; False where the time is over before.
    while True:
        async with database.transaction() as tx:
            if await getattr(tx, name)(*args) == 0:
                return True
        if time.monotonic() > until:
            return False


async def _erase_slice(database: Database, user_id: int) -> bool:
    async with database.transaction() as tx:
        return await tx.erase_from_log(user_id, NAMES, SLICE) is not None


async def _waits(database: Database, user_id: int) -> bool:
    waits: bool = await database.erasure_waits(user_id, NAMES)
    return waits
