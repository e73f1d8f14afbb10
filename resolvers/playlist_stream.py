"""What happens to a playlist: items that come, go and move, and its details."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any

from events.bus import Fact, Topic
from events.fact_stream import Source, fact_stream
from events.watch import Stream, Told
from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidId, StreamsUnavailable
from resolvers.event import PLAYLIST_CHANGES
from resolvers.ids import Id
from resolvers.page import Cursor, Listing
from resolvers.sharing import observed

UPDATES = {
    "PLAYLIST_ITEMS_ADDED": "PlaylistItemsAdded",
    "PLAYLIST_ITEMS_REMOVED": "PlaylistItemsRemoved",
    "PLAYLIST_ITEMS_MOVED": "PlaylistItemsMoved",
}
OF_ITEMS = frozenset(UPDATES.values())


async def updates(ctx: Context, playlist_id: Id, after: Cursor | None = None) -> Stream:
    key = ids.PLAYLIST.read(playlist_id)
    if ctx.facts is None:
        raise StreamsUnavailable
    if not await _is_seen(ctx, key):
        raise InvalidId("There is no such playlist.")
    source = Source(f"playlistChanged|{key}", Topic(PLAYLIST_CHANGES, "playlist_id", key), _update)
    return Stream(_seen(ctx, key, fact_stream(ctx.facts, source, after)))


async def _seen(ctx: Context, key: int, stream: Stream) -> AsyncGenerator[Told, None]:
    async with aclosing(stream):
        async for update in stream:
            # What was done inside it is nothing to whom the playlist was closed meanwhile: he hears of its details, which are null.
            if update.update["__typename"] not in OF_ITEMS or await _is_told(ctx, update, key):
                yield update


async def _is_told(ctx: Context, update: Told, key: int) -> bool:
    asked = ("seen", ctx.viewer)
    seen = update.answers.get(asked)
    if seen is None:
        seen = update.answers[asked] = asyncio.ensure_future(_is_seen(ctx, key))
    return await asyncio.shield(seen)


async def _is_seen(ctx: Context, key: int) -> bool:
    return (await visibility.playlists(observed(ctx), [key]))[0] is not None


def _update(fact: Fact) -> dict[str, Any] | None:
    typename, body = UPDATES.get(fact["type"], "PlaylistDetailsChanged"), fact["body"]
    key = body["playlist_id"]
    update: dict[str, Any] = {"__typename": typename, "playlist_id": key}
    if typename in OF_ITEMS:
        before = body.get("before_item_id")
        update["snapshot_id"] = ids.SNAPSHOT.write(key, body["snapshot_id"])
        update["item_keys"] = [(key, item_id) for item_id in body["item_ids"]]
        update["item_ids"] = [ids.PLAYLIST_ITEM.write(*item) for item in update["item_keys"]]
        update["before_item_id"] = before and ids.PLAYLIST_ITEM.write(key, before)
    return update


def playlist(updates: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.playlists(ctx, [update["playlist_id"] for update in updates])


async def items(updates: Rows, ctx: Context) -> Rows:
    found = iter(await ctx.db.item_by_key([key for update in updates for key in update["item_keys"]]))
    lists = [[item for _, item in zip(update["item_keys"], found, strict=False) if item] for update in updates]
    for update, edges in zip(updates, lists, strict=True):
        scope = Listing("items_by_playlist", descending=False).scope(update["playlist_id"])
        update["cursor"] = lambda index, edges=edges, scope=scope: ctx.cursors.sign(scope, [edges[index]["sort_key"]])
    return lists
