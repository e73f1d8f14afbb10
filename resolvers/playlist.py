"""Playlists: what somebody put in order, alone or with others."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.loading import loading
from resolvers import ids, visibility
from resolvers.context import Context, Reads, Rows
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages

SHARE_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")


class PlaylistKind(Enum):
    USER = "USER"
    EDITORIAL = "EDITORIAL"
    CHART = "CHART"


class Visibility(Enum):
    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class PlaylistRole(Enum):
    OWNER = "OWNER"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


@dataclass
class PlaylistBy:
    id: Id | None
    share_token: str | None


def playlist(_: Rows, ctx: Context, by: PlaylistBy) -> Awaitable[Rows]:
    if by.share_token is None:
        return visibility.playlists(ctx, [ids.PLAYLIST.read(by.id or "")])
    token = by.share_token if SHARE_TOKEN.fullmatch(by.share_token) else None
    return loading(ctx.db.playlist_id_by_share_token([token])).then(
        lambda claims: visibility.shared_playlists(ctx, [claim and claim["playlist_id"] for claim in claims])
    )


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The playlists that these rows of a list name, without those that the viewer may not see."""
    return visibility.playlists(ctx, [edge["playlist_id"] for edge in edges])


def owner(playlists: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.users(ctx, [playlist["owner_id"] for playlist in playlists])


async def collaborators(playlists: Rows, ctx: Context) -> Rows:
    lists = await ctx.db.collaborators_by_playlist([playlist["id"] for playlist in playlists])
    found = iter(await visibility.users(ctx, [row["user_id"] for rows in lists for row in rows]))
    return [[{**row, "user": user} for row, user in zip(rows, found, strict=False) if user] for rows in lists]


def viewer_role(playlists: Rows, ctx: Context) -> Awaitable[list[str | None]]:
    return visibility.playlist_roles(ctx, playlists)


def items(
    playlists: Rows,
    ctx: Context,
    first: int | None = None,
    after: Cursor | None = None,
    last: int | None = None,
    before: Cursor | None = None,
) -> Awaitable[Rows]:
    listing = Listing("items_by_playlist", descending=False)
    return pages(ctx, listing, [row["id"] for row in playlists], Arguments(first, after, last, before))


def entry(items: Rows, ctx: Context, reads: Reads = None) -> Awaitable[Rows]:
    keys = [(item["kind"] == "TRACK", item["entry_id"]) for item in items]
    tracks = ctx.db.track_by_id([key if is_track else None for is_track, key in keys], reads=reads)
    sounds = visibility.listed_sounds(ctx, [None if is_track else key for is_track, key in keys], reads)
    return loading(tracks).joined(
        sounds, lambda some, others: [track or sound for track, sound in zip(some, others, strict=True)]
    )


def added_by(items: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.users(ctx, [item["added_by_id"] for item in items])


async def viewer_is_following(playlists: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_following_playlist([ctx.viewer and (playlist["id"], ctx.viewer) for playlist in playlists])
    return [row is not None for row in found]


async def share_url(playlists: Rows, ctx: Context) -> Rows:
    unlisted = [row if row["visibility"] == "UNLISTED" else None for row in playlists]
    roles = await visibility.playlist_roles(ctx, unlisted)
    return [_share_url(playlist, role, ctx) for playlist, role in zip(playlists, roles, strict=True)]


def _share_url(playlist: Any, role: str | None, ctx: Context) -> str | None:
    if playlist["visibility"] == "PUBLIC":
        return ctx.share_url("playlist", playlist["id"])
    if role in ("OWNER", "EDITOR"):
        return ctx.share_url("playlist", "shared", playlist["share_token"])
    return None
