"""Tracks: songs and episodes, who is credited, where they can be heard, and what became of them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, date
from enum import Enum
from typing import Any

from resolvers import ids, sound
from resolvers.context import Context, Rows, reads
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode
from resolvers.standards import read_isrc, read_mbid


class TrackKind(Enum):
    SONG = "SONG"
    EPISODE = "EPISODE"


class AudioVariant(Enum):
    PREVIEW = "PREVIEW"
    STANDARD = "STANDARD"
    LOSSLESS = "LOSSLESS"
    HIRES_LOSSLESS = "HIRES_LOSSLESS"
    SPATIAL = "SPATIAL"


class UnavailableReason(Enum):
    REGION = "REGION"
    TAKEN_DOWN = "TAKEN_DOWN"
    NOT_RELEASED = "NOT_RELEASED"


@dataclass
class TrackBy:
    id: Id | None
    isrc: str | None
    mbid: Id | None


async def track(_: Rows, ctx: Context, by: TrackBy) -> Rows:
    key: int | None
    if by.isrc is not None:
        (claim,) = await ctx.db.track_id_by_isrc([read_isrc(by.isrc)])
        key = claim and claim["track_id"]
    elif by.mbid is not None:
        (claim,) = await ctx.db.track_id_by_mbid([read_mbid(by.mbid)])
        key = claim and claim["id"]
    else:
        key = ids.TRACK.read(by.id or "")
    found: Rows = await ctx.db.track_by_id([key])
    return found


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The tracks that these rows of a list name."""
    return ctx.db.track_by_id([edge["track_id"] for edge in edges])


@reads("id")
def artists(tracks: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.credits_by_track([track["id"] for track in tracks])


def release(tracks: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.release_by_id([track["release_id"] for track in tracks])


def lyrics(tracks: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.lyrics_by_track([track["id"] for track in tracks])


def links(tracks: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.links_by_track([track["id"] for track in tracks])


async def availability(tracks: Rows, ctx: Context, region: RegionCode) -> Rows:
    found = await ctx.db.restrictions_by_track([track["id"] for track in tracks], region)
    today = ctx.now.astimezone(UTC).date()
    return [_availability(track, rows, today) for track, rows in zip(tracks, found, strict=True)]


def _availability(track: Any, restrictions: Rows, today: date) -> dict[str, Any]:
    reason, relinked_to_id = None, None
    if restrictions:
        reason, relinked_to_id = restrictions[0]["reason"], restrictions[0]["relinked_to_id"]
    elif track["released_on"] is not None and track["released_on"] > today:
        reason = UnavailableReason.NOT_RELEASED.value
    return {"is_playable": reason is None, "reason": reason, "relinked_to_id": relinked_to_id}


def relinked_to(availabilities: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.track_by_id([availability["relinked_to_id"] for availability in availabilities])


def sounds(tracks: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("sounds_by_track", nodes=sound.listed)
    return pages(ctx, listing, [track["id"] for track in tracks], Arguments(first, after))


def comments(tracks: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("comments_by_track", hides="author_id")
    return pages(ctx, listing, [track["id"] for track in tracks], Arguments(first, after))


async def share_url(tracks: Rows, ctx: Context) -> Rows:
    return [ctx.share_url("track", track["id"]) for track in tracks]


async def viewer_has_saved(tracks: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_track_saved([ctx.viewer and (ctx.viewer, track["id"]) for track in tracks])
    return [row is not None for row in found]
