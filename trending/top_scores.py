"""Keeps the scores that TOP lists are ordered by: of new videos soon, of all others in turns; live counts are never indexed."""

from collections.abc import Sequence

from db.database import Database

PAGE = 2000
NEWEST = 5000  # videos, among as many facts: most likes go to what is new


class TopScores:
    """The turns over all videos, and over the sounds of all artists."""

    def __init__(self) -> None:
        self._video = (0, 0)
        self._artist_sound = (0, 0)

    async def step(self, database: Database) -> bool:
        """Renews the next page of each; False where both turns have come to their end."""
        videos = await self._renew_videos(database)
        sounds = await self._renew_sounds(database)
        return videos or sounds

    async def _renew_videos(self, database: Database) -> bool:
        keys = [(row["sound_id"], row["id"]) for row in await database.videos_in_turn(*self._video, PAGE)]
        await renew(database, keys)
        more = len(keys) == PAGE
        self._video = keys[-1] if more else (0, 0)
        return more

    async def _renew_sounds(self, database: Database) -> bool:
        # An artist's top sound is the one that most videos were made with.
        rows = await database.artist_sounds_in_turn(*self._artist_sound, PAGE)
        more = len(rows) == PAGE
        self._artist_sound = (rows[-1]["artist_id"], rows[-1]["sound_id"]) if more else (0, 0)
        counts = await database.sound_video_counts([row["sound_id"] for row in rows]) if rows else []
        moved = [
            (row["artist_id"], row["sound_id"], float(count["video_count"]))
            for row, count in zip(rows, counts, strict=True)
            if count is not None and count["video_count"] != row["top_score"]
        ]
        if moved:
            await database.set_artist_top_scores(*zip(*moved, strict=True))
        return more


async def renew_newest(database: Database) -> None:
    """Renews the scores of the videos that were posted last."""
    sequence = (await database.log_head())["sequence"]
    rows = await database.newest_videos(sequence - NEWEST, NEWEST)
    await renew(database, [(row["sound_id"], row["id"]) for row in rows])


async def renew(database: Database, keys: Sequence[tuple[int, int]]) -> int:
    """Writes the scores of those videos whose counts moved, with their copies; returns how many."""
    if not keys:
        return 0
    async with database.transaction() as tx:
        await tx.update_in_order()
        moved = await tx.set_top_scores(*zip(*sorted(keys), strict=True))
        if not moved:
            return 0
        scores = [(row["sound_id"], row["id"], row["top_score"]) for row in moved]
        await tx.set_niche_top_scores(*zip(*scores, strict=True))
        tagged = [
            (name, row["created_at"], row["sound_id"], row["id"], row["top_score"])
            for row in moved
            for name in row["hashtags"]
        ]
        if tagged:
            await tx.set_hashtag_top_scores(*zip(*tagged, strict=True))
    return len(moved)
