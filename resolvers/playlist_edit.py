"""How playlists are made, described, shared and given up, and who works on them."""

import secrets
from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import Refusal
from resolvers.ids import Id
from resolvers.playlist import PlaylistRole, Visibility
from resolvers.playlist_editing import EDITS, OWNS, WORKS, answered, opened, tell
from resolvers.playlist_items import duration_of, find_entries, insert
from resolvers.write import ByHeader, ResponseKey, author, fact, text

MOST_COLLABORATORS = 100  # they are listed without pages
TOKEN_BYTES = 16


@dataclass
class CreatePlaylistInput:
    title: str
    description: str | None
    visibility: Visibility | None
    entry_ids: list[Id] | None
    idempotency_key: str | None


async def create_playlist(_: Rows, ctx: Context, input: CreatePlaylistInput, response_key: ResponseKey) -> Rows:
    async def edit(tx: Transaction) -> Any:
        owner_id = (await author(tx, ctx))["id"]
        words = _title(input.title), _description(input.description or "")
        entries = await find_entries(tx, input.entry_ids) if input.entry_ids else []
        seen = (input.visibility or Visibility.PUBLIC).value
        size = len(entries), duration_of(entries)
        playlist = await tx.insert_playlist(*words, owner_id, seen, _token(seen), *size, ctx.now)
        await _claim(tx, playlist)
        await tx.list_playlist(owner_id, ctx.now, playlist["id"], seen == "PUBLIC")
        if entries:
            await insert(tx, ctx, playlist, entries, before=None)
        await tx.index_documents("PLAYLIST", [str(playlist["id"])])
        await tell(tx, ctx, "PLAYLIST_CREATED", playlist)
        return playlist

    return await answered(ctx, "createPlaylist", input, response_key, edit, payload="CreatePlaylistPayload")


@dataclass
class UpdatePlaylistInput:
    playlist_id: Id
    base_snapshot_id: Id | None
    title: str | None
    description: str | None
    visibility: Visibility | None
    idempotency_key: str | None


async def update_playlist(_: Rows, ctx: Context, input: UpdatePlaylistInput, response_key: ResponseKey) -> Rows:
    async def edit(tx: Transaction) -> Any:
        playlist = await opened(tx, ctx, input.playlist_id, EDITS, base=input.base_snapshot_id)
        before = playlist["visibility"]
        title = playlist["title"] if input.title is None else _title(input.title)
        description = playlist["description"] if input.description is None else _description(input.description)
        seen = before if input.visibility is None else input.visibility.value
        if (title, description, seen) == (playlist["title"], playlist["description"], before):
            return playlist
        if seen != before and playlist["owner_id"] != ctx.viewer:
            raise Refusal("NotAllowed", "Only its owner says who sees a playlist.", ["input", "visibility"])
        token = playlist["share_token"] if seen == before else _token(seen)
        edited = await tx.describe_playlist(playlist["id"], title, description, seen, token, ctx.now)
        if seen != before:
            await tx.drop_share_token(playlist["share_token"])
            await _claim(tx, edited)
            await tx.relist_playlist(edited["owner_id"], edited["created_at"], edited["id"], seen == "PUBLIC")
        await tx.index_documents("PLAYLIST", [str(edited["id"])])
        await tell(tx, ctx, "PLAYLIST_DETAILS_CHANGED", edited, previous_visibility=before)
        return edited

    return await answered(ctx, "updatePlaylist", input, response_key, edit)


@dataclass
class DeletePlaylistInput(ByHeader):
    playlist_id: Id


async def delete_playlist(_: Rows, ctx: Context, input: DeletePlaylistInput, response_key: ResponseKey) -> Rows:
    async def write(tx: Transaction) -> dict[str, Any]:
        playlist = await opened(tx, ctx, input.playlist_id, OWNS)
        (collaborators,) = await tx.collaborators_by_playlist([playlist["id"]])
        copies = [(row["user_id"], row["added_at"]) for row in collaborators]
        copies.append((playlist["owner_id"], playlist["created_at"]))
        await tx.unlist_playlist(*zip(*copies, strict=True), playlist["id"])
        await tx.drop_share_token(playlist["share_token"])
        await tx.delete_playlist(playlist["id"])
        await tx.index_documents("PLAYLIST", [str(playlist["id"])])
        await tell(tx, ctx, "PLAYLIST_DELETED", playlist)
        return {"__typename": "DeletePlaylistPayload", "deleted_playlist_id": ids.PLAYLIST.of(playlist)}

    return [await fact(ctx, "deletePlaylist", input, response_key, write)]


@dataclass
class SetCollaboratorInput:
    playlist_id: Id
    user_id: Id
    role: PlaylistRole | None
    idempotency_key: str | None


async def set_collaborator(_: Rows, ctx: Context, input: SetCollaboratorInput, response_key: ResponseKey) -> Rows:
    async def edit(tx: Transaction) -> Any:
        user_id = ids.USER.read(input.user_id)
        leaves = input.role is None and user_id == ctx.viewer
        playlist = await opened(tx, ctx, input.playlist_id, WORKS if leaves else OWNS)
        if user_id == playlist["owner_id"] or input.role is PlaylistRole.OWNER:
            path = ["input", "role" if input.role is PlaylistRole.OWNER else "userId"]
            raise Refusal("InvalidInput", "A playlist has one owner, who stays its owner.", path)
        (collaborators,) = await tx.collaborators_by_playlist([playlist["id"]])
        before: Any = next((row for row in collaborators if row["user_id"] == user_id), None)
        role, previous = input.role and input.role.value, before and before["role"]
        if role == previous:
            return playlist
        if before is None:
            await _welcome(tx, ctx, playlist, user_id, among=len(collaborators))
        if role is not None:
            await tx.set_collaborator(playlist["id"], user_id, role, ctx.now)
        else:
            await tx.drop_collaborator(playlist["id"], user_id)
            await tx.unlist_playlist([user_id], [before["added_at"]], playlist["id"])
        change = {"user_id": user_id, "role": role, "previous_role": previous}
        await tell(tx, ctx, "PLAYLIST_COLLABORATOR_SET", playlist, **change)
        return playlist

    return await answered(ctx, "setCollaborator", input, response_key, edit)


async def _welcome(tx: Transaction, ctx: Context, playlist: Any, user_id: int, *, among: int) -> None:
    # A list for him to find it in; who is hidden from the owner, or he from them, cannot be asked.
    (user,) = await tx.user_by_id([user_id])
    if user is None or user["status"] != "ACTIVE" or user_id in await ctx.hidden():
        raise Refusal("NotFound", "There is no such person.", ["input", "userId"])
    if among >= MOST_COLLABORATORS:
        message = f"At most {MOST_COLLABORATORS} people work on a playlist beside its owner."
        raise Refusal("InvalidInput", message, ["input", "userId"])
    await tx.list_playlist(user_id, ctx.now, playlist["id"], False)


def _title(title: str) -> str:
    return text(title, ["input", "title"], least=1, most=200)


def _description(description: str) -> str:
    return text(description, ["input", "description"], most=2000)


def _token(seen: str) -> str | None:
    return secrets.token_urlsafe(TOKEN_BYTES) if seen == "UNLISTED" else None


async def _claim(tx: Transaction, playlist: Any) -> None:
    if playlist["share_token"] is not None:
        await tx.claim_share_token(playlist["share_token"], playlist["id"])
