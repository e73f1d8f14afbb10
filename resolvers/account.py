"""The account itself: who deletes it is hidden at once, and erased by the worker (trending/erasure.py)."""

from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import NoProfile, Refusal
from resolvers.write import ResponseKey, fact


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

    return [await fact(ctx, "deleteAccount", input, response_key, write)]
