"""What happens in a community: videos that come and go, and its counts once they are counted."""

from collections.abc import Awaitable
from typing import Any

from events.bus import Fact, Topic
from events.fact_stream import Source, fact_stream
from events.watch import Stream
from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidId, StreamsUnavailable
from resolvers.ids import Id
from resolvers.page import Cursor

UPDATES = {"VIDEO_POSTED": "VideoPosted", "VIDEO_REMOVED": "VideoRemoved"}
COUNTED = frozenset({*UPDATES, "VIDEO_HIDDEN", "VIDEO_SHOWN", "MEMBER_JOINED", "MEMBER_LEFT"})


async def updates(ctx: Context, sound_id: Id, after: Cursor | None = None) -> Stream:
    key = ids.SOUND.read(sound_id)
    if ctx.facts is None:
        raise StreamsUnavailable
    source = _source(key)
    # No sound ever goes, so where somebody listens already there is one: of thousands who come back at once few have to ask.
    if source.name not in ctx.facts.audiences and (await ctx.db.sound_by_id([key]))[0] is None:
        raise InvalidId("There is no such sound.")
    return fact_stream(ctx.facts, source, after)


def _source(sound_id: int) -> Source:
    counts = {"__typename": "CommunityCounts", "community_id": sound_id}
    topic = Topic(COUNTED, "sound_id", sound_id)
    return Source(f"communityActivity|{sound_id}", topic, _update, lambda: counts)


def _update(fact: Fact) -> dict[str, Any] | None:
    if fact["type"] not in UPDATES:
        return None
    key = fact["body"]["sound_id"], fact["body"]["video_id"]
    named = {"sound_id": ids.SOUND.write(key[0]), "video_id": ids.VIDEO.write(*key)}
    return {"__typename": UPDATES[fact["type"]], "video_key": key, **named}


def video(updates: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.videos(ctx, [update["video_key"] for update in updates])


def community(updates: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.sound_by_id([update["community_id"] for update in updates])
