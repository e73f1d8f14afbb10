"""Shares: who passed something on, and by which way."""

import json
import re
from dataclasses import dataclass
from typing import Any

from resolvers import ids, node
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, not_found
from resolvers.ids import Id
from resolvers.write import ResponseKey, Written, fact_of_row

CHANNEL = re.compile(r"[a-z0-9_.-]{1,40}")


# What the parts of each subject's key are called in the event.
SHAREABLE = {
    ids.SOUND: ("sound_id",),
    ids.VIDEO: ("sound_id", "video_id"),
    ids.TRACK: ("track_id",),
    ids.PLAYLIST: ("playlist_id",),
}
NOTHING = ("", "", None, None, "", "{}")  # of a share that is not to be written


@dataclass
class RecordShareInput:
    subject_id: Id
    channel: str
    idempotency_key: str | None


async def record_share(_: Rows, ctx: Context, input: RecordShareInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.subject_id, SHAREABLE)
    parts = ids.parts(key)

    async def columns() -> tuple[Any, ...]:
        channel = input.channel.strip().lower()
        if not CHANNEL.fullmatch(channel):
            message = "A channel has 1 to 40 of a to z, digits, `_`, `.` and `-`, like `messages`."
            raise Refusal("InvalidInput", message, ["input", "channel"])
        if await node.found(ctx, kind, key) is None:
            raise not_found("subjectId")
        body = {"user_id": ctx.viewer, **dict(zip(SHAREABLE[kind], parts, strict=True)), "channel": channel}
        routed_by = parts[0] if kind is ids.VIDEO else None
        return input.subject_id, kind.prefix.upper(), parts[-1], routed_by, channel, json.dumps(body)

    result = await fact_of_row(ctx, "recordShare", input, response_key, Written("record_shares", columns, NOTHING))
    return [{"__typename": "RecordSharePayload", "subject_id": input.subject_id} if "row" in result else result]
