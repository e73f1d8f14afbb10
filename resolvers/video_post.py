"""How a video is posted: checked by itself, then judged and written in the statement that it shares with what others post at the time."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.loading import loaded
from resolvers import done, ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import AccountSuspended, Fault, Refusal
from resolvers.ids import Id
from resolvers.regions import RegionCode
from resolvers.sound import require_active
from resolvers.video import caption_of, hashtags_in, niche_ids_of
from resolvers.write import KEPT, ResponseKey, digest, in_progress, key_of, replayed, within

FIELD = "postVideo"
LONGEST_MS = 600_000
SOUND_PATH = ["input", "soundId"]
NOTHING = ("", "", "", None, 1, None, None, None)  # of a video that is not to be written


class ResponseKind(Enum):
    DUET = "DUET"
    STITCH = "STITCH"


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


class PostVideoPayload(dict[str, Any]):
    """The key of the video, and where it was just written, the `video` itself."""


async def post_video(_: Rows, ctx: Context, input: PostVideoInput, response_key: ResponseKey) -> Rows:
    try:
        return [await _post(ctx, input, key_of(ctx, input, response_key))]
    except Refusal as refusal:
        return [refusal.answer]


async def _post(ctx: Context, input: PostVideoInput, key: str | None) -> dict[str, Any]:
    creator_id = ctx.signed_in()
    # What is wrong with the input is said after what is wrong with who posts, and not at all where the key was used: so it goes along.
    sound_id, columns, wrong = None, NOTHING, None
    try:
        sound_id = ids.SOUND.read(input.sound_id)
        columns = await _columns(ctx, input)
    except (Refusal, Fault) as error:
        wrong = error
    subject = ctx.subject or ""
    hashed = None if key is None else digest(input)
    row = (subject, key, hashed, ctx.now - KEPT, creator_id, sound_id, *columns, ctx.now, wrong is None)
    posted = await ctx.db.post_videos(row, frozenset([(sound_id, creator_id), (subject, key or row)]))
    if posted["outcome"] == "BUSY":
        posted = await ctx.db.post_videos(row, None)
    if posted["outcome"] == "POSTED":
        return PostVideoPayload(sound_id=posted["sound_id"], video_id=posted["id"], video=posted)
    if posted["outcome"] == "KEY_USED":
        return PostVideoPayload(await replayed(ctx.db, (subject, FIELD, key or ""), hashed or b"", ctx.now))
    raise wrong if posted["outcome"] == "INVALID" and wrong else await _refused(ctx, posted["outcome"], sound_id)


async def _columns(ctx: Context, input: PostVideoInput) -> tuple[Any, ...]:
    # As the statement takes them; raises what is wrong.
    caption = caption_of(input.caption)
    duration_ms = within(input.duration_ms, ["input", "durationMs"], least=1, most=LONGEST_MS)
    niche_ids = await niche_ids_of(ctx.db, input.niche_ids) if input.niche_ids else []
    response = await _response(ctx, input)
    return (
        caption,
        " ".join(hashtags_in(caption)),
        " ".join(map(str, niche_ids)),
        input.region,
        duration_ms,
        *response,
    )


async def _response(ctx: Context, input: PostVideoInput) -> tuple[int | None, int | None, str | None]:
    path = ["input", "responseToId"]
    if (input.response_to_id is None) != (input.response_kind is None):
        raise Refusal("InvalidInput", "`responseToId` and `responseKind` come together.", path)
    if input.response_to_id is None or input.response_kind is None:
        return None, None, None
    (video,) = await visibility.videos(ctx, [ids.VIDEO.read(input.response_to_id)])
    if video is None:
        raise Refusal("NotFound", "There is no such video.", path)
    return video["sound_id"], video["id"], input.response_kind.value


async def _refused(ctx: Context, outcome: str, sound_id: int | None) -> Refusal | Fault:
    # What the statement found, in words; of the sound as it is now.
    if outcome == "SUSPENDED":
        return AccountSuspended()
    if outcome == "IN_PROGRESS":
        return in_progress()
    (sound,) = await ctx.db.sound_by_id([sound_id])
    if sound is None:
        return Refusal("NotFound", "There is no such sound.", SOUND_PATH)
    require_active(sound, SOUND_PATH)
    message = "This sound is not cleared for your account and region."
    return Refusal("SoundNotCleared", message, SOUND_PATH, usage_rights=sound)


def posted(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    """The video as it was just written; as it is now, where the payload is that of an earlier call."""
    if all("video" in payload for payload in payloads):
        return loaded([payload["video"] for payload in payloads])
    return visibility.videos(ctx, [(payload["sound_id"], payload["video_id"]) for payload in payloads])


def community(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    return done.shown(ctx, lambda: ctx.db.sound_by_id([payload["sound_id"] for payload in payloads]))
