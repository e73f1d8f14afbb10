"""Erases who deleted the account: first what counts, with its events, then what is left, at last the name in the log. Killed anywhere it goes on."""

import time
from datetime import datetime

from db.database import Database
from trending import notifying
from trending.moderate import turn

ROWS = 1000  # a transaction
SLICE = 20_000  # of the log, a transaction
SECONDS = 0.5  # at a time, so that counting never waits for long
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
    """Erases as far as the counts follow; True where more is to be done."""
    user_id: int | None = await database.erasure_due()
    if user_id is None:
        return False
    await turn(database, user_id, now, hidden=True)
    for name in COUNTED_STEPS:
        await _repeat(database, name, user_id, now)
    if await _waits(database, user_id):
        return True
    for name in STEPS:
        await _repeat(database, name, user_id, now)
    await notifying.forget(database, user_id)
    until = time.monotonic() + SECONDS
    while await _erase_slice(database, user_id):
        if time.monotonic() > until:
            return True
    async with database.transaction() as tx:
        await tx.finish_erasure(user_id)
    return True


async def _repeat(database: Database, name: str, user_id: int, now: datetime) -> None:
    more = True
    while more:
        async with database.transaction() as tx:
            more = await getattr(tx, name)(user_id, ROWS, now) > 0


async def _erase_slice(database: Database, user_id: int) -> bool:
    async with database.transaction() as tx:
        return await tx.erase_from_log(user_id, NAMES, SLICE) is not None


async def _waits(database: Database, user_id: int) -> bool:
    waits: bool = await database.erasure_waits(user_id, NAMES)
    return waits
