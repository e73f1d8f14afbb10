"""Sounds, and the song, the maker and the wave behind each."""

from collections.abc import Awaitable
from enum import Enum

from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.ids import Id


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


async def creator(sounds: Rows, ctx: Context) -> Rows:
    return await visibility.users(ctx, [sound["creator_id"] for sound in sounds])


async def derived_from(sounds: Rows, ctx: Context) -> Rows:
    found = await ctx.db.sound_by_id([sound["derived_from_id"] for sound in sounds])
    return [visibility.listed(sound) for sound in found]
