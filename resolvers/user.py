"""People: who they are and what is theirs."""

from dataclasses import dataclass
from enum import Enum

from resolvers import ids, visibility
from resolvers.context import Context, Rows
from resolvers.ids import Id


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
