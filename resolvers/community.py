"""Communities: everybody who used one sound. Their parents are sounds' rows, which hold their counts."""

from collections.abc import Awaitable
from enum import Enum

from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode


class VideoSort(Enum):
    TOP = "TOP"
    RECENT = "RECENT"
    FIRST = "FIRST"


async def founder(communities: Rows, ctx: Context) -> Rows:
    return await visibility.users(ctx, [community["founder_id"] for community in communities])


async def first_video(communities: Rows, ctx: Context) -> Rows:
    return await visibility.videos(
        ctx, [(row["id"], row["first_video_id"]) if row["first_video_id"] else None for row in communities]
    )


async def videos(
    communities: Rows,
    ctx: Context,
    sort: VideoSort = VideoSort.TOP,
    niche: Id | None = None,
    region: RegionCode | None = None,
    first: int | None = None,
    after: Cursor | None = None,
    last: int | None = None,
    before: Cursor | None = None,
) -> Rows:
    query = "videos_top_by_sound" if sort is VideoSort.TOP else "videos_by_sound"
    args: tuple[int | str, ...] = ()
    if niche is not None:
        query, args = f"{query}_niche", (ids.NICHE.read(niche),)
    if region is not None:
        query, args = f"{query}_region", (*args, region)
    listing = Listing(query, args, descending=sort is not VideoSort.FIRST, hides="creator_id")
    return await pages(ctx, listing, [row["id"] for row in communities], Arguments(first, after, last, before))


def sound(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([community["id"] for community in communities])
