"""Shares: who passed something on, and by which way."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from db.database import Transaction
from events import outbox
from resolvers import ids, node
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, not_found
from resolvers.ids import Id
from resolvers.write import ResponseKey, author, fact

CHANNEL = re.compile(r"[a-z0-9_.-]{1,40}")


class Shareable(NamedTuple):
    """The event, and what the parts of the subject's key are called in it."""

    event: str
    key: tuple[str, ...]


SHAREABLE = {
    ids.SOUND: Shareable("SOUND_SHARED", ("sound_id",)),
    ids.VIDEO: Shareable("VIDEO_SHARED", ("sound_id", "video_id")),
    ids.TRACK: Shareable("TRACK_SHARED", ("track_id",)),
    ids.PLAYLIST: Shareable("PLAYLIST_SHARED", ("playlist_id",)),
}


@dataclass
class RecordShareInput:
    subject_id: Id
    channel: str
    idempotency_key: str | None


async def record_share(_: Rows, ctx: Context, input: RecordShareInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.subject_id, SHAREABLE)
    columns = ids.parts(key)

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await author(tx, ctx))["id"]
        channel = input.channel.strip().lower()
        if not CHANNEL.fullmatch(channel):
            message = "A channel has 1 to 40 of a to z, digits, `_`, `.` and `-`, like `messages`."
            raise Refusal("InvalidInput", message, ["input", "channel"])
        if await node.found(ctx, kind, key) is None:
            raise not_found("subjectId")
        routed_by = columns[0] if kind is ids.VIDEO else None
        if not await tx.insert_share(kind.prefix.upper(), columns[-1], routed_by, viewer, channel, ctx.now):
            raise not_found("subjectId")
        shareable = SHAREABLE[kind]
        body = {"user_id": viewer, **dict(zip(shareable.key, columns, strict=True)), "channel": channel}
        await outbox.publish(tx, shareable.event, ctx.now, body)
        return {"__typename": "RecordSharePayload", "subject_id": input.subject_id}

    return [await fact(ctx, "recordShare", input, response_key, write)]
