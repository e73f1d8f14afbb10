"""Artists: who they are, what they made, and the credits that name them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum

from resolvers import ids, release, sound, track, visibility
from resolvers.context import Context, Rows
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.standards import read_mbid


class ArtistRole(Enum):
    MAIN = "MAIN"
    FEATURED = "FEATURED"
    REMIXER = "REMIXER"
    PRODUCER = "PRODUCER"
    HOST = "HOST"


@dataclass
class ArtistBy:
    id: Id | None
    mbid: Id | None


async def artist(_: Rows, ctx: Context, by: ArtistBy) -> Rows:
    key: int | None
    if by.mbid is not None:
        (claim,) = await ctx.db.artist_id_by_mbid([read_mbid(by.mbid)])
        key = claim and claim["id"]
    else:
        key = ids.ARTIST.read(by.id or "")
    found: Rows = await ctx.db.artist_by_id([key])
    return found


def credited(credits: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.artist_by_id([credit["artist_id"] for credit in credits])


def user(artists: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.users(ctx, [artist["user_id"] for artist in artists])


def tracks(artists: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("tracks_by_artist", nodes=track.listed)
    return pages(ctx, listing, [artist["id"] for artist in artists], Arguments(first, after))


def releases(artists: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("releases_by_artist", nodes=release.listed)
    return pages(ctx, listing, [artist["id"] for artist in artists], Arguments(first, after))


async def top_sounds(artists: Rows, ctx: Context, first: int = 10) -> Rows:
    listing = Listing("top_sounds_by_artist", nodes=sound.listed)
    found = await pages(ctx, listing, [artist["id"] for artist in artists], Arguments(first))
    return [page["edges"] for page in found]


async def viewer_is_following(artists: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_following_artist([ctx.viewer and (ctx.viewer, artist["id"]) for artist in artists])
    return [row is not None for row in found]
