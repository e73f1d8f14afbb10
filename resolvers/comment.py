"""Comments, on videos and on tracks. A row of the one kind has null where the other has its key."""

import asyncio
from collections.abc import Awaitable

from resolvers import visibility
from resolvers.context import Context, Rows


def author(comments: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.users(ctx, [comment["author_id"] for comment in comments])


async def reply_to(comments: Rows, ctx: Context) -> Rows:
    replies = [comment if comment["reply_to_id"] is not None else None for comment in comments]
    on_videos, on_tracks = await asyncio.gather(
        visibility.video_comments(
            ctx, [row and row["sound_id"] and (row["sound_id"], row["reply_to_id"]) for row in replies]
        ),
        visibility.track_comments(
            ctx, [row and row["track_id"] and (row["track_id"], row["reply_to_id"]) for row in replies]
        ),
    )
    return [on_video or on_track for on_video, on_track in zip(on_videos, on_tracks, strict=True)]


async def subject(comments: Rows, ctx: Context) -> Rows:
    videos, tracks = await asyncio.gather(
        visibility.videos(ctx, [row["video_id"] and (row["sound_id"], row["video_id"]) for row in comments]),
        ctx.db.track_by_id([row["track_id"] for row in comments]),
    )
    return [video or track for video, track in zip(videos, tracks, strict=True)]
