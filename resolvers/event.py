"""Events: every public fact, in order, as a page of the log or as it comes."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from events import log
from events.bus import Fact, Topic
from events.cursor import BadCursor
from events.fact_stream import Source, fact_stream
from events.watch import Place, Stream
from resolvers import ids, node
from resolvers.context import Context, Rows
from resolvers.errors import CursorExpired, InvalidCursor, StreamsUnavailable
from resolvers.ids import Kind
from resolvers.page import Arguments, Cursor, check_size, connection


class EventType(Enum):
    SOUND_CREATED = "SOUND_CREATED"
    SOUND_STATUS_CHANGED = "SOUND_STATUS_CHANGED"
    VIDEO_POSTED = "VIDEO_POSTED"
    VIDEO_REMOVED = "VIDEO_REMOVED"
    PLAYLIST_PUBLISHED = "PLAYLIST_PUBLISHED"
    PLAYLIST_CHANGED = "PLAYLIST_CHANGED"
    CHART_ENTERED = "CHART_ENTERED"
    CHART_LEFT = "CHART_LEFT"
    USER_DELETED = "USER_DELETED"


PLAYLIST_CHANGES = frozenset(
    {
        "PLAYLIST_CREATED",
        "PLAYLIST_DETAILS_CHANGED",
        "PLAYLIST_DELETED",
        "PLAYLIST_ITEMS_ADDED",
        "PLAYLIST_ITEMS_REMOVED",
        "PLAYLIST_ITEMS_MOVED",
        "PLAYLIST_COLLABORATOR_SET",
    }
)
# The facts of each type, where they are not of its name. What is in none of these is nobody's business.
FACTS = {
    EventType.PLAYLIST_PUBLISHED: frozenset({"PLAYLIST_CREATED", "PLAYLIST_DETAILS_CHANGED"}),
    EventType.PLAYLIST_CHANGED: PLAYLIST_CHANGES - {"PLAYLIST_CREATED"},
}
SUBJECTS: dict[str, tuple[Kind, Sequence[str]]] = {
    "SOUND": (ids.SOUND, ("sound_id",)),
    "CHART": (ids.SOUND, ("sound_id",)),
    "VIDEO": (ids.VIDEO, ("sound_id", "video_id")),
    "PLAYLIST": (ids.PLAYLIST, ("playlist_id",)),
    "USER": (ids.USER, ("user_id",)),
}


async def updates(ctx: Context, types: list[EventType] | None = None, after: Cursor | None = None) -> Stream:
    if ctx.facts is None:
        raise StreamsUnavailable
    return fact_stream(ctx.facts, source(types), after)


def source(types: list[EventType] | None) -> Source:
    """The public facts of these types, or of all."""
    wanted = frozenset(EventType if types is None else types)
    name = "|".join(["events", *(sorted(kind.value for kind in wanted) if types is not None else [])])

    def read(fact: Fact) -> dict[str, Any] | None:
        kind = event_type(fact)
        return _event(kind, fact["body"]) if kind in wanted else None

    return Source(name, Topic(_facts(wanted)), read)


def event_type(fact: Fact) -> EventType | None:
    """Which event this fact is to the public; None where it is none. A playlist is the public's business as long as it is public, and as it ceases to be."""
    type_, body = fact["type"], fact["body"]
    if type_ not in PLAYLIST_CHANGES:
        return EventType(type_) if type_ in EventType.__members__ else None
    public = body["visibility"] == "PUBLIC"
    before = body.get("previous_visibility", body["visibility"]) == "PUBLIC" and type_ != "PLAYLIST_CREATED"
    if public and not before:
        return EventType.PLAYLIST_PUBLISHED
    return EventType.PLAYLIST_CHANGED if before else None


def _facts(wanted: frozenset[EventType]) -> frozenset[str]:
    return frozenset().union(*(FACTS.get(kind, {kind.value}) for kind in wanted))


def _event(kind: EventType, body: Any) -> dict[str, Any]:
    subject, columns = SUBJECTS[kind.value.partition("_")[0]]
    subject_id = subject.write(*(body[column] for column in columns))
    return {"__typename": "Event", "type": kind.value, "subject_id": subject_id}


async def subject(events: Rows, ctx: Context) -> Rows:
    (found,) = await node.nodes([], ctx, ids=[event["subject_id"] for event in events])
    return found  # type: ignore[no-any-return]


async def events(
    _: Rows, ctx: Context, types: list[EventType] | None = None, after: Cursor | None = None, first: int = 100
) -> Rows:
    size, wanted = check_size(Arguments(first), default=100), source(types)
    head = log.Head(*await ctx.db.log_head())
    begin = head.floor if after is None else _position(ctx, wanted.name, after, head)
    found = await _read(ctx, wanted, begin, head, size + 1)
    if begin < (await ctx.db.log_head())["floor"]:  # asked behind the page: facts may have been dropped under it
        raise CursorExpired
    edges = found[:size]
    more, before = len(found) > size, after is not None
    return [connection(edges, lambda i: edges[i]["stream_cursor"], has_next_page=more, has_previous_page=before)]


def _position(ctx: Context, name: str, after: Cursor, head: log.Head) -> int:
    try:
        place = Place.read(ctx.cursors, after)
    except BadCursor as error:
        raise InvalidCursor from error
    if place.stream != name:
        raise InvalidCursor
    if place.epoch != head.epoch or not head.floor <= place.sequence <= head.sequence:
        raise CursorExpired
    return place.sequence


async def _read(ctx: Context, wanted: Source, position: int, head: log.Head, size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < size:
        facts = await ctx.db.log_of_types(sorted(wanted.topic.types), position, head.sequence, size)
        for fact in facts:
            position, update = fact["sequence"], wanted.read(fact)
            if update is not None:
                cursor = Place(head.epoch, position, wanted.name).sign(ctx.cursors)
                found.append(
                    update | {"stream_cursor": cursor, "sequence": position, "occurred_at": fact["occurred_at"]}
                )
        if len(facts) < size:
            break
    return found
