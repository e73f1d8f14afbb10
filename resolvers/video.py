"""Videos: what somebody made with a sound."""

from collections.abc import Awaitable
from enum import Enum

from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.ids import Id


class ResponseKind(Enum):
    DUET = "DUET"
    STITCH = "STITCH"


async def video(_: Rows, ctx: Context, id: Id) -> Rows:
    return await visibility.videos(ctx, [ids.VIDEO.read(id)])


def sound(videos: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([video["sound_id"] for video in videos])


async def creator(videos: Rows, ctx: Context) -> Rows:
    return await visibility.users(ctx, [video["creator_id"] for video in videos])


async def response_to(videos: Rows, ctx: Context) -> Rows:
    return await visibility.videos(
        ctx,
        [(row["response_to_sound_id"], row["response_to_id"]) if row["response_to_id"] else None for row in videos],
    )
