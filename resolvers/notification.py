"""Notifications: what the viewer is told of, and the stream of them. What is gone or hidden by now is absent."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from db.queries import Slice
from db.rows import changed
from events.bus import Fact, Topic
from events.cursor import BadCursor
from events.fact_stream import Source, fact_stream
from events.watch import Stream
from resolvers import visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, StreamsUnavailable
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.write import ByHeader, ResponseKey, fact

MOST_UNREAD = 100  # to look through more would cost more than it tells
DIGESTS = frozenset({"LIKED", "SOUND_USED"})  # they stand for what many did
SUBJECTS: dict[str, Callable[[Context, Sequence[Any]], Any]] = {
    "USER": visibility.users,
    "SOUND": visibility.listed_sounds,
    "VIDEO": visibility.videos,
    "VIDEO_COMMENT": visibility.video_comments,
    "TRACK_COMMENT": visibility.track_comments,
    "PLAYLIST": visibility.playlists,
}


class NotificationKind(Enum):
    FOLLOWED = "FOLLOWED"
    SOUND_USED = "SOUND_USED"
    SOUND_RISING = "SOUND_RISING"
    COLLABORATOR_ADDED = "COLLABORATOR_ADDED"
    COMMENTED = "COMMENTED"
    LIKED = "LIKED"


async def shown(ctx: Context, rows: Rows) -> Rows:
    """These notifications with their actors and subjects; None for one whose subject, or whose only actor, the viewer may not see."""
    actors, subjects = await asyncio.gather(
        visibility.users(ctx, [row and row["actor_id"] for row in rows]), _subjects(ctx, rows)
    )
    return [
        changed(row, actor=actor, subject=subject) if subject is not None and _is_told(row, actor) else None
        for row, actor, subject in zip(rows, actors, subjects, strict=True)
    ]


def _is_told(row: Any, actor: Any) -> bool:
    digest = row["kind"] in DIGESTS and row["count"] > 1
    return digest or actor is not None or row["kind"] == NotificationKind.SOUND_RISING.value


async def _subjects(ctx: Context, rows: Rows) -> Rows:
    kinds = sorted({row["subject_kind"] for row in rows if row is not None})
    lists = await asyncio.gather(*(SUBJECTS[kind](ctx, [_key(row, kind) for row in rows]) for kind in kinds))
    found = dict(zip(kinds, lists, strict=True))
    return [row and found[row["subject_kind"]][index] for index, row in enumerate(rows)]


def _key(row: Any, kind: str) -> Any:
    if row is None or row["subject_kind"] != kind:
        return None
    key = row["subject_key"]
    return tuple(key) if len(key) > 1 else key[0]


async def by_key(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Rows:
    """The viewer's own notifications of these (user_id, id)."""
    own = [key if key is not None and key[0] == ctx.viewer else None for key in keys]
    return await shown(ctx, await ctx.db.notification_by_key(own))


async def notifications(viewers: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Rows:
    found: Rows = await pages(ctx, LISTING, [viewer["id"] for viewer in viewers], Arguments(first, after))
    return found


LISTING = Listing("notifications_by_user", nodes=shown)


async def unread_count(viewers: Rows, ctx: Context) -> Rows:
    return [await _unread(ctx, viewer["id"]) for viewer in viewers]


async def _unread(ctx: Context, user_id: int) -> int:
    (rows,) = await ctx.db.unread_by_user([user_id], Slice(MOST_UNREAD, descending=True))
    return sum(one is not None for one in await shown(ctx, rows))


@dataclass
class MarkNotificationsReadInput(ByHeader):
    up_to: Cursor


async def mark_read(_: Rows, ctx: Context, input: MarkNotificationsReadInput, response_key: ResponseKey) -> Rows:
    viewer = ctx.signed_in()

    async def write(tx: Transaction) -> dict[str, Any]:
        try:
            sequence, _id = ctx.cursors.read(LISTING.scope(viewer), input.up_to)
        except BadCursor as error:
            message = "`upTo` is not a cursor of the viewer's notifications."
            raise Refusal("InvalidInput", message, ["input", "upTo"]) from error
        await tx.read_notifications(viewer, sequence)
        return {"__typename": "MarkNotificationsReadPayload", "id": viewer}

    return [await fact(ctx, "markNotificationsRead", input, response_key, write)]


async def updates(ctx: Context, after: Cursor | None = None) -> Stream:
    viewer = ctx.signed_in()
    if ctx.facts is None:
        raise StreamsUnavailable
    topic = Topic(frozenset({"NOTIFIED"}), "notified_id", viewer)
    return fact_stream(ctx.facts, Source(f"notifications|{viewer}", topic, _update), after)


def _update(fact: Fact) -> dict[str, Any]:
    body = fact["body"]
    return {
        "__typename": "NotificationReceived",
        "id": body["notified_id"],
        "notification_key": (body["notified_id"], body["notification_id"]),
    }


async def received(updates: Rows, ctx: Context) -> Rows:
    return await by_key(ctx, [update["notification_key"] for update in updates])
