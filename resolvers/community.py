"""Communities: everybody who used one sound. Their parents are sounds' rows, which hold their counts."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from db.loading import then
from events import outbox
from resolvers import ids, visibility
from resolvers.context import Context, Reads, Rows, reads
from resolvers.errors import not_found
from resolvers.ids import Id
from resolvers.niche import named
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode
from resolvers.write import ByHeader, ResponseKey, author, fact


class CreatorSort(Enum):
    MOST_VIDEOS = "MOST_VIDEOS"
    EARLIEST = "EARLIEST"


class VideoSort(Enum):
    TOP = "TOP"
    RECENT = "RECENT"
    FIRST = "FIRST"


VIDEOS = {  # (by rank, of a niche, of a region)
    (False, False, False): "videos_by_sound",
    (False, False, True): "videos_by_sound_region",
    (False, True, False): "videos_by_sound_niche",
    (False, True, True): "videos_by_sound_niche_region",
    (True, False, False): "videos_top_by_sound",
    (True, False, True): "videos_top_by_sound_region",
    (True, True, False): "videos_top_by_sound_niche",
    (True, True, True): "videos_top_by_sound_niche_region",
}


def sound(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([community["id"] for community in communities])


def founder(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    shown = visibility.gathered(communities)
    return visibility.users(ctx, [key and row["founder_id"] for key, row in zip(shown, communities, strict=True)])


def first_video(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    shown = visibility.gathered(communities)
    first_ids = [row["first_video_id"] for row in communities]
    keys = [(key, first_id) if key and first_id else None for key, first_id in zip(shown, first_ids, strict=True)]
    return visibility.videos(ctx, keys)


@reads("id", "status")
def videos(
    communities: Rows,
    ctx: Context,
    sort: VideoSort = VideoSort.TOP,
    niche: Id | None = None,
    region: RegionCode | None = None,
    first: int | None = None,
    after: Cursor | None = None,
    last: int | None = None,
    before: Cursor | None = None,
    reads: Reads = None,
) -> Awaitable[Rows]:
    query = VIDEOS[sort is VideoSort.TOP, niche is not None, region is not None]

    def listed(niche_id: int | None) -> Awaitable[Rows]:
        args = tuple(arg for arg in (niche_id, region) if arg is not None)
        listing = Listing(query, args, descending=sort is not VideoSort.FIRST, hides="creator_id", reads=reads)
        return pages(ctx, listing, visibility.gathered(communities), Arguments(first, after, last, before))

    return listed(None) if niche is None else then(named(ctx, niche), listed)


def creators(
    communities: Rows,
    ctx: Context,
    sort: CreatorSort = CreatorSort.MOST_VIDEOS,
    first: int = 20,
    after: Cursor | None = None,
) -> Awaitable[Rows]:
    most = sort is CreatorSort.MOST_VIDEOS
    query = "creators_by_sound" if most else "earliest_creators_by_sound"
    listing = Listing(query, descending=most, hides="creator_id", nodes=_creators)
    return pages(ctx, listing, visibility.gathered(communities), Arguments(first, after))


async def _creators(ctx: Context, edges: Rows) -> Rows:
    found = await visibility.users(ctx, [edge["creator_id"] for edge in edges])
    return [user and {**edge, "node": user} for edge, user in zip(edges, found, strict=True)]


def members(communities: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("members_by_sound", hides="user_id", nodes=_members)
    return pages(ctx, listing, visibility.gathered(communities), Arguments(first, after))


def _members(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    return visibility.users(ctx, [edge["user_id"] for edge in edges])


def niches(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.niches_by_sound(visibility.gathered(communities))


def niche(shares: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.niche_by_id([share["niche_id"] for share in shares])


def regions(communities: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.regions_by_sound(visibility.gathered(communities))


async def neighbours(communities: Rows, ctx: Context, first: int = 10) -> Rows:
    listing = Listing("neighbours_by_sound", nodes=_neighbours)
    found: list[dict[str, Any]] = await pages(ctx, listing, visibility.gathered(communities), Arguments(first))
    return [page["edges"] for page in found]


async def _neighbours(ctx: Context, edges: Rows) -> Rows:
    found = await visibility.listed_sounds(ctx, [edge["neighbour_id"] for edge in edges])
    return [sound and {**edge, "community": sound} for edge, sound in zip(edges, found, strict=True)]


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The communities that these rows of a list name, without those of removed sounds."""
    return visibility.listed_sounds(ctx, [edge["sound_id"] for edge in edges])


async def viewer_is_member(communities: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_member([ctx.viewer and (community["id"], ctx.viewer) for community in communities])
    return [row is not None for row in found]


@reads("id")
async def viewer_unseen_video_count(communities: Rows, ctx: Context) -> Rows:
    mine = await ctx.db.membership([ctx.viewer and (ctx.viewer, community["id"]) for community in communities])
    found = await ctx.db.newer_videos([row and (row["sound_id"], row["user_id"], row["since"]) for row in mine])
    return [row and row["videos"] for row in found]


@dataclass
class MarkCommunitySeenInput(ByHeader):
    sound_id: Id


async def mark_community_seen(_: Rows, ctx: Context, input: MarkCommunitySeenInput, response_key: ResponseKey) -> Rows:
    sound_id = ids.SOUND.read(input.sound_id)

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await author(tx, ctx))["id"]
        (sound,) = await tx.sound_by_id([sound_id])
        if sound is None:
            raise not_found("soundId")
        if await tx.see_community(viewer, sound_id, ctx.now):
            await outbox.publish(tx, "COMMUNITY_SEEN", ctx.now, {"user_id": viewer, "sound_id": sound_id})
        return {"__typename": "MarkCommunitySeenPayload", "subject_id": input.sound_id}

    return [await fact(ctx, "markCommunitySeen", input, response_key, write)]
