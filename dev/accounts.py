"""Accounts to sign in with in development: a token for a handle, and a file of them for the simulator."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg

Account = dict[str, str]  # {"handle": …, "token": …}


async def accounts(connection: asyncpg.Connection, handles: Sequence[str], mint: Callable[[str], str]) -> list[Account]:
    """An account for each handle; where the handle has a profile, the account is made to own it."""
    subjects = [f"dev|{handle.lower()}" for handle in handles]
    await connection.execute(
        "insert into identities (subject, user_id) select 'dev|' || handle, user_id from handles"
        " where 'dev|' || handle = any($1) on conflict do nothing",
        subjects,
    )
    return [{"handle": handle, "token": mint(subject)} for handle, subject in zip(handles, subjects, strict=True)]


async def suggested_handle(connection: asyncpg.Connection) -> str | None:
    """The handle of somebody to whom much happened lately in a sample world: notifications of the most kinds, read or not, so that it stays the same one."""
    handle: str | None = await connection.fetchval(
        """
        select handle from users left join (
            select user_id, count(distinct kind) kinds from notifications cross join sample_worlds
            where occurred_at > world_now - interval '7 days' group by user_id) told on user_id = id
        where status = 'ACTIVE' and users.kind = 'PERSONAL' order by kinds desc nulls last, id limit 1
        """
    )
    return handle


async def sociable_handles(connection: asyncpg.Connection, most: int) -> list[str]:
    """The handles of people who may post, those who follow the most first."""
    rows = await connection.fetch(
        "select handle from users where status = 'ACTIVE' and kind = 'PERSONAL' order by following_count desc, id limit $1",
        most,
    )
    return [row["handle"] for row in rows]


def write_accounts(path: Path, written: Sequence[Account]) -> None:
    """A line of JSON an account; the file is its owner's alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(json.dumps(account) + "\n" for account in written))
