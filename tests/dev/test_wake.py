"""A world that slept: brought up to the present, with everything as far apart as it was."""

from datetime import timedelta

import pytest

from db.database import connect
from db.recounts import differences
from dev.sample import SampleRefused
from dev.wake import refresh_sample
from tests.conftest import NOW, Copy
from tests.dev.recounts import RECOUNTS

WEEK = timedelta(days=7, minutes=33)


async def test_a_world_that_slept_for_a_week_is_moved_forward_whole(copy: Copy, template_hamlet: str) -> None:
    async with copy(template_hamlet) as dsn:
        connection = await connect(dsn)
        sums = "select sound_id, region, niche_id, trusted, young from trend_counters order by 1, 2, 3"
        ages = "select id, $1::timestamptz - created_at age, weight, trusted from videos order by id"
        before = (await connection.fetch(sums), await connection.fetch(ages, NOW))

        said = await refresh_sample(dsn, now=NOW + WEEK)

        assert said == "The sample world slept for 7 days: everything in it was moved forward."
        assert (await connection.fetch(sums), await connection.fetch(ages, NOW + WEEK)) == before
        assert await connection.fetchval("select array_agg(distinct at) from trend_counters") == [NOW + WEEK]
        assert await differences(connection, RECOUNTS) == {}
        assert await refresh_sample(dsn, now=NOW + WEEK) is None
        await connection.close()


async def test_facts_that_came_later_stay_in_their_place_and_plays_in_their_days(
    copy: Copy, template_hamlet: str
) -> None:
    later = NOW + timedelta(hours=5)
    async with copy(template_hamlet) as dsn:
        connection = await connect(dsn)
        await connection.execute("insert into log values (1, 'SOUND_CREATED', $1, $1, '{}')", later)
        await connection.execute(
            "insert into outbox (type, occurred_at, body) values ('SOUND_CREATED', $1, '{}')", later
        )
        await connection.execute("update users set joined_at = $1 where id = 7", later)
        await connection.execute("select add_plays_partition('2026-11-22')")
        await connection.execute("insert into plays values (1, $1, 'a', 'TRACK', 1, null, 5)", NOW)
        await connection.execute("insert into play_hours values (1, 'TRACK', $1, null, 1, 5)", NOW - timedelta(days=5))

        assert await refresh_sample(dsn, now=later + timedelta(minutes=50)) is None
        await refresh_sample(dsn, now=later + WEEK)

        assert await connection.fetchval("select array[occurred_at, logged_at] from log") == [
            later + WEEK,
            later + WEEK,
        ]
        assert await connection.fetchval("select occurred_at from outbox") == later + WEEK
        assert await connection.fetchval("select joined_at from users where id = 7") == later + WEEK
        assert await connection.fetchval("select world_now from sample_worlds") == later + WEEK
        newest = await connection.fetchval("select max(created_at) from videos")
        assert NOW + WEEK - timedelta(hours=1) < newest <= NOW + WEEK
        hours = await connection.fetch("select hour from play_facts order by hour")
        assert [row["hour"] for row in hours] == [NOW - timedelta(days=5), NOW]
        await connection.close()


async def test_a_database_without_a_sample_world_is_left_alone(copy: Copy, template: str) -> None:
    async with copy(template) as dsn:
        assert await refresh_sample(dsn, now=NOW) is None


async def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(SampleRefused, match="is a time with an offset"):
        await refresh_sample("postgresql://nobody.example/none", now=NOW.replace(tzinfo=None))
