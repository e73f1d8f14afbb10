"""Plays: what was listened to and watched, hundreds at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.database import Named
from db.errors import PlaysAtOnce
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import AccountSuspended, InvalidId, Refusal
from resolvers.ids import Id
from resolvers.write import ByHeader, ResponseKey, fact, within

MOST_AT_ONCE = 500
LATEST = timedelta(hours=72)
EARLIEST = timedelta(minutes=5)  # a clock that is ahead
LONGEST_MS = 86_400_000
EVENT_ID = re.compile(r"[!-~]{1,64}")
PLAYABLE = {kind: kind.prefix.upper() for kind in (ids.TRACK, ids.SOUND, ids.VIDEO)}
NO_SOUND = "-"


@dataclass
class PlayInput:
    event_id: Id
    subject_id: Id
    played_at: datetime
    duration_ms: int


@dataclass
class RecordPlaysInput(ByHeader):
    plays: list[PlayInput]


@dataclass(slots=True)
class Checked:
    """The plays that may be recorded if there is what was played, a list a column, and the refusals of the others by their place."""

    places: list[int]
    event_ids: list[str]
    kinds: list[str]
    subject_ids: list[int]
    sound_ids: list[int | str]  # what routes a video, or the sign for none
    times: list[datetime]
    durations: list[int]
    refused: dict[int, dict[str, Any]]

    @property
    def columns(self) -> tuple[Any, ...]:
        """As the statement takes them."""
        ids, sounds, durations = (
            " ".join(map(str, part)) for part in (self.subject_ids, self.sound_ids, self.durations)
        )
        return " ".join(self.event_ids), " ".join(self.kinds), ids, sounds, self.times, durations


async def record_plays(_: Rows, ctx: Context, input: RecordPlaysInput, response_key: ResponseKey) -> Rows:
    async def recorded() -> dict[str, Any]:
        if ctx.idempotency_key is None:
            try:
                return await _recorded(ctx.db, ctx, input)  # its one statement is its transaction
            except Refusal as refusal:
                return refusal.answer
        return await fact(ctx, "recordPlays", input, response_key, lambda tx: _recorded(tx, ctx, input))

    try:
        return [await recorded()]
    except PlaysAtOnce:
        return [await recorded()]  # they are duplicates now


async def _recorded(db: Named, ctx: Context, input: RecordPlaysInput) -> dict[str, Any]:
    listener_id = ctx.signed_in()
    try:
        within(len(input.plays), ["input", "plays"], least=1, most=MOST_AT_ONCE)
        checked, wrong = _checked(ctx, input.plays), None
    except Refusal as refusal:
        checked, wrong = _checked(ctx, []), refusal
    written = await db.record_plays(listener_id, ctx.now, *checked.columns)
    if not written["may_write"]:
        raise AccountSuspended
    if wrong is not None:
        raise wrong
    for number in written["missing"]:
        place = checked.places[number - 1]
        checked.refused[place] = _missing(place).answer
    return {
        "__typename": "RecordPlaysPayload",
        "accepted": written["accepted"],
        "duplicates": len(checked.places) - len(written["missing"]) - written["accepted"],
        "refused": [checked.refused[place] for place in sorted(checked.refused)],
    }


def _checked(ctx: Context, plays: Sequence[PlayInput]) -> Checked:
    # One play that is not allowed is no reason to lose the others. Hundreds come at once: their columns are filled in one pass, without an object for each.
    checked = Checked([], [], [], [], [], [], [], {})
    earliest, latest = ctx.now - LATEST, ctx.now + EARLIEST
    for place, play in enumerate(plays):
        try:
            if not (EVENT_ID.fullmatch(play.event_id) and earliest <= play.played_at <= latest):
                raise _of_when(play, place)
            if not 0 <= play.duration_ms <= LONGEST_MS:
                message = f"`durationMs` is {play.duration_ms}; 0 to {LONGEST_MS} are allowed."
                raise _refusal(place, "durationMs", message)
            kind, key = ids.read(play.subject_id)
            if kind not in PLAYABLE:
                raise _missing(place)
        except InvalidId:
            checked.refused[place] = _missing(place).answer
        except Refusal as refusal:
            checked.refused[place] = refusal.answer
        else:
            sound_id, subject_id = key if kind is ids.VIDEO else (NO_SOUND, key)
            checked.places.append(place)
            checked.event_ids.append(play.event_id)
            checked.kinds.append(PLAYABLE[kind])
            checked.subject_ids.append(subject_id)
            checked.sound_ids.append(sound_id)
            checked.times.append(play.played_at)
            checked.durations.append(play.duration_ms)
    return checked


def _of_when(play: PlayInput, place: int) -> Refusal:
    if not EVENT_ID.fullmatch(play.event_id):
        return _refusal(place, "eventId", "`eventId` has 1 to 64 letters, digits and signs of ASCII.")
    return _refusal(place, "playedAt", "`playedAt` is at most 72 hours in the past and 5 minutes in the future.")


def _missing(place: int) -> Refusal:
    return _refusal(place, "subjectId", "`subjectId` is the id of no track, sound or video that can be played.")


def _refusal(place: int, field: str, message: str) -> Refusal:
    return Refusal("InvalidInput", message, ["input", "plays", str(place), field])
