"""The account itself: who deletes it is hidden at once, and erased by the worker (trending/erasure.py)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from db.errors import DatabaseUnavailable
from events import outbox
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import NoProfile, Refusal
from resolvers.write import ResponseKey, fact
from trending.moderate import turn

HIDING = 3.0  # seconds


@dataclass
class DeleteAccountInput:
    confirm_handle: str
    idempotency_key: str | None


async def delete_account(_: Rows, ctx: Context, input: DeleteAccountInput, response_key: ResponseKey) -> Rows:
    async def write(tx: Transaction) -> dict[str, Any]:
        # Whoever is suspended may leave too.
        user = await tx.lock_user(ctx.signed_in())
        if user is None or user["status"] == "DELETED":
            raise NoProfile
        if input.confirm_handle.lower() != user["handle"]:
            message = "`confirmHandle` is not the handle of this account."
            raise Refusal("InvalidInput", message, ["input", "confirmHandle"])
        await tx.mark_erased(user["id"], ctx.now)
        await tx.index_documents("USER", [str(user["id"])])
        await outbox.publish(tx, "USER_DELETED", ctx.now, {"user_id": user["id"]})
        return {"__typename": "DeleteAccountPayload", "deleted_user_id": ids.USER.of(user)}

    answer = await fact(ctx, "deleteAccount", input, response_key, write)
    if "deleted_user_id" in answer:
        # What they posted and said goes with them, before anybody sees it without a name; the worker goes on where this ends.
        with suppress(DatabaseUnavailable):
            await turn(ctx.db, ids.USER.read(answer["deleted_user_id"]), ctx.now, hidden=True, seconds=HIDING)
    return [answer]
