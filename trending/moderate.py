"""What operators decide: a person whose videos count no longer, or again; a sound that is silent or gone."""

import asyncio
import math
import time
from datetime import datetime
from typing import Any

from db.database import Database
from events import outbox

COMMENTS = 1000  # a transaction
PAUSE = 0.05  # seconds


class NobodyToModerate(Exception):
    """Nobody has this handle, or the account is being erased."""


class NoSuchSound(Exception):
    """There is no such sound."""


async def suspend(database: Database, handle: str, now: datetime) -> None:
    """Hides a person at once, then takes away all weight; raises NobodyToModerate. Killed on the way it goes on when it is called again."""
    user_id = await _set_status(database, handle, "SUSPENDED", now)
    await _wait_for_earlier(database)
    await turn(database, user_id, now, hidden=True)


async def restore(database: Database, handle: str, now: datetime) -> None:
    """Gives a person back everything with the weight that it had; raises NobodyToModerate."""
    user = await _user(database, handle)
    if user["status"] == "SUSPENDED":
        await turn(database, user["user_id"], now, hidden=False)
        await _set_status(database, handle, "ACTIVE", now)


async def set_sound_status(database: Database, sound_id: int, status: str, now: datetime) -> None:
    """Makes a sound ACTIVE, MUTED or REMOVED, and tells it; raises NoSuchSound."""
    async with database.transaction() as tx:
        before = await tx.lock_sound(sound_id)
        if before is None:
            raise NoSuchSound(NoSuchSound.__doc__)
        if before != status:
            await tx.set_sound_status(sound_id, status)
            await tx.index_documents("SOUND", [str(sound_id)])
            await tx.score_again(sound_id, now)
            await outbox.publish(tx, "SOUND_STATUS_CHANGED", now, {"sound_id": sound_id, "status": status})


async def _user(database: Database, handle: str) -> Any:
    user = await database.user_to_moderate(handle.lower())
    if user is None:
        raise NobodyToModerate(NobodyToModerate.__doc__)
    return user


async def _set_status(database: Database, handle: str, status: str, now: datetime) -> int:
    user_id: int = (await _user(database, handle))["user_id"]
    async with database.transaction() as tx:
        if await tx.set_user_status(user_id, status) is None:
            raise NobodyToModerate(NobodyToModerate.__doc__)
        await tx.index_documents("USER", [str(user_id)])
        await outbox.publish(tx, f"USER_{status}", now, {"user_id": user_id})
    return user_id


async def _wait_for_earlier(database: Database) -> None:
    # Who began to post before the account was suspended has ended when these have; nothing tells it.
    earlier: list[str] = await database.running()
    while not await database.are_over(earlier):  # noqa: ASYNC110  nobody in this process knows when
        await asyncio.sleep(PAUSE)


async def turn(database: Database, user_id: int, now: datetime, *, hidden: bool, seconds: float = math.inf) -> bool:
    """Hides all that somebody posted and said, with its events, or shows it; False where so many seconds do not allow all. Done again it finds nothing."""
    until = time.monotonic() + seconds
    for row in await database.sounds_of_videos(user_id, not hidden):
        if time.monotonic() > until:
            return False
        async with database.transaction() as tx:
            await tx.lock_creator(row["sound_id"], user_id)
            await (tx.hide_videos if hidden else tx.show_videos)(row["sound_id"], user_id, now)
    while await _turn_comments(database, user_id, now, hidden=hidden):
        if time.monotonic() > until:
            return False
    return True


async def _turn_comments(database: Database, user_id: int, now: datetime, *, hidden: bool) -> bool:
    async with database.transaction() as tx:
        turned: int = await tx.turn_comments(user_id, hidden, now, COMMENTS)
    return turned > 0
