"""Hashtags, and the videos that carry them."""

from collections.abc import Awaitable

from resolvers import video
from resolvers.community import VideoSort
from resolvers.context import Context, Rows
from resolvers.ids import NAME
from resolvers.page import Arguments, Cursor, Listing, pages


async def hashtag(_: Rows, ctx: Context, name: str) -> Rows:
    folded = video.folded(name.strip()).removeprefix("#")
    found: Rows = await ctx.db.hashtag_by_name([folded if NAME.fullmatch(folded) else None])
    return found


def videos(
    hashtags: Rows, ctx: Context, sort: VideoSort = VideoSort.TOP, first: int = 20, after: Cursor | None = None
) -> Awaitable[Rows]:
    query = "videos_top_by_hashtag" if sort is VideoSort.TOP else "videos_by_hashtag"
    listing = Listing(query, descending=sort is not VideoSort.FIRST, nodes=video.listed)
    return pages(ctx, listing, [hashtag["name"] for hashtag in hashtags], Arguments(first, after))
