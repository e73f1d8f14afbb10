"""A world of many sounds, made in seconds: counters for each in four scopes, and videos for those that a chart looks at."""

from datetime import UTC, datetime

import asyncpg

from db.migrate import migrate, read_migrations

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CREATORS = 100_000
BUSIEST = 1000  # videos an hour of the first sound; the others follow by Zipf
LOOKED_AT = 1500  # the largest sounds, who have their videos

# Steady sounds, whose sums are their rate times each half-life / ln 2, give or take a quarter; one in 500 does ten times as much in this hour.
FILL = (
    (
        "create table rates as select s sound_id, ({busiest} / s::double precision) * (0.75 + 0.5 * random()) rate, s % 500 = 7 rising"
        " from generate_series(1, {sounds}) s"
    ),
    (
        "insert into users (handle, display_name, region, joined_at) select 'user' || n, 'User', 'DE', timestamptz '{now}' - interval '1 year'"
        " from generate_series(1, {creators}) n"
    ),
    (
        "insert into sounds (title, kind, duration_ms, created_at) select 'Sound ' || sound_id, 'ORIGINAL', 1000, timestamptz '{now}' - interval '1 year' from rates"
        " order by sound_id"
    ),
    """insert into trend_counters (sound_id, region, niche_id, at, trusted, young, trusted_videos, young_videos)
        select sound_id, region, niche_id, timestamptz '{now}' - random() * interval '1 hour',
            array[rate * 1.44 * now, rate * 34.6 * (now + 23) / 24, rate * 242, rate * 1939], array[rate, rate * 9, rate * 61, rate * 480],
            greatest(1, rate * 1939)::bigint, greatest(1, rate * 480)::bigint
        from rates, lateral (select case when rising then 10 else 0.8 + 0.4 * random() end now) pace,
            lateral unnest(array['GLOBAL', chr(65 + sound_id % 20) || 'X']) region, lateral unnest(array[0, sound_id % 18 + 1]) niche_id
        order by sound_id, region, niche_id""",
    """insert into trend_scopes (region, niche_id, at, trusted, trusted_videos, changed_at)
        select region, niche_id, timestamptz '{now}', array[sum(trusted[1]), sum(trusted[2]), sum(trusted[3]), sum(trusted[4])], sum(trusted_videos), timestamptz '{now}'
        from trend_counters group by 1, 2""",
    """insert into videos (sound_id, creator_id, caption, region, duration_ms, created_at, weight, trusted, new_creator)
        select sound_id, 1 + (random() * ({creators} - 1))::integer, '', 'DE', 1000,
            timestamptz '{now}' - interval '1 hour' * case when rising and n <= rate * 9 + 8 then random() else 168 * random() end, 1, random() < 0.8, true
        from rates, generate_series(1, least(2000, rate * 168 + case when rising then rate * 9 + 8 else 0 end)::integer) n
        where sound_id <= {looked_at} or rising
        order by sound_id""",
)


async def make_crowd(dsn: str, sounds: int, *, with_videos: bool) -> None:
    """Fills an empty database, without videos where only counting is measured; steady figures, so that what is measured is the same whenever it is measured."""
    connection = await asyncpg.connect(dsn)
    figures = {"sounds": sounds, "now": NOW, "busiest": f"{BUSIEST}.0", "creators": CREATORS, "looked_at": LOOKED_AT}
    try:
        await migrate(connection, read_migrations())
        await connection.execute("select setseed(0.5); set synchronous_commit to off")
        for statement in FILL if with_videos else FILL[:-1]:
            await connection.execute(statement.format(**figures))
        await connection.execute("drop table rates")
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
