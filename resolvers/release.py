"""Releases: albums, singles and podcasts, their credits and their tracks."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum

from resolvers import ids, track
from resolvers.context import Context, Rows
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.standards import read_upc


class ReleaseKind(Enum):
    ALBUM = "ALBUM"
    SINGLE = "SINGLE"
    EP = "EP"
    COMPILATION = "COMPILATION"
    PODCAST = "PODCAST"


@dataclass
class ReleaseBy:
    id: Id | None
    upc: str | None


async def release(_: Rows, ctx: Context, by: ReleaseBy) -> Rows:
    key: int | None
    if by.upc is not None:
        (claim,) = await ctx.db.release_id_by_upc([read_upc(by.upc)])
        key = claim and claim["release_id"]
    else:
        key = ids.RELEASE.read(by.id or "")
    found: Rows = await ctx.db.release_by_id([key])
    return found


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The releases that these rows of a list name."""
    return ctx.db.release_by_id([edge["release_id"] for edge in edges])


def artists(releases: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.credits_by_release([release["id"] for release in releases])


def tracks(releases: Rows, ctx: Context, first: int = 50, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("tracks_by_release", descending=False, nodes=track.listed)
    return pages(ctx, listing, [release["id"] for release in releases], Arguments(first, after), default=50)
