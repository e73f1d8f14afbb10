"""Wakes a sample world that slept: while nobody served it, its time stood still, so everything in it moves forward by as long.

Moving everything by the same amount changes nothing that anybody compares (trending.md: shifting all times shifts nothing else): ages, orders, weights and decayed sums stay what
they were, for what people posted since just as for the sample's own rows; the charts are those of the moment when it fell asleep. Posting the missed days instead would need
times in the past, which the public API rightly refuses, and would make the world larger with every holiday.
"""

from datetime import datetime, timedelta

import asyncpg

from dev.sample import LOCK, SampleRefused, read_steps
from dev.tables import open_session, own_tables, put_indexes_aside, put_keys_aside
from dev.world import instant

ASLEEP = timedelta(hours=1)  # a pause shorter than that shows nowhere
MICROSECOND = timedelta(microseconds=1)
# Growth is by the calendar and is derived anew; results of idempotency keys expire by the real clock, and plays are kept by its days.
STILL = ("community_growth", "idempotency_results", "migrations", "play_folds", "play_hours", "plays", "sample_worlds")


async def refresh_sample(dsn: str, *, now: datetime) -> str | None:
    """Brings a world that was left alone up to `now`, in one transaction; returns a sentence, or None where there was nothing to do."""
    if now.tzinfo is None:
        raise SampleRefused(f"{now} cannot be the world's now: it is a time with an offset.")
    connection = await open_session(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            latest = await _latest(connection)
            if latest is None or instant(now) - latest < ASLEEP // MICROSECOND:
                return None
            gap = instant(now) - latest
            await _move(connection, gap, instant(now))
        await connection.execute(f"vacuum (analyze) {', '.join(await own_tables(connection))}")
    finally:
        await connection.close()
    hours = gap * MICROSECOND / timedelta(hours=1)
    slept = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
    return f"The sample world slept for {slept}: everything in it was moved forward."


async def _latest(connection: asyncpg.Connection) -> int | None:
    """When the world last lived: its own now, or the last fact or chart since."""
    latest: int | None = await connection.fetchval(
        """
        select greatest(world_now, (select max(created_at) from videos), (select max(logged_at) from log), (select max(occurred_at) from outbox))
        from sample_worlds where finished_at is not null
        """
    )
    return latest


async def _move(connection: asyncpg.Connection, gap: int, now: int) -> None:
    columns = await _columns_of_time(connection)
    ordinary = set(await own_tables(connection))
    moved = [name for name in columns if name in ordinary]
    again = await put_indexes_aside(connection, moved) + await put_keys_aside(connection, moved)
    for table, names in columns.items():
        changes = [f"{name} = {name} + $1::bigint * interval '1 microsecond'" for name in names]
        if table in ("videos", "video_niches", "hashtag_videos"):
            # A score rises with the time of posting, by the same for all: copies stay equal.
            changes.append(
                "top_score = top_score + top_score(0, 0, 0, 0, $2::timestamptz)"
                " - top_score(0, 0, 0, 0, $2::timestamptz - $1::bigint * interval '1 microsecond')"
            )
        parameters = (gap, now) if len(changes) > len(names) else (gap,)
        await connection.execute(f"update {table} set {', '.join(changes)}", *parameters)  # noqa: S608
    for statement in again:
        await connection.execute(statement)
    await connection.execute("delete from community_growth")
    for step, statement in read_steps():
        if step == "growth":
            await connection.execute(statement, now)
    await connection.execute("update trend_scopes set due_at = '-infinity'")
    await connection.execute("update sample_worlds set world_now = $1", now)


async def _columns_of_time(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """The columns that hold a time, by table; of a partitioned table once."""
    rows = await connection.fetch(
        """
        select c.relname as "table", array_agg(quote_ident(a.attname) order by a.attnum) as names
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all ($1)
          and a.atttypid = 'timestamptz'::regtype and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        group by c.relname order by c.relname
        """,
        list(STILL),
    )
    return {row["table"]: row["names"] for row in rows}
