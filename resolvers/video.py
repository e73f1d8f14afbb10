"""Videos: what somebody made with a sound."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any

from db.database import Named
from resolvers import ids, visibility
from resolvers.context import Context, Reads, Rows, reads
from resolvers.errors import Refusal
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.write import text, within

HASHTAG = re.compile(f"#({ids.WORD})")
MOST_HASHTAGS = 30
MOST_NICHES = 3


def video(_: Rows, ctx: Context, id: Id) -> Awaitable[Rows]:
    return visibility.videos(ctx, [ids.VIDEO.read(id)])


@reads("sound_id")
def sound(videos: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([video["sound_id"] for video in videos])


@reads("creator_id")
def creator(videos: Rows, ctx: Context, reads: Reads = None) -> Awaitable[Rows]:
    return visibility.users(ctx, [video["creator_id"] for video in videos], reads)


def response_to(videos: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.videos(
        ctx,
        [(row["response_to_sound_id"], row["response_to_id"]) if row["response_to_id"] else None for row in videos],
    )


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The videos that these rows of a list name, as far as they may be seen."""
    return visibility.videos(ctx, [(edge["sound_id"], edge["video_id"]) for edge in edges])


async def hashtags(videos: Rows, ctx: Context) -> Rows:
    return await _flattened(ctx.db.hashtag_by_name, [video["hashtags"] for video in videos])


async def niches(videos: Rows, ctx: Context) -> Rows:
    return await _flattened(ctx.db.niche_by_id, [video["niche_ids"] for video in videos])


async def _flattened(load: Callable[[list[Any]], Awaitable[Rows]], lists: list[list[Any]]) -> Rows:
    # One load for the keys of all lists; a key without a row is left out.
    found = iter(await load([key for keys in lists for key in keys]))
    return [[row for _, row in zip(keys, found, strict=False) if row is not None] for keys in lists]


def comments(videos: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("comments_by_video", hides="author_id")
    return pages(ctx, listing, [(video["sound_id"], video["id"]) for video in videos], Arguments(first, after))


async def share_url(videos: Rows, ctx: Context) -> Rows:
    return [ctx.share_url("video", video["sound_id"], video["id"]) for video in videos]


async def viewer_has_liked(videos: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_video_liked(
        [ctx.viewer and (video["sound_id"], video["id"], ctx.viewer) for video in videos]
    )
    return [row is not None for row in found]


def caption_of(given: str) -> str:
    """The caption as it is kept; raises InvalidInput."""
    return text(given, ["input", "caption"], most=2200)


def hashtags_in(caption: str) -> list[str]:
    """The hashtags of a caption, each once, in order."""
    return list(dict.fromkeys(HASHTAG.findall(folded(caption))))[:MOST_HASHTAGS]


def folded(text: str) -> str:
    """The form in which a hashtag is kept and found again: compatibility characters as plain ones, in lower case."""
    return unicodedata.normalize("NFKC", text).lower()


async def niche_ids_of(db: Named, given: list[Id]) -> list[int]:
    """The niches that an input names, each once; raises InvalidInput or NotFound."""
    path = ["input", "nicheIds"]
    wanted = list(dict.fromkeys(ids.NICHE.read(text) for text in given))
    within(len(wanted), path, least=0, most=MOST_NICHES)
    if None in await db.niche_by_id(wanted):
        raise Refusal("NotFound", "There is no such niche.", path)
    return wanted
