"""Blocks: two people hide from one another, whoever of them wished it."""

from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import done, ids, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, not_found
from resolvers.ids import Id
from resolvers.write import ByHeader, ResponseKey, author, fact


@dataclass
class SetBlockedInput(ByHeader):
    user_id: Id
    blocked: bool


async def set_blocked(_: Rows, ctx: Context, input: SetBlockedInput, response_key: ResponseKey) -> Rows:
    other = ids.USER.read(input.user_id)

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await author(tx, ctx))["id"]
        if viewer == other:
            raise Refusal("InvalidInput", "Nobody can block themselves.", ["input", "userId"])
        await tx.lock_two_users(viewer, other)
        if not await _is_there(tx, viewer, other):
            raise not_found("userId")
        if await (tx.block_user(viewer, other, ctx.now) if input.blocked else tx.unblock_user(viewer, other)):
            event = "USER_BLOCKED" if input.blocked else "USER_UNBLOCKED"
            await outbox.publish(tx, event, ctx.now, {"user_id": viewer, "blocked_id": other})
        for follower, followed in ((viewer, other), (other, viewer)) if input.blocked else ():
            if await tx.unfollow_user(follower, followed):
                body = {"user_id": follower, "followed_id": followed, "by_id": viewer}
                await outbox.publish(tx, "USER_UNFOLLOWED", ctx.now, body)
        return {"__typename": "SetBlockedPayload", "user_id": other}

    answer = await fact(ctx, "setBlocked", input, response_key, write)
    ctx.forget_hidden()
    return [answer]


async def _is_there(tx: Transaction, viewer: int, other: int) -> bool:
    # Whoever blocked the viewer is absent, unless the viewer has blocked them too: a block can always be lifted by whose it is.
    (user,), (mine,) = await tx.user_by_id([other]), await tx.has_blocked([(viewer, other)])
    (hidden,) = await tx.hidden_by_user([viewer])
    seen = mine is not None or other not in [row["hidden_id"] for row in hidden]
    return user is not None and user["status"] == "ACTIVE" and seen


def user(payloads: Rows, ctx: Context) -> Any:
    return done.shown(ctx, lambda: visibility.blocked_users(ctx, [payload["user_id"] for payload in payloads]))
