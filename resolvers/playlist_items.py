"""What stands in a playlist and in which order: added, removed, moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidId, Refusal
from resolvers.ids import Id
from resolvers.playlist_editing import EDITS, answered, opened, tell
from resolvers.sort_keys import keys_between
from resolvers.write import ResponseKey, within

MOST_ITEMS = 10_000  # a playlist
MOST_AT_ONCE = 100
LONGEST_KEY = 64  # some 300 insertions at the very same place; beyond it all keys of the playlist are made anew

Entry = tuple[str, Any]  # its kind and its row


@dataclass
class AddPlaylistItemsInput:
    playlist_id: Id
    base_snapshot_id: Id | None
    entry_ids: list[Id]
    before_item_id: Id | None
    idempotency_key: str | None


async def add_playlist_items(_: Rows, ctx: Context, input: AddPlaylistItemsInput, response_key: ResponseKey) -> Rows:
    async def edit(tx: Transaction) -> Any:
        playlist = await opened(tx, ctx, input.playlist_id, EDITS, base=input.base_snapshot_id)
        entries = await find_entries(tx, input.entry_ids)
        if playlist["item_count"] + len(entries) > MOST_ITEMS:
            raise Refusal("InvalidInput", f"A playlist holds at most {MOST_ITEMS:,} items.", ["input", "entryIds"])
        before = _place(playlist, input.before_item_id)
        item_ids = await insert(tx, ctx, playlist, entries, before=before)
        edited = await tx.edit_playlist(playlist["id"], len(entries), duration_of(entries), ctx.now)
        await tell(tx, ctx, "PLAYLIST_ITEMS_ADDED", edited, item_ids=item_ids, before_item_id=before)
        return edited

    return await answered(ctx, "addPlaylistItems", input, response_key, edit)


@dataclass
class RemovePlaylistItemsInput:
    playlist_id: Id
    base_snapshot_id: Id
    item_ids: list[Id]
    idempotency_key: str | None


async def remove_playlist_items(
    _: Rows, ctx: Context, input: RemovePlaylistItemsInput, response_key: ResponseKey
) -> Rows:
    async def edit(tx: Transaction) -> Any:
        playlist = await opened(tx, ctx, input.playlist_id, EDITS, base=input.base_snapshot_id)
        items = await _items(tx, playlist, input.item_ids)
        item_ids = [item["id"] for item in items]
        entries = await _entries(tx, [(item["kind"], item["entry_id"]) for item in items])
        await tx.delete_items(playlist["id"], item_ids)
        edited = await tx.edit_playlist(playlist["id"], -len(items), -duration_of(entries), ctx.now)
        await tell(tx, ctx, "PLAYLIST_ITEMS_REMOVED", edited, item_ids=item_ids)
        return edited

    return await answered(ctx, "removePlaylistItems", input, response_key, edit)


@dataclass
class MovePlaylistItemsInput:
    playlist_id: Id
    base_snapshot_id: Id
    item_ids: list[Id]
    before_item_id: Id | None
    idempotency_key: str | None


async def move_playlist_items(_: Rows, ctx: Context, input: MovePlaylistItemsInput, response_key: ResponseKey) -> Rows:
    async def edit(tx: Transaction) -> Any:
        playlist = await opened(tx, ctx, input.playlist_id, EDITS, base=input.base_snapshot_id)
        item_ids = [item["id"] for item in await _items(tx, playlist, input.item_ids)]
        before = _place(playlist, input.before_item_id)
        if before in item_ids:
            raise Refusal("InvalidInput", "An item cannot be moved before itself.", ["input", "beforeItemId"])
        await tx.set_sort_keys(playlist["id"], item_ids, await _room(tx, playlist["id"], before, len(item_ids)))
        edited = await tx.edit_playlist(playlist["id"], 0, 0, ctx.now)
        await tell(tx, ctx, "PLAYLIST_ITEMS_MOVED", edited, item_ids=item_ids, before_item_id=before)
        return edited

    return await answered(ctx, "movePlaylistItems", input, response_key, edit)


async def find_entries(tx: Transaction, entry_ids: Sequence[Id]) -> list[Entry]:
    """The tracks and sounds that these ids name; raises NotFound for one that there is not, or that was removed."""
    within(len(entry_ids), ["input", "entryIds"], least=1, most=MOST_AT_ONCE)
    entries = await _entries(tx, [_named(entry_id) for entry_id in entry_ids])
    for place, (kind, row) in enumerate(entries):
        if (visibility.listed(row) if kind == "SOUND" else row) is None:
            raise Refusal("NotFound", "There is no such track or sound.", ["input", "entryIds", str(place)])
    return entries


def _named(id: Id) -> tuple[str, int]:
    kind, key = ids.read(id)
    if kind not in (ids.TRACK, ids.SOUND):
        raise InvalidId(f"{ids.shown(id)} is the id of a {kind.prefix}; the id of a track or a sound is needed here.")
    return kind.prefix.upper(), key


async def _entries(tx: Transaction, named: Sequence[tuple[str, int]]) -> list[Entry]:
    tracks = await tx.track_by_id([key if kind == "TRACK" else None for kind, key in named])
    sounds = await tx.sound_by_id([key if kind == "SOUND" else None for kind, key in named])
    return [(kind, track or sound) for (kind, _), track, sound in zip(named, tracks, sounds, strict=True)]


def duration_of(entries: Sequence[Entry]) -> int:
    """Milliseconds, of all of them together."""
    return sum(row["duration_ms"] for _, row in entries)


async def insert(
    tx: Transaction, ctx: Context, playlist: Any, entries: Sequence[Entry], *, before: int | None
) -> list[int]:
    """Puts these entries before that item, or last; the ids of their places."""
    kinds, entry_ids = [kind for kind, _ in entries], [row["id"] for _, row in entries]
    keys = await _room(tx, playlist["id"], before, len(entries))
    inserted = await tx.insert_items(playlist["id"], keys, kinds, entry_ids, ctx.viewer, ctx.now)
    return [item["id"] for item in inserted]


async def _items(tx: Transaction, playlist: Any, item_ids: Sequence[Id]) -> list[Any]:
    # Each once, in the order of the input.
    path = ["input", "itemIds"]
    within(len(item_ids), path, least=1, most=MOST_AT_ONCE)
    keys = list(dict.fromkeys(ids.PLAYLIST_ITEM.read(item_id) for item_id in item_ids))
    items = [
        item if playlist_id == playlist["id"] else None
        for (playlist_id, _), item in zip(keys, await tx.item_by_key(keys), strict=True)
    ]
    if None in items:
        raise Refusal("NotFound", "This playlist has no such item.", path)
    return items


def _place(playlist: Any, before_item_id: Id | None) -> int | None:
    if before_item_id is None:
        return None
    playlist_id, before = ids.PLAYLIST_ITEM.read(before_item_id)
    if playlist_id != playlist["id"]:
        raise _no_place()
    return before  # type: ignore[no-any-return]


def _no_place() -> Refusal:
    return Refusal("NotFound", "This playlist has no such item.", ["input", "beforeItemId"])


async def _room(tx: Transaction, playlist_id: int, before: int | None, count: int) -> list[str]:
    # Between that item and whatever stands before it, moved itself or not: so no key is there already.
    stop = None
    if before is not None:
        (item,) = await tx.item_by_key([(playlist_id, before)])
        if item is None:
            raise _no_place()
        stop = item["sort_key"]
    keys = keys_between(await tx.sort_key_before(playlist_id, stop), stop, count)
    if all(len(key) <= LONGEST_KEY for key in keys):
        return keys
    await _spread(tx, playlist_id)
    return await _room(tx, playlist_id, before, count)


async def _spread(tx: Transaction, playlist_id: int) -> None:
    # All of them behind the last: there the keys are short, and none of them is taken while others still have theirs.
    item_ids = [item["id"] for item in await tx.items_in_order(playlist_id)]
    keys = keys_between(await tx.sort_key_before(playlist_id, None), None, len(item_ids))
    await tx.set_sort_keys(playlist_id, item_ids, keys)
