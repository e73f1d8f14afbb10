"""Tells people from the log of what concerns them: who follows them, what became of what they made, and whom they work with."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from db.database import Database
from events.outbox import Event, publish_all
from trending.counting import Overtaken

CONSUMER = "notifications"
BATCH = 2000  # facts
KEPT = timedelta(days=30)
OLD = 1000  # dropped at a time
ERASED = 1000  # at a time
NOTIFIED = "NOTIFIED"

Body = Mapping[str, Any]
Place = tuple[int, str, str, tuple[int, ...]]  # whose it is, its kind, and the kind and the key of its subject


class Concern(NamedTuple):
    """How a fact concerns somebody: as which kind, about what, and which parts of its body say so.

    `whose` is the part that names him; None where it is the creator of the sound. `actor` is who did it, None where nobody did.
    """

    kind: str
    subject: str
    key: tuple[str, ...]
    whose: str | None
    actor: str | None = "user_id"


CONCERNS = {
    "USER_FOLLOWED": Concern("FOLLOWED", "USER", ("user_id",), "followed_id"),
    "VIDEO_POSTED": Concern("SOUND_USED", "SOUND", ("sound_id",), None, "creator_id"),
    "CHART_ENTERED": Concern("SOUND_RISING", "SOUND", ("sound_id",), None, None),
    "PLAYLIST_COLLABORATOR_SET": Concern("COLLABORATOR_ADDED", "PLAYLIST", ("playlist_id",), "user_id", "actor_id"),
    "VIDEO_COMMENTED": Concern("COMMENTED", "VIDEO_COMMENT", ("sound_id", "comment_id"), "creator_id"),
    "VIDEO_LIKED": Concern("LIKED", "VIDEO", ("sound_id", "video_id"), "creator_id"),
    "VIDEO_COMMENT_LIKED": Concern("LIKED", "VIDEO_COMMENT", ("sound_id", "comment_id"), "author_id"),
    "TRACK_COMMENT_LIKED": Concern("LIKED", "TRACK_COMMENT", ("track_id", "comment_id"), "author_id"),
}
# A chart is entered in many scopes, and who was left can be followed again: of the same one hears once a day.
ONCE_A_DAY = ["FOLLOWED", "SOUND_RISING", "COLLABORATOR_ADDED"]


@dataclass(slots=True)
class Told:
    """What a batch has to say of one thing: the newest of the facts, and how many there are."""

    actor_id: int | None
    sequence: int
    occurred_at: datetime
    count: int = 0


async def notify(database: Database, limit: int = BATCH) -> bool:
    """Tells of the facts after the stored position, at most `limit`; True where more of the log waits. Raises Overtaken where the position moved meanwhile."""
    position: int = await database.consumer_position(CONSUMER)
    head: int = (await database.log_head())["sequence"]
    end = min(head, position + limit)
    if end <= position:
        return False
    told = await _told(database, await database.log_of_types(list(CONCERNS), position, end, limit))
    async with database.transaction() as tx:
        if await tx.advance_consumer(CONSUMER, position, end) is None:
            raise Overtaken(Overtaken.__doc__)
        if told:
            rows = await tx.put_notifications(*_columns(told), ONCE_A_DAY)
            rows.sort(key=lambda row: row["sequence"])
            await publish_all(tx, [_event(row) for row in rows])
    return end < head


async def drop_old(database: Database, now: datetime) -> bool:
    """Drops some of those that are older than 30 days; True where there may be more."""
    dropped: int = await database.drop_old_notifications(now - KEPT, OLD)
    return dropped == OLD


async def forget(database: Database, user_id: int, until: float) -> bool:
    """Erases what a user was told, and his name from what others were. His account is marked as deleted already, so nothing is added.

    False where the time (of time.monotonic) is over before.
    """
    while await database.erase_notifications(user_id, ERASED):
        if time.monotonic() > until:
            return False
    return True


async def _told(database: Database, facts: Sequence[Any]) -> dict[Place, Told]:
    facts = [fact for fact in facts if _concerns(fact["type"], fact["body"])]
    sounds = {fact["body"]["sound_id"] for fact in facts if CONCERNS[fact["type"]].whose is None}
    rows = await database.sound_creators(sorted(sounds)) if sounds else []
    creators = {row["id"]: row["creator_id"] for row in rows}
    found = [(fact, *_people(fact, creators)) for fact in facts]
    others = [
        (fact, whose, actor) for fact, whose, actor in found if whose not in (None, actor) and _is_known(fact, actor)
    ]
    allowed = await _allowed(database, {(whose, actor) for _, whose, actor in others})
    told: dict[Place, Told] = {}
    for fact, whose, actor in others:
        if (whose, actor) in allowed:
            place = _place(fact, whose)
            count = told[place].count + 1 if place in told else 1
            told[place] = Told(actor, fact["sequence"], fact["occurred_at"], count)
    return told


def _concerns(type: str, body: Body) -> bool:
    if type == "CHART_ENTERED":
        return bool(body["kind"] == "BREAKOUT")
    if type == "PLAYLIST_COLLABORATOR_SET":
        return body["previous_role"] is None
    return True


def _people(fact: Any, creators: Mapping[int, int]) -> tuple[int | None, int | None]:
    concern, body = CONCERNS[fact["type"]], fact["body"]
    whose = creators.get(body["sound_id"]) if concern.whose is None else body.get(concern.whose)
    return whose, None if concern.actor is None else body.get(concern.actor)


def _is_known(fact: Any, actor: int | None) -> bool:
    # The log forgets the names of those who are erased.
    return actor is not None or CONCERNS[fact["type"]].actor is None


async def _allowed(database: Database, pairs: Iterable[tuple[int, int | None]]) -> set[tuple[int, int | None]]:
    wanted = list(pairs)
    if not wanted:
        return set()
    rows = await database.notifiable(*map(list, zip(*wanted, strict=True)))
    return {(row["user_id"], row["actor_id"]) for row in rows}


def _place(fact: Any, whose: int) -> Place:
    concern, body = CONCERNS[fact["type"]], fact["body"]
    return whose, concern.kind, concern.subject, tuple(body[name] for name in concern.key)


def _columns(told: Mapping[Place, Told]) -> list[list[Any]]:
    # In the order of their keys, in which whoever reads them locks them too.
    rows = [
        (whose, kind, subject, f"{{{','.join(map(str, key))}}}", one.actor_id, one.count, one.sequence, one.occurred_at)
        for (whose, kind, subject, key), one in sorted(told.items(), key=lambda pair: pair[0])
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _event(row: Any) -> Event:
    body = {"notified_id": row["user_id"], "notification_id": row["id"]}
    return Event(NOTIFIED, row["occurred_at"], body)
