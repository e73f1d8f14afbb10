"""What every edit of a playlist does: it sees who may and from which snapshot on, takes its turn, and tells the log.

Edits of one playlist take turns by the lock of its row: its counts are exact, and two that name the same place both find room there.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal
from resolvers.ids import Id
from resolvers.write import ResponseKey, author, fact

OWNS = frozenset({"OWNER"})
EDITS = OWNS | {"EDITOR"}
WORKS = EDITS | {"VIEWER"}

Edit = Callable[[Transaction], Awaitable[Any]]  # gives the playlist's row as it leaves it


async def opened(tx: Transaction, ctx: Context, id: Id, roles: frozenset[str], *, base: Id | None = None) -> Any:
    """The playlist's row, locked, for a viewer of one of these roles.

    Raises NotFound for whoever may not see it, NotAllowed for whoever may not do this, SnapshotConflict where it is no longer what `base` names.
    """
    viewer_id = (await author(tx, ctx))["id"]
    playlist = await tx.lock_playlist(ids.PLAYLIST.read(id))
    if playlist is None:
        raise _not_found()
    role = "OWNER" if playlist["owner_id"] == viewer_id else await _role_of_another(tx, ctx, playlist, viewer_id)
    if role not in roles:
        raise Refusal("NotAllowed", f"This takes the role {' or '.join(sorted(roles))}.", ["input", "playlistId"])
    if base is not None:
        _require_snapshot(playlist, base)
    return playlist


async def _role_of_another(tx: Transaction, ctx: Context, playlist: Any, viewer_id: int) -> str | None:
    # As visibility.py has it, but within the transaction: under the lock nobody's role changes.
    (owner,) = await tx.user_by_id([playlist["owner_id"]])
    (found,) = await tx.playlist_role([(playlist["id"], viewer_id)])
    hidden = owner is None or owner["status"] != "ACTIVE" or owner["id"] in await ctx.hidden()
    if hidden or (found is None and playlist["visibility"] != "PUBLIC"):
        raise _not_found()
    return found and found["role"]  # type: ignore[no-any-return]


def _require_snapshot(playlist: Any, base: Id) -> None:
    path = ["input", "baseSnapshotId"]
    playlist_id, number = ids.SNAPSHOT.read(base)
    if playlist_id != playlist["id"]:
        raise Refusal("InvalidInput", "This is a snapshot of another playlist.", path)
    if number != playlist["snapshot_id"]:
        raise Refusal("SnapshotConflict", "Somebody edited the playlist meanwhile.", path, playlist=playlist)


def _not_found() -> Refusal:
    return Refusal("NotFound", "There is no such playlist.", ["input", "playlistId"])


async def answered(
    ctx: Context, field: str, input: Any, response_key: ResponseKey, edit: Edit, *, payload: str = "EditPlaylistPayload"
) -> Rows:
    """The answer of a mutation whose payload shows the playlist: as the edit left it, or for a repeated call as it is now."""
    rows: list[Any] = []

    async def write(tx: Transaction) -> dict[str, Any]:
        rows.append(await edit(tx))
        return {"__typename": payload, "playlist_id": rows[0]["id"]}

    answer = await fact(ctx, field, input, response_key, write)
    if answer["__typename"] != payload:
        return [answer]
    # Who repeats a call may have lost the playlist since.
    (playlist,) = rows or await visibility.playlists(ctx, [answer["playlist_id"]])
    return [_not_found().answer if playlist is None else {**answer, "playlist": playlist}]


async def tell(tx: Transaction, ctx: Context, type: str, playlist: Any, **body: Any) -> None:
    """Writes the event of an edit, with the playlist as it left it.

    The public facts follow from it: PLAYLIST_PUBLISHED where `visibility` is PUBLIC and `previous_visibility` is not, or the playlist was created;
    PLAYLIST_CHANGED where it is PUBLIC and anything else was edited.
    """
    state = {name: playlist[name] for name in ("snapshot_id", "visibility", "owner_id")}
    await outbox.publish(tx, type, ctx.now, {"playlist_id": playlist["id"], "actor_id": ctx.viewer, **state, **body})
