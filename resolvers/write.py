"""How a fact is written: one transaction, at most once for a key, refusals as values."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple, NewType

from db.database import Named, Transaction
from resolvers.context import Context
from resolvers.errors import AccountSuspended, Fault, Refusal, not_found

ResponseKey = NewType("ResponseKey", str)  # the field's key in the response where an operation has several, else ""
Write = Callable[[Transaction], Awaitable[dict[str, Any]]]

KEPT = timedelta(hours=24)
LONGEST_KEY = 128
NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # what Postgres, or UTF-8, has no place for


class Written(NamedTuple):
    """A query that writes a row for each of many, and the columns of one: `columns` raises what is wrong with them, `nothing` goes in their place."""

    query: str
    columns: Callable[[], Awaitable[tuple[Any, ...]]]
    nothing: tuple[Any, ...]


class ByHeader:
    """An input that can be repeated without a key, and has its idempotency key, if any, from the header."""

    idempotency_key: ClassVar[str | None] = None


async def attempt(ctx: Context, write: Write) -> dict[str, Any]:
    """Runs `write` in one transaction and returns its result; a refusal rolls back and is the result. For what can be repeated without a key."""
    try:
        async with ctx.db.transaction() as tx:
            return await write(tx)
    except Refusal as refusal:
        return refusal.answer


async def fact(ctx: Context, field: str, input: Any, response_key: ResponseKey, write: Write) -> dict[str, Any]:
    """Runs `write` in one transaction and returns its result, a dict of ids; a refusal rolls back and is the result.

    With an idempotency key, the argument's or the header's, the result is stored with the fact, and whoever repeats the call within 24 hours gets it again.
    """

    async def write_once(tx: Transaction) -> dict[str, Any]:
        key = key_of(ctx, input, response_key)
        return await write(tx) if key is None else await _once(tx, ctx, (ctx.subject or "", field, key), input, write)

    return await attempt(ctx, write_once)


async def _once(tx: Transaction, ctx: Context, place: tuple[str, str, str], input: Any, write: Write) -> dict[str, Any]:
    if not await tx.try_idempotency_key("\x1f".join(place)):
        raise in_progress()
    hashed = digest(input)
    stored = await tx.stored_result(*place, ctx.now - KEPT)
    if stored is not None:
        return _of_same(stored, hashed)
    result = await write(tx)
    await tx.store_result(*place, hashed, result, ctx.now)
    return result


async def fact_of_row(
    ctx: Context, field: str, input: Any, response_key: ResponseKey, written: Written
) -> dict[str, Any]:
    """As `fact`, for what is a row of a statement that many share (docs/adr/0019): a result of its own, or its `row`; or the refusal.

    The statement judges who writes, and the key, which come before what is wrong with the input.
    """
    try:
        return await _written(ctx, field, input, key_of(ctx, input, response_key), written)
    except Refusal as refusal:
        return refusal.answer


async def _written(ctx: Context, field: str, input: Any, key: str | None, written: Written) -> dict[str, Any]:
    user_id, wrong = ctx.signed_in(), None
    try:
        columns = await written.columns()
    except (Refusal, Fault) as error:
        wrong, columns = error, written.nothing
    subject, hashed = ctx.subject or "", None if key is None else digest(input)
    row = (subject, key, hashed, ctx.now - KEPT, user_id, ctx.now, wrong is None, *columns)
    done = await getattr(ctx.db, written.query)(row, frozenset() if key is None else frozenset([(subject, key)]))
    if done["outcome"] == "DONE":
        return {"row": done}
    if done["outcome"] == "KEY_USED":
        return await replayed(ctx.db, (subject, field, key or ""), hashed or b"", ctx.now)
    if done["outcome"] == "SUSPENDED":
        raise AccountSuspended
    if done["outcome"] == "IN_PROGRESS":
        raise in_progress()
    raise wrong or not_found("subjectId")


async def replayed(db: Named, place: tuple[str, str, str], hashed: bytes, now: datetime) -> dict[str, Any]:
    """The result that is stored for this caller, field and key; raises the Refusal of a key that was used with other input."""
    stored = await db.stored_result(*place, now - KEPT)
    if stored is None:
        raise in_progress()
    return _of_same(stored, hashed)


def _of_same(stored: Any, hashed: bytes) -> dict[str, Any]:
    if stored["input_hash"] != hashed:
        raise _refused("KEY_REUSED", "This key was used with other input within the last 24 hours; use a new one.")
    return stored["result"]  # type: ignore[no-any-return]


def key_of(ctx: Context, input: Any, response_key: ResponseKey) -> str | None:
    """The idempotency key of a call, if it has one; raises Refusal."""
    if input.idempotency_key is not None:
        key, path = input.idempotency_key, ["input", "idempotencyKey"]
    elif ctx.idempotency_key is not None:
        key, path = f"{ctx.idempotency_key}/{response_key}" if response_key else ctx.idempotency_key, []
    else:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or NO_TEXT.search(key):
        raise Refusal(
            "InvalidInput", f"An idempotency key has 1 to {LONGEST_KEY} characters; this has {len(key)}.", path
        )
    return key  # type: ignore[no-any-return]


def _refused(reason: str, message: str) -> Refusal:
    return Refusal("IdempotencyRefused", message, ["input", "idempotencyKey"], reason=reason)


def in_progress() -> Refusal:
    """The refusal of a key whose first request has not ended."""
    return _refused("IN_PROGRESS", "A request with this key is still running; try again when it has ended.")


def digest(input: Any) -> bytes:
    """Of an input without its key."""
    values = asdict(input)
    values.pop("idempotency_key", None)
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).digest()


async def author(tx: Transaction, ctx: Context) -> Any:
    """The viewer's row; raises where nobody is signed in, or the account is suspended."""
    (user,) = await tx.user_by_id([ctx.signed_in()])
    if user is None or user["status"] != "ACTIVE":
        raise AccountSuspended
    return user


def text(value: str, path: list[str], *, least: int = 0, most: int) -> str:
    """The text without white space around it; raises the InvalidInput that says how long it may be."""
    if NO_TEXT.search(value):
        raise Refusal(
            "InvalidInput", f"`{path[-1]}` holds what is no character: U+0000, or half a surrogate pair.", path
        )
    value = unicodedata.normalize("NFC", value).strip()
    if not least <= len(value) <= most:
        raise Refusal("InvalidInput", f"`{path[-1]}` has {len(value)} characters; {least} to {most} are allowed.", path)
    return value


def within(value: int, path: list[str], *, least: int, most: int) -> int:
    """The number; raises the InvalidInput that says between what it must be."""
    if not least <= value <= most:
        raise Refusal("InvalidInput", f"`{path[-1]}` is {value}; it must be between {least} and {most}.", path)
    return value
