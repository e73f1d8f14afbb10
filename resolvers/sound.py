"""Sounds, and the song, the maker and the wave behind each."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids, visibility
from resolvers.context import Context, Reads, Rows, reads
from resolvers.errors import Refusal
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.write import ResponseKey, author, fact, text, within

LONGEST_MS = 600_000


class SoundKind(Enum):
    TRACK_CLIP = "TRACK_CLIP"
    ORIGINAL = "ORIGINAL"
    DIALOGUE = "DIALOGUE"
    REMIX = "REMIX"


class SoundStatus(Enum):
    ACTIVE = "ACTIVE"
    MUTED = "MUTED"
    REMOVED = "REMOVED"


def sound(_: Rows, ctx: Context, id: Id) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([ids.SOUND.read(id)])


@reads("creator_id")
def creator(sounds: Rows, ctx: Context, reads: Reads = None) -> Awaitable[Rows]:
    return visibility.users(ctx, [sound["creator_id"] for sound in sounds], reads)


async def derived_from(sounds: Rows, ctx: Context) -> Rows:
    found = await ctx.db.sound_by_id([sound["derived_from_id"] for sound in sounds])
    return [visibility.listed(sound) for sound in found]


@reads("track_id")
def track(sounds: Rows, ctx: Context, reads: Reads = None) -> Awaitable[Rows]:
    return ctx.db.track_by_id([sound["track_id"] for sound in sounds], reads=reads)


def listed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    """The sounds that these rows of a list name, without the removed."""
    return visibility.listed_sounds(ctx, [edge["sound_id"] for edge in edges])


def derivatives(sounds: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    listing = Listing("derivatives_by_sound", nodes=listed)
    return pages(ctx, listing, [sound["id"] for sound in sounds], Arguments(first, after))


async def share_url(sounds: Rows, ctx: Context) -> Rows:
    return [ctx.share_url("sound", sound["id"]) for sound in sounds]


async def viewer_has_saved(sounds: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_sound_saved([ctx.viewer and (ctx.viewer, sound["id"]) for sound in sounds])
    return [row is not None for row in found]


@dataclass
class ClipRangeInput:
    start_ms: int
    end_ms: int


@dataclass
class CreateSoundInput:
    title: str
    kind: SoundKind
    duration_ms: int | None
    track_id: Id | None
    clip: ClipRangeInput | None
    derived_from_id: Id | None
    commercial_use: bool | None
    idempotency_key: str | None


async def create_sound(_: Rows, ctx: Context, input: CreateSoundInput, response_key: ResponseKey) -> Rows:
    async def write(tx: Transaction) -> dict[str, Any]:
        creator_id = (await author(tx, ctx))["id"]
        title = text(input.title, ["input", "title"], least=1, most=200)
        source = await _source(tx, input)
        track = await _track(tx, input)
        duration_ms = _duration(input, track)
        row = await tx.insert_sound(
            title,
            input.kind.value,
            duration_ms,
            ctx.now,
            creator_id,
            track and track["id"],
            input.clip and input.clip.start_ms,
            input.clip and input.clip.end_ms,
            source and source["id"],
            bool(input.commercial_use),
        )
        await tx.list_sound(row["id"], ctx.now, creator_id, row["track_id"], row["derived_from_id"])
        if track is not None:
            (credited,) = await tx.credits_by_track([track["id"]])
            await tx.list_sound_by_artists(row["id"], [credit["artist_id"] for credit in credited])
        await tx.index_documents("SOUND", [str(row["id"])])
        body = {name: row[name] for name in ("creator_id", "track_id", "derived_from_id")}
        await outbox.publish(tx, "SOUND_CREATED", ctx.now, {"sound_id": row["id"], **body})
        return {"__typename": "CreateSoundPayload", "sound_id": row["id"]}

    return [await fact(ctx, "createSound", input, response_key, write)]


def created(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([payload["sound_id"] for payload in payloads])


async def _source(tx: Transaction, input: CreateSoundInput) -> Any:
    # The sound that this one varies: needed for a remix, allowed for an original or a dialogue.
    path = ["input", "derivedFromId"]
    if input.derived_from_id is None:
        if input.kind is SoundKind.REMIX:
            raise Refusal("InvalidInput", "A REMIX names the sound that it varies in `derivedFromId`.", path)
        return None
    (source,) = await tx.sound_by_id([ids.SOUND.read(input.derived_from_id)])
    if source is None:
        raise Refusal("NotFound", "There is no such sound.", path)
    require_active(source, path)
    return source


async def _track(tx: Transaction, input: CreateSoundInput) -> Any:
    path = ["input", "trackId"]
    is_clip = input.kind is SoundKind.TRACK_CLIP
    if (input.track_id is not None) != is_clip or (input.clip is not None) != is_clip:
        raise Refusal(
            "InvalidInput", "A TRACK_CLIP, and only that, names its track in `trackId` and its part in `clip`.", path
        )
    if input.track_id is None:
        return None
    if input.commercial_use:
        raise Refusal("InvalidInput", "The rights in a track are not yours to grant.", ["input", "commercialUse"])
    (track,) = await tx.track_by_id([ids.TRACK.read(input.track_id)])
    if track is None:
        raise Refusal("NotFound", "There is no such track.", path)
    return track


def _duration(input: CreateSoundInput, track: Any) -> int:
    if input.clip is None or track is None:
        if input.duration_ms is None:
            raise Refusal("InvalidInput", "Only a TRACK_CLIP may leave `durationMs` out.", ["input", "durationMs"])
        return within(input.duration_ms, ["input", "durationMs"], least=1, most=LONGEST_MS)
    start_ms = within(input.clip.start_ms, ["input", "clip", "startMs"], least=0, most=track["duration_ms"] - 1)
    path = ["input", "clip", "endMs"]
    end_ms = within(input.clip.end_ms, path, least=start_ms + 1, most=min(track["duration_ms"], start_ms + LONGEST_MS))
    if input.duration_ms not in (None, end_ms - start_ms):
        raise Refusal("InvalidInput", f"The clip lasts {end_ms - start_ms} ms.", ["input", "durationMs"])
    return end_ms - start_ms


def require_active(sound: Any, path: list[str]) -> None:
    """Raises SoundUnavailable for a sound that is muted or removed: it can be seen, but nothing more is made with it."""
    if sound["status"] != "ACTIVE":
        message = f"This sound is {sound['status'].lower()} and cannot be used."
        raise Refusal("SoundUnavailable", message, path, status=sound["status"])
