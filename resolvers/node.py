"""Any object by its global id."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from db.loading import loaded, loading
from resolvers import ids, notification, visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidArgument, InvalidId
from resolvers.ids import Id, Kind, read, shown

LARGEST = 100
FIND: dict[Kind, Callable[[Context, Sequence[Any]], Awaitable[Rows]]] = {
    ids.USER: visibility.users,
    ids.VIDEO: visibility.videos,
    ids.SOUND: lambda ctx, keys: ctx.db.sound_by_id(keys),
    ids.COMMUNITY: lambda ctx, keys: ctx.db.community_by_sound(keys),
    ids.ARTIST: lambda ctx, keys: ctx.db.artist_by_id(keys),
    ids.RELEASE: lambda ctx, keys: ctx.db.release_by_id(keys),
    ids.TRACK: lambda ctx, keys: ctx.db.track_by_id(keys),
    ids.HASHTAG: lambda ctx, keys: ctx.db.hashtag_by_name(keys),
    ids.NICHE: lambda ctx, keys: ctx.db.niche_by_id(keys),
    ids.PLAYLIST: visibility.playlists,
    ids.NOTIFICATION: notification.by_key,
    ids.VIDEO_COMMENT: visibility.video_comments,
    ids.TRACK_COMMENT: visibility.track_comments,
}


def node(_: Rows, ctx: Context, id: Id) -> Awaitable[Rows]:
    kind, key = _read(id)
    return FIND[kind](ctx, [key])


async def found(ctx: Context, kind: Kind, key: Any) -> Any:
    """The row of this key as the viewer may see it, or None."""
    (row,) = await FIND[kind](ctx, [key])
    return row


def nodes(_: Rows, ctx: Context, ids: list[Id]) -> Awaitable[Rows]:
    if len(ids) > LARGEST:
        raise InvalidArgument(f"`ids` holds {len(ids)} ids; at most {LARGEST} are allowed.")
    answers: Rows = [None] * len(ids)
    places: dict[Kind, list[tuple[int, Any]]] = {}
    for index, text in enumerate(ids):
        try:
            kind, key = _read(text)
            places.setdefault(kind, []).append((index, key))
        except InvalidId as error:
            answers[index] = error.with_traceback(None)  # its frames hold the answers
    placed = loaded([answers])
    for kind, found in places.items():
        rows = loading(FIND[kind](ctx, [key for _, key in found]))
        placed = placed.joined(rows, partial(_placed, [index for index, _ in found]))
    return placed


def _placed(places: list[int], answers: Rows, rows: Rows) -> Rows:
    for index, row in zip(places, rows, strict=True):
        answers[0][index] = row
    return answers


def _read(text: str) -> tuple[Kind, Any]:
    kind, key = read(text)
    if kind not in FIND:
        raise InvalidId(f"{shown(text)} is the id of a {kind.prefix}, which is not a node.")
    return kind, key
