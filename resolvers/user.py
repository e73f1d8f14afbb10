"""People: who they are and what is theirs."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from db.errors import HandleTaken, ProfileExists
from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, Unauthenticated
from resolvers.ids import Id
from resolvers.regions import RegionCode
from resolvers.write import ResponseKey, fact, text

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
    found = await ctx.db.user_id_by_handle([(by.handle or "").lower()])
    return await visibility.users(ctx, [row and row["user_id"] for row in found])


def artist(users: Rows, ctx: Context) -> Awaitable[Rows]:
    return ctx.db.artist_by_id([user["artist_id"] for user in users])


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
        handle = text(input.handle, ["input", "handle"], least=2, most=30).lower()
        if not HANDLE.fullmatch(handle):
            raise Refusal("InvalidInput", "A handle has letters a to z, digits, `_` and `.` only.", ["input", "handle"])
        name = text(input.display_name, ["input", "displayName"], least=1, most=80)
        bio = text(input.bio or "", ["input", "bio"], most=500)
        kind = (input.kind or AccountKind.PERSONAL).value
        row = await tx.insert_user(handle, name, bio, input.region or "ZZ", kind, ctx.now)
        try:
            await tx.claim_handle(handle, row["id"])
            await tx.claim_identity(ctx.subject, row["id"])
        except HandleTaken as error:
            raise Refusal("AlreadyTaken", str(error), ["input", "handle"]) from error
        except ProfileExists as error:
            raise Refusal("AlreadyTaken", str(error), []) from error
        return {"__typename": "CreateProfilePayload", "user_id": row["id"]}

    answer = await fact(ctx, "createProfile", input, response_key, write)
    if ctx.viewer is None:
        ctx.viewer = answer.get("user_id")
    return [answer]
