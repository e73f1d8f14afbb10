"""Videos: what somebody made with a sound."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import done, ids, visibility
from resolvers.context import Context, Reads, Rows, reads
from resolvers.errors import Refusal
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode
from resolvers.sound import require_active
from resolvers.write import ResponseKey, author, fact, text, within
from trending.counters import is_trusted, weigh

HASHTAG = re.compile(f"#({ids.WORD})")
MOST_HASHTAGS = 30
MOST_NICHES = 3
LONGEST_MS = 600_000
DAY = timedelta(days=1)


class ResponseKind(Enum):
    DUET = "DUET"
    STITCH = "STITCH"


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


@dataclass
class PostVideoInput:
    sound_id: Id
    caption: str
    duration_ms: int
    niche_ids: list[Id] | None
    region: RegionCode | None
    response_to_id: Id | None
    response_kind: ResponseKind | None
    idempotency_key: str | None


async def post_video(_: Rows, ctx: Context, input: PostVideoInput, response_key: ResponseKey) -> Rows:
    async def write(tx: Transaction) -> dict[str, Any]:
        creator = await author(tx, ctx)
        (sound,) = await tx.sound_by_id([ids.SOUND.read(input.sound_id)])
        _require_cleared(sound, creator, ctx)
        caption = caption_of(input.caption)
        duration_ms = within(input.duration_ms, ["input", "durationMs"], least=1, most=LONGEST_MS)
        niche_ids = await niche_ids_of(tx, input.niche_ids or [])
        response = await _response(tx, ctx, input)
        region = input.region or creator["region"]
        tags = hashtags_in(caption)
        weight = await _weigh(tx, ctx, sound, creator, region)
        shown = (sound["id"], creator["id"], caption, tags, niche_ids, region, duration_ms, ctx.now)
        video = await tx.insert_video(*shown, *response, *weight.values())
        if video is None:
            raise Refusal(
                "SoundUnavailable", "This sound was taken away just now.", ["input", "soundId"], status="REMOVED"
            )
        key = {"sound_id": sound["id"], "video_id": video["id"]}
        listed = {"creator_id": creator["id"], "region": region, "niche_ids": niche_ids, "hashtags": tags}
        await outbox.publish(tx, "VIDEO_POSTED", ctx.now, key | listed | weight)
        return {"__typename": "PostVideoPayload", **key}

    return [await fact(ctx, "postVideo", input, response_key, write)]


async def _weigh(tx: Transaction, ctx: Context, sound: Any, creator: Any, region: str) -> dict[str, Any]:
    # Decided once, under the lock of the creator's row in this community, and kept with the video.
    joined = await tx.join_creators(sound["id"], creator["id"], ctx.now, region)
    age_days = (ctx.now - creator["joined_at"]) / DAY
    weight, _ = weigh(joined["earlier"], 0, age_days)
    return {"weight": weight, "trusted": is_trusted(age_days), "new_creator": joined["new_creator"]}


def posted(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.videos(ctx, [(payload["sound_id"], payload["video_id"]) for payload in payloads])


def community(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    return done.shown(ctx, lambda: ctx.db.sound_by_id([payload["sound_id"] for payload in payloads]))


def caption_of(given: str) -> str:
    """The caption as it is kept; raises InvalidInput."""
    return text(given, ["input", "caption"], most=2200)


def hashtags_in(caption: str) -> list[str]:
    """The hashtags of a caption, each once, in order."""
    return list(dict.fromkeys(HASHTAG.findall(folded(caption))))[:MOST_HASHTAGS]


def folded(text: str) -> str:
    """The form in which a hashtag is kept and found again: compatibility characters as plain ones, in lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def _require_cleared(sound: Any, creator: Any, ctx: Context) -> None:
    path = ["input", "soundId"]
    if sound is None:
        raise Refusal("NotFound", "There is no such sound.", path)
    require_active(sound, path)
    commercial = creator["kind"] == "COMMERCIAL"
    cleared = sound["rights_commercial"] if commercial else sound["rights_personal"] or sound["rights_commercial"]
    territories, expires_at = sound["rights_territories"], sound["rights_expires_at"]
    here = territories is None or creator["region"] in territories
    if not (cleared and here and (expires_at is None or expires_at > ctx.now)):
        message = "This sound is not cleared for your account and region."
        raise Refusal("SoundNotCleared", message, path, usage_rights=sound)


async def niche_ids_of(tx: Transaction, given: list[Id]) -> list[int]:
    """The niches that an input names, each once; raises InvalidInput or NotFound."""
    path = ["input", "nicheIds"]
    wanted = list(dict.fromkeys(ids.NICHE.read(text) for text in given))
    within(len(wanted), path, least=0, most=MOST_NICHES)
    if None in await tx.niche_by_id(wanted):
        raise Refusal("NotFound", "There is no such niche.", path)
    return wanted


async def _response(tx: Transaction, ctx: Context, input: PostVideoInput) -> tuple[int | None, int | None, str | None]:
    path = ["input", "responseToId"]
    if (input.response_to_id is None) != (input.response_kind is None):
        raise Refusal("InvalidInput", "`responseToId` and `responseKind` come together.", path)
    if input.response_to_id is None or input.response_kind is None:
        return None, None, None
    (video,) = await tx.video_by_key([ids.VIDEO.read(input.response_to_id)])
    if video is None or video["creator_id"] in await ctx.hidden():
        raise Refusal("NotFound", "There is no such video.", path)
    return video["sound_id"], video["id"], input.response_kind.value
