"""The viewer: what belongs to whoever is signed in, and to nobody else. Its row is the user's."""

import asyncio
import heapq
from collections.abc import Awaitable
from typing import Any

from db.queries import QUERIES, Slice
from resolvers import playlist, sound, track, video, visibility
from resolvers.context import Context, Rows
from resolvers.page import Arguments, Cursor, Listing, pages

MOST_FOLLOWED = 300  # the newest of each: what they post is merged anew for every page
MOST_JOINED = 100


async def viewer(_: Rows, ctx: Context) -> Rows:
    (user,) = await ctx.db.user_by_id([ctx.viewer])
    return [user if user is not None and user["status"] != "DELETED" else None]


def saved_sounds(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("saved_sounds_by_user", nodes=sound.listed)
    return pages(ctx, listing, _keys(viewers), Arguments(first, after))


def saved_tracks(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("saved_tracks_by_user", nodes=track.listed)
    return pages(ctx, listing, _keys(viewers), Arguments(first, after))


def playlists(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("playlists_by_viewer", nodes=playlist.listed)
    return pages(ctx, listing, _keys(viewers), Arguments(first, after))


def blocked(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("blocked_by_user", nodes=_blocked)
    return pages(ctx, listing, _keys(viewers), Arguments(first, after))


def _blocked(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    return visibility.blocked_users(ctx, [edge["blocked_id"] for edge in edges])


def following(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("newest_videos_by_users", load=_newest, nodes=video.listed)
    return pages(ctx, listing, _keys(viewers), Arguments(first, after))


async def _newest(ctx: Context, viewers: list[int], part: Slice) -> Rows:
    return [await _newest_of_one(ctx, viewer, part) for viewer in viewers]


async def _newest_of_one(ctx: Context, viewer: int, part: Slice) -> Rows:
    (followed,), (joined,) = await asyncio.gather(
        ctx.db.following_by_user([viewer], Slice(MOST_FOLLOWED, descending=True)),
        ctx.db.communities_by_user([viewer], Slice(MOST_JOINED, descending=True)),
    )
    sounds = await visibility.listed_sounds(ctx, [row["sound_id"] for row in joined])
    people = tuple(row["followed_id"] for row in followed)
    communities = tuple(sound["id"] for sound in sounds if sound is not None)
    (by_people,), (in_communities,) = await asyncio.gather(
        ctx.db.newest_videos_by_users([viewer] if people else [None], part, people),
        ctx.db.newest_videos_by_sounds([viewer] if communities else [None], part, communities),
    )
    return _merged(by_people, in_communities, part)


def _merged(one: Rows, other: Rows, part: Slice) -> Rows:
    # Whoever is followed may have posted to a community that was joined: each video once.
    keyset = QUERIES["newest_videos_by_users"].keyset

    def order(row: Any) -> tuple[Any, ...]:
        return tuple([row[column] for column in keyset])

    both = {order(row): row for row in heapq.merge(one, other, key=order, reverse=part.descending)}
    return list(both.values())[: part.limit]


def _keys(viewers: Rows) -> list[int]:
    return [viewer["id"] for viewer in viewers]
