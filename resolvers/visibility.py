"""Who may see what: hidden is absent, so each of these gives the row or None, in the keys' order.

Suspended and erased people are hidden from everybody, people who blocked each other from one another, private playlists from all but
those who work on them, unlisted ones from whoever does not hold their token. A removed sound is absent from lists, charts and search;
asked for by its id, or as the sound of a video, it still answers, so that its status can say why it is silent. A muted one is only silent.
"""

from collections.abc import Awaitable, Sequence
from typing import Any

from resolvers.context import Context, Rows


async def users(ctx: Context, ids: Sequence[int | None]) -> Rows:
    """The users of these ids; a statement for the users, and one a request for the viewer's blocks."""
    load = ctx.db.user_by_id(ids)
    hidden = await ctx.hidden()
    return [
        user if user is not None and user["status"] == "ACTIVE" and user["id"] not in hidden else None
        for user in await load
    ]


async def videos(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Rows:
    """The videos of these (sound_id, id); those of hidden people are absent."""
    load = ctx.db.video_by_key(keys)
    hidden = await ctx.hidden()
    return [video if video is not None and video["creator_id"] not in hidden else None for video in await load]


async def video_comments(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Rows:
    """The comments on videos of these (sound_id, id); those of hidden people are absent."""
    return await _comments(ctx, ctx.db.video_comment_by_key(keys))


async def track_comments(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Rows:
    """The comments on tracks of these (track_id, id); those of hidden people are absent."""
    return await _comments(ctx, ctx.db.track_comment_by_key(keys))


async def _comments(ctx: Context, load: Awaitable[Rows]) -> Rows:
    hidden = await ctx.hidden()
    return [row if row is not None and row["author_id"] not in hidden else None for row in await load]


async def listed_sounds(ctx: Context, ids: Sequence[int | None]) -> Rows:
    """The sounds of these ids as a list shows them: without the removed."""
    return [listed(sound) for sound in await ctx.db.sound_by_id(ids)]


def listed(sound: Any) -> Any:
    """The sound, or None where it is removed or missing."""
    return sound if sound is not None and sound["status"] != "REMOVED" else None
