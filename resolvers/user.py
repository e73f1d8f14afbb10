"""People: who they are and what is theirs."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from db.errors import HandleTaken, ProfileExists
from events import outbox
from resolvers import community, ids, playlist, sound, video, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, Unauthenticated
from resolvers.ids import Id
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode
from resolvers.uri import Uri
from resolvers.write import ResponseKey, author, fact, text

HANDLE = re.compile(r"[a-z0-9_.]{2,30}")


class AccountKind(Enum):
    PERSONAL = "PERSONAL"
    COMMERCIAL = "COMMERCIAL"


@dataclass
class UserBy:
    id: Id | None
    handle: str | None


async def user(_: Rows, ctx: Context, by: UserBy) -> Rows:
    if by.id is not None:
        return await visibility.users(ctx, [ids.USER.read(by.id)])
    handle = (by.handle or "").lower()
    found = await ctx.db.user_id_by_handle([handle if HANDLE.fullmatch(handle) else None])
    return await visibility.users(ctx, [row and row["user_id"] for row in found])


def _pages(users: Rows, ctx: Context, listing: Listing, arguments: Arguments) -> Awaitable[Rows]:
    return visibility.known(ctx, users).then(lambda keys: pages(ctx, listing, keys, arguments))


def artist(users: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.artist_by_id([user["artist_id"] for user in users])


def videos(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(users, ctx, Listing("videos_by_user", nodes=video.listed), Arguments(first, after))


def original_sounds(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(users, ctx, Listing("sounds_by_user", nodes=sound.listed), Arguments(first, after))


def playlists(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(users, ctx, Listing("playlists_by_user", nodes=playlist.listed), Arguments(first, after))


def communities(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(users, ctx, Listing("communities_by_user", nodes=community.listed), Arguments(first, after))


def followers(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(
        users, ctx, Listing("followers_by_user", hides="follower_id", nodes=_followers), Arguments(first, after)
    )


def _followers(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    return visibility.users(ctx, [edge["follower_id"] for edge in edges])


def following(users: Rows, ctx: Context, first: int = 20, after: Cursor | None = None) -> Awaitable[Rows]:
    return _pages(
        users, ctx, Listing("following_by_user", hides="followed_id", nodes=_followed), Arguments(first, after)
    )


def _followed(ctx: Context, edges: Rows) -> Awaitable[Rows]:
    return visibility.users(ctx, [edge["followed_id"] for edge in edges])


async def viewer_is_following(users: Rows, ctx: Context) -> Rows:
    found = await ctx.db.is_following_user([ctx.viewer and (ctx.viewer, user["id"]) for user in users])
    return [row is not None for row in found]


async def viewer_has_blocked(users: Rows, ctx: Context) -> Rows:
    found = await ctx.db.has_blocked([ctx.viewer and (ctx.viewer, user["id"]) for user in users])
    return [row is not None for row in found]


@dataclass
class CreateProfileInput:
    handle: str
    display_name: str
    bio: str | None
    region: RegionCode | None
    kind: AccountKind | None
    idempotency_key: str | None


async def create_profile(_: Rows, ctx: Context, input: CreateProfileInput, response_key: ResponseKey) -> Rows:
    if ctx.subject is None:
        raise Unauthenticated

    async def write(tx: Transaction) -> dict[str, Any]:
        handle, name, bio = _handle(input.handle), _name(input.display_name), _bio(input.bio or "")
        kind = (input.kind or AccountKind.PERSONAL).value
        row = await tx.insert_user(handle, name, bio, input.region or "ZZ", kind, ctx.now)
        await _claim(tx, handle, row["id"])
        try:
            await tx.claim_identity(ctx.subject, row["id"])
        except ProfileExists as error:
            raise Refusal("AlreadyTaken", str(error), []) from error
        await tx.index_documents("USER", [str(row["id"])])
        await outbox.publish(tx, "PROFILE_CREATED", ctx.now, {"user_id": row["id"]})
        return {"__typename": "CreateProfilePayload", "user_id": row["id"]}

    answer = await fact(ctx, "createProfile", input, response_key, write)
    if ctx.viewer is None:
        ctx.viewer = answer.get("user_id")
    return [answer]


def _handle(value: str) -> str:
    handle = text(value, ["input", "handle"], least=2, most=30).lower()
    if not HANDLE.fullmatch(handle):
        raise Refusal("InvalidInput", "A handle has letters a to z, digits, `_` and `.` only.", ["input", "handle"])
    return handle


def _name(value: str) -> str:
    return text(value, ["input", "displayName"], least=1, most=80)


def _bio(value: str) -> str:
    return text(value, ["input", "bio"], most=500)


async def _claim(tx: Transaction, handle: str, user_id: int) -> None:
    try:
        await tx.claim_handle(handle, user_id)
    except HandleTaken as error:
        raise Refusal("AlreadyTaken", str(error), ["input", "handle"]) from error


@dataclass
class UpdateProfileInput:
    handle: str | None
    display_name: str | None
    bio: str | None
    region: RegionCode | None
    kind: AccountKind | None
    avatar_url: Uri | None
    idempotency_key: str | None


async def update_profile(_: Rows, ctx: Context, input: UpdateProfileInput, response_key: ResponseKey) -> Rows:
    async def write(tx: Transaction) -> dict[str, Any]:
        user = await tx.lock_user((await author(tx, ctx))["id"])
        wished: dict[str, Any] = {
            "handle": None if input.handle is None else _handle(input.handle),
            "display_name": None if input.display_name is None else _name(input.display_name),
            "bio": None if input.bio is None else _bio(input.bio),
            "region": input.region,
            "kind": input.kind and input.kind.value,
            "avatar_url": input.avatar_url,
        }
        changed = [column for column, value in wished.items() if value not in (None, user[column])]
        if "handle" in changed:
            await _claim(tx, wished["handle"], user["id"])
            await tx.release_handle(user["handle"], user["id"])
        if changed:
            await tx.change_user(user["id"], *wished.values())
            await tx.index_documents("USER", [str(user["id"])])
            await outbox.publish(tx, "PROFILE_CHANGED", ctx.now, {"user_id": user["id"]})
        return {"__typename": "UpdateProfilePayload", "user_id": user["id"]}

    return [await fact(ctx, "updateProfile", input, response_key, write)]
