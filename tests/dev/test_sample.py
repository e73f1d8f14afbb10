"""The sample world: whole, exact, the same for the same seed, believable, and never loaded twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import numpy as np
import pytest

from db.database import connect
from dev.sample import SampleRefused, load_sample, sample_tables
from dev.tables import own_tables
from dev.world import NICHES, SCALES, instant
from resolvers.video import hashtags_in
from tests.conftest import NOW, Copy
from tests.dev.recounts import RECOUNTS
from trending.score import DAY, HOUR, WEEK, breakouts, score

SHAPE = """
select pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid where c.relnamespace = 'public'::regnamespace
union all
select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
order by 1
"""


@pytest.fixture(scope="module")
async def sample(copy: Copy, template_world: str) -> AsyncIterator[asyncpg.Connection]:
    async with copy(template_world) as dsn:
        connection = await connect(dsn)
        yield connection
        await connection.close()


async def digests(connection: asyncpg.Connection) -> dict[str, str]:
    # The worker has scored the world of the fixture: when it did is not the sample's.
    row = "(to_jsonb(t) - array['scored_at', 'wanted_at', 'due_at'])::text"
    return {
        table: await connection.fetchval(f"select md5(string_agg({row}, ' ' order by {row})) from {table} t")
        for table in await own_tables(connection)
    }


@pytest.mark.parametrize("name", RECOUNTS)
async def test_every_stored_count_is_what_its_rows_say(sample: asyncpg.Connection, name: str) -> None:
    assert await sample.fetch(RECOUNTS[name]) == []


async def test_it_has_something_of_everything(sample: asyncpg.Connection) -> None:
    counts = {name: await sample.fetchval(f"select count(*) from {name}") for name in await own_tables(sample)}

    assert [name for name, count in counts.items() if count == 0] == ["erasures"]  # nobody leaves
    assert (counts["users"], counts["sounds"], counts["videos"]) == (2_000, 400, 20_000)


async def test_an_interrupted_load_leaves_nothing_and_the_next_makes_the_same_world(
    copy: Copy, template: str, template_hamlet: str, hamlet: str
) -> None:
    def stop_half_way(_: str, done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    async with copy(template) as dsn, copy(template_hamlet) as whole:
        connection, other = await connect(dsn), await connect(whole)
        empty = await digests(connection)
        shape = await connection.fetch(SHAPE)

        with pytest.raises(KeyboardInterrupt):
            await load_sample(dsn, scale=hamlet, seed=1, now=NOW, progress=stop_half_way)
        assert await digests(connection) == empty
        assert await connection.fetch(SHAPE) == shape

        # What an earlier version, which loaded in steps, may have left half-way.
        await connection.execute("insert into sample_worlds (scale, seed, world_now) values ('hamlet', 1, now())")
        await connection.execute("insert into hashtags values ('leftover', 3)")
        seen: list[tuple[str, float]] = []
        await load_sample(dsn, scale=hamlet, seed=1, now=NOW, progress=lambda step, done: seen.append((step, done)))
        assert await digests(connection) == await digests(other)
        assert await connection.fetch(SHAPE) == shape
        assert await connection.fetchval("select count(*) from niches") == len(NICHES)
        shares = [done for _, done in seen]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert 0.4 < dict(seen)["trends"] < 0.9
        await connection.close()
        await other.close()


async def test_a_finished_world_is_left_alone(copy: Copy, template_hamlet: str) -> None:
    async with copy(template_hamlet) as dsn:
        connection = await connect(dsn)
        before = await digests(connection)

        said = await load_sample(dsn, scale="medium", seed=2, now=NOW)

        assert said == "There is a hamlet sample world of seed 1 already: nothing was loaded."
        assert await digests(connection) == before
        await connection.close()


async def test_a_database_with_rows_of_its_own_is_refused(copy: Copy, template: str) -> None:
    async with copy(template) as dsn:
        connection = await connect(dsn)
        await connection.execute("insert into users (handle, display_name, joined_at) values ('ada', 'Ada', now())")

        with pytest.raises(SampleRefused, match=r"^The database has users of its own, .*: name another database\.$"):
            await load_sample(dsn, scale="small", seed=1, now=NOW)

        assert await connection.fetchval("select count(*) from users") == 1
        await connection.close()


async def test_a_database_with_niches_of_its_own_is_refused(copy: Copy, template: str) -> None:
    async with copy(template) as dsn:
        connection = await connect(dsn)
        await connection.execute("update niches set slug = 'choirs' where id = 5")

        with pytest.raises(SampleRefused, match=r"^The database has niches of its own, .*: name another database\.$"):
            await load_sample(dsn, scale="small", seed=1, now=NOW)

        assert await connection.fetchval("select count(*) from users") == 0
        await connection.close()


@pytest.mark.parametrize(
    ("scale", "now", "said"),
    [
        ("tiny", NOW, "There is no scale 'tiny': allowed are small, medium, large."),
        ("small", datetime(2026, 11, 22), "is a time with an offset"),  # noqa: DTZ001
        ("small", datetime(1999, 1, 1, tzinfo=UTC), "from 2000-01-01 on"),
    ],
)
async def test_what_cannot_be_loaded_is_one_line(scale: str, now: datetime, said: str) -> None:
    with pytest.raises(SampleRefused, match=said) as raised:
        await load_sample("postgresql://nobody.example/none", scale=scale, seed=1, now=now)

    assert "\n" not in str(raised.value)


def test_another_seed_is_another_world() -> None:
    def titles(seed: int) -> list[str]:
        (sounds,) = (table for table in sample_tables(SCALES["small"], seed, instant(NOW)) if table.name == "sounds")
        return [row[1] for row in sounds.rows]

    assert titles(1) == titles(1)
    assert len(set(titles(1)) & set(titles(2))) < 100


async def test_half_of_the_sounds_have_no_track_and_a_tenth_of_the_accounts_are_young(
    sample: asyncpg.Connection,
) -> None:
    assert await sample.fetchval("select count(*) from sounds where track_id is null") == 200
    assert (
        await sample.fetchval("select count(*) from users where joined_at > $1::timestamptz - interval '30 days'", NOW)
        == 200
    )
    assert await sample.fetchval("select count(*) from users where kind = 'COMMERCIAL'") == 20
    assert await sample.fetchval("select count(*) from users where status = 'SUSPENDED'") == 10
    assert await sample.fetchval("select count(*) from niches") >= 12
    assert await sample.fetchval("select max(created_at) from videos") < NOW


async def test_captions_hold_the_hashtags_that_are_stored(sample: asyncpg.Connection) -> None:
    rows = await sample.fetch("select caption, hashtags from videos")

    assert [row["caption"] for row in rows if hashtags_in(row["caption"]) != row["hashtags"]] == []


async def test_the_farm_of_a_thousand_videos_is_on_no_chart(sample: asyncpg.Connection) -> None:
    farm = await sample.fetchrow("select * from sounds where video_count >= 1000 and creator_count = 1")
    assert farm is not None
    counters = await sample.fetchrow(
        "select * from trend_counters where sound_id = $1 and region = 'GLOBAL' and niche_id = 0", farm["id"]
    )
    assert counters is not None
    assert counters["trusted"] == [0, 0, 0, 0]
    assert 0 < counters["young"][3] < 4 / 3


@pytest.mark.parametrize(("window", "least"), [(HOUR, 4), (DAY, 6), (WEEK, 6)])
@pytest.mark.parametrize(("region", "share"), [("GLOBAL", 1), ("US", 0.2)])
async def test_sounds_break_out_at_every_stage_of_life(
    sample: asyncpg.Connection, window: object, least: int, region: str, share: float
) -> None:
    rows = await sample.fetch(
        "select sound_id, trusted, young from trend_counters where region = $1 and niche_id = 0", region
    )
    total = await sample.fetchval("select trusted from trend_scopes where region = $1 and niche_id = 0", region)
    trusted, young = (np.array([row[name] for row in rows]) for name in ("trusted", "young"))

    scores = score(window, trusted, young, np.array(total))  # type: ignore[arg-type]
    ids = np.array([row["sound_id"] for row in rows])
    rising = breakouts(window, scores, ids, np.full(len(ids), 25))  # type: ignore[arg-type]

    assert least * share <= len(rising) <= 30


async def test_titles_read_like_music_in_several_scripts(sample: asyncpg.Connection) -> None:
    titles = [row["title"] for row in await sample.fetch("select title from tracks union all select title from sounds")]

    for script in ("[a-z]{4}", "[ぁ-ん]", "[가-힣]", "[ء-ي]", "[ऀ-ॿ]", "[а-я]|[א-ת]"):
        assert await sample.fetchval("select count(*) from unnest($1::text[]) t where t ~ $2", titles, script) > 0, (
            script
        )
    assert (
        await sample.fetchval("select count(*) from unnest($1::text[]) t where t ~ '[{}_]|[a-z]_?[0-9]+$'", titles)
        < len(titles) / 4
    )
