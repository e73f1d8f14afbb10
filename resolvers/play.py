"""Plays: what was listened to and watched, hundreds at a time."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from db.database import Transaction
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import InvalidId, Refusal
from resolvers.ids import Id, Kind
from resolvers.write import attempt, author, within

MOST_AT_ONCE = 500
LATEST = timedelta(hours=72)
EARLIEST = timedelta(minutes=5)  # a clock that is ahead
LONGEST_MS = 86_400_000
EVENT_ID = re.compile(r"[!-~]{1,64}")
PLAYABLE = (ids.TRACK, ids.SOUND, ids.VIDEO)


@dataclass
class PlayInput:
    event_id: Id
    subject_id: Id
    played_at: datetime
    duration_ms: int


@dataclass
class RecordPlaysInput:
    plays: list[PlayInput]


class Play(NamedTuple):
    """A play that may be recorded if there is what was played."""

    place: int
    event_id: str
    kind: Kind
    key: Any
    played_at: datetime
    duration_ms: int

    @property
    def columns(self) -> tuple[Any, ...]:
        """As the statement takes it; a video's key holds its sound's."""
        sound_id, subject_id = self.key if self.kind is ids.VIDEO else (None, self.key)
        return self.event_id, self.kind.prefix.upper(), subject_id, sound_id, self.played_at, self.duration_ms


async def record_plays(_: Rows, ctx: Context, input: RecordPlaysInput) -> Rows:
    ctx.signed_in()
    plays, refused = _checked(ctx, input.plays[:MOST_AT_ONCE])
    there = await _there(ctx, plays)
    refused |= {play.place: _missing(play.place).answer for play, found in zip(plays, there, strict=True) if not found}
    known = [play.columns for play, found in zip(plays, there, strict=True) if found]

    async def write(tx: Transaction) -> dict[str, Any]:
        listener_id = (await author(tx, ctx))["id"]
        within(len(input.plays), ["input", "plays"], least=1, most=MOST_AT_ONCE)
        accepted = await tx.record_plays(listener_id, ctx.now, *zip(*known, strict=True)) if known else 0
        return {
            "__typename": "RecordPlaysPayload",
            "accepted": accepted,
            "duplicates": len(known) - accepted,
            "refused": [refused[place] for place in sorted(refused)],
        }

    return [await attempt(ctx, write)]


def _checked(ctx: Context, inputs: Sequence[PlayInput]) -> tuple[list[Play], dict[int, dict[str, Any]]]:
    # One play that is not allowed is no reason to lose the others.
    plays, refused = [], {}
    for place, play in enumerate(inputs):
        try:
            plays.append(_check(ctx, play, place))
        except Refusal as refusal:
            refused[place] = refusal.answer
    return plays, refused


def _check(ctx: Context, play: PlayInput, place: int) -> Play:
    if not EVENT_ID.fullmatch(play.event_id):
        raise _refusal(place, "eventId", "`eventId` has 1 to 64 letters, digits and signs of ASCII.")
    if not ctx.now - LATEST <= play.played_at <= ctx.now + EARLIEST:
        raise _refusal(place, "playedAt", "`playedAt` is at most 72 hours in the past and 5 minutes in the future.")
    if not 0 <= play.duration_ms <= LONGEST_MS:
        raise _refusal(place, "durationMs", f"`durationMs` is {play.duration_ms}; 0 to {LONGEST_MS} are allowed.")
    try:
        kind, key = ids.read(play.subject_id)
    except InvalidId as error:
        raise _missing(place) from error
    if kind not in PLAYABLE:
        raise _missing(place)
    return Play(place, play.event_id, kind, key, play.played_at, play.duration_ms)


def _missing(place: int) -> Refusal:
    return _refusal(place, "subjectId", "`subjectId` is the id of no track, sound or video that can be played.")


def _refusal(place: int, field: str, message: str) -> Refusal:
    return Refusal("InvalidInput", message, ["input", "plays", str(place), field])


async def _there(ctx: Context, plays: Sequence[Play]) -> list[bool]:
    # Whether there is what was played, as far as anybody may play it: who blocked whom is no matter of counting.
    def keys(kind: Kind) -> list[Any]:
        return [play.key if play.kind is kind else None for play in plays]

    tracks, sounds, videos = await asyncio.gather(
        ctx.db.played_tracks(keys(ids.TRACK)),
        ctx.db.played_sounds(keys(ids.SOUND)),
        ctx.db.played_videos(keys(ids.VIDEO)),
    )
    return [any(found) for found in zip(tracks, sounds, videos, strict=True)]
