"""Versions of charts: written when the order changes, kept for who pages through them, scored again in time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.ask import Api
from tests.trending.scene import arrange, burst, chart, later, post, settle, worker
from tests.until import until
from trending.charts import ChartKey, Scope, read_chart, trends
from trending.counters import GLOBAL
from trending.counting import Overtaken
from trending.demand import Demand
from trending.scoring import score_scope

HOUR = ChartKey(GLOBAL, 0, "HOUR", "BREAKOUT")


async def newest(api: Api, key: ChartKey = HOUR, **which: Any) -> dict[str, Any]:
    read = await read_chart(api.database, key, api.now, **which)
    assert read is not None
    return read


def ranks(read: dict[str, Any]) -> list[tuple[int, int, int | None, int, bool]]:
    """Of each entry: sound, rank, rank in the version before, best rank of its stay, whether it is new."""
    columns = ("sound_id", "rank", "previous_rank", "peak_rank", "is_new")
    return [tuple(entry[column] for column in columns) for entry in read["entries"]]


async def test_a_version_knows_the_one_before(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    first = await newest(api)
    assert (first["version"], ranks(first)) == (1, [(1, 1, None, 1, True)])
    await burst(api, 2, 30)
    await later(api, by, seconds=5)
    second = await newest(api)
    assert (second["version"], ranks(second)) == (2, [(2, 1, None, 1, True), (1, 2, 1, 1, False)])
    await burst(api, 3, 20)
    await later(api, by, seconds=5)
    assert ranks(await newest(api)) == [(2, 1, 1, 1, False), (3, 2, None, 2, True), (1, 3, 2, 1, False)]
    assert ranks(await newest(api, version=2)) == ranks(second)
    assert await read_chart(api.database, HOUR, api.now, version=9) is None


async def test_a_sound_that_comes_back_has_its_peak_again(api: Api) -> None:
    await arrange(api)
    by, popular = worker(api), ChartKey(GLOBAL, 0, "HOUR", "POPULAR")
    await burst(api, 1, 3)
    await settle(api, by)
    await later(api, by, seconds=2 * 3600)
    assert ranks(await newest(api, popular)) == []
    for creator in range(4, 8):
        await post(api, 2, creator)
        await post(api, 1, creator) if creator > 5 else None
    await later(api, by, seconds=60)
    assert ranks(await newest(api, popular)) == [(2, 1, None, 1, True), (1, 2, None, 1, True)]


async def test_a_slice_of_a_chart_has_its_ranks_and_curves(api: Api) -> None:
    await arrange(api)
    for sound, creators in ((1, 30), (2, 25), (3, 20), (4, 15)):
        await burst(api, sound, creators)
    await settle(api)
    whole = await newest(api)
    part = await newest(api, first=2, last=3)
    assert part["entries"] == whole["entries"][1:3]
    assert [sum(entry["trend"]["curve"]) for entry in whole["entries"]] == [30, 25, 20, 15]
    assert (part["size"], len(part["entries"][0]["trend"]["curve"])) == (4, 12)
    assert (await newest(api, first=9, last=12))["entries"] == []


async def test_the_same_order_is_no_new_version(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    await post(api, 1, 40)
    await later(api, by, seconds=5)
    assert (await newest(api))["version"] == 1
    (row,) = await api.sql("select scored_at from trend_scopes where region = 'GLOBAL' and niche_id = 0")
    assert row["scored_at"] == api.now


async def test_a_change_is_scored_five_seconds_after_the_last_score_and_a_niche_s_a_minute_after(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1, niches=(1,))
    await settle(api, by)
    await burst(api, 2, 30, niches=(1,))
    await later(api, by, seconds=4.9)
    assert await chart(api) == [1]
    await later(api, by, seconds=0.1)
    assert await chart(api) == [2, 1]
    assert await chart(api, region="DE") == [2, 1]
    await later(api, by, seconds=54)
    assert await chart(api, niche=1) == [1]
    await later(api, by, seconds=1)
    assert await chart(api, niche=1) == [2, 1]
    assert await chart(api, region="DE", niche=1) == [2, 1]


async def test_a_niche_that_is_asked_for_is_scored_as_often(api: Api) -> None:
    await arrange(api)
    by, demand = worker(api), Demand()
    await burst(api, 1, niches=(1,))
    await settle(api, by)
    await burst(api, 2, 30, niches=(1,))
    await later(api, by, seconds=1)
    demand.ask(GLOBAL, 1, api.now)
    await demand.write(api.database)
    await later(api, by, seconds=4)
    assert await chart(api, niche=1) == [2, 1]
    assert await chart(api, region="DE", niche=1) == [1]
    await burst(api, 3, 50, niches=(1,))
    await later(api, by, seconds=5)
    assert (await chart(api, niche=1))[0] == 3


async def test_demand_is_written_once_for_all_who_asked(api: Api) -> None:
    await arrange(api)
    await burst(api, 1)
    await settle(api)
    demand = Demand()
    for _ in range(100):
        demand.ask(GLOBAL, 0, api.now)
    demand.ask("XX", 3, api.now)  # a scope that nobody ever posted in
    sent = api.database.statements = []
    await demand.write(api.database)
    await demand.write(api.database)
    api.database.statements = None
    assert sent == ["want_scopes"]
    rows = await api.sql("select region from trend_scopes where wanted_at is not null")
    assert [row["region"] for row in rows] == [GLOBAL]


async def test_entering_and_leaving_are_facts_of_the_version_s_transaction(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await post(api, 5, 1)
    await settle(api, by)  # the scope is scored, and its charts are empty
    await burst(api, 1)
    await later(api, by, seconds=5)
    await settle(api, by)
    events = await api.sql("select type, occurred_at, body from log where type like 'CHART%' order by sequence")
    of_hour = [row for row in events if row["body"]["window"] == "HOUR" and row["body"]["kind"] == "BREAKOUT"]
    assert {(row["type"], row["body"]["region"], row["body"]["sound_id"], row["body"]["rank"]) for row in of_hour} == {
        ("CHART_ENTERED", GLOBAL, 1, 1),
        ("CHART_ENTERED", "DE", 1, 1),
    }
    assert all(row["occurred_at"] == api.now for row in events)
    (row,) = await api.sql("select distinct xmin::text::bigint writer from chart_versions where region = 'DE'")
    version = row["writer"]
    await burst(api, 2, 30)
    api.now += timedelta(seconds=5)
    await api.sql("create function fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$")
    await api.sql(
        "create trigger fail before insert on outbox for each row when (new.type = 'CHART_ENTERED') execute function fail()"
    )
    with pytest.raises(Exception, match="no"):
        await settle(api, by)
    rows = await api.sql("select distinct xmin::text::bigint writer from chart_versions where region = 'DE'")
    assert [row["writer"] for row in rows] == [version]  # no version without its facts


async def test_of_two_that_score_a_scope_one_writes(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await by.step()
    await burst(api, 2)
    api.now += timedelta(seconds=5)
    scope = Scope(GLOBAL, 0)
    async with api.database.transaction() as held:
        await held.connection.execute("select from trend_scopes for update")
        both = [asyncio.create_task(score_scope(api.database, scope, api.now)) for _ in range(2)]
        waiting = "select 1 where 2 = (select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
        await until(lambda: api.sql(waiting))  # both have read how it was before
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(map(str, map(type, answers))) == sorted(map(str, (type(None), Overtaken)))
    (row,) = await api.sql(
        "select count(*) from chart_versions where region = 'GLOBAL' and niche_id = 0 and \"window\" = 'HOUR' and kind = 'BREAKOUT'"
    )
    assert row["count"] == 1


async def test_what_was_counted_while_a_scope_was_scored_makes_it_due_again(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await settle(api, by)
    (before,) = await api.database.scopes_by_key([(GLOBAL, 0)])
    api.now += timedelta(seconds=7)
    await api.sql("update trend_scopes set changed_at = $1 where region = 'GLOBAL'", api.now)  # meanwhile
    marked = await api.database.mark_scored(GLOBAL, 0, before["scored_at"], api.now, before["changed_at"], None)
    (row,) = await api.sql("select due_at from trend_scopes where region = 'GLOBAL' and niche_id = 0")
    assert marked
    assert row["due_at"] == api.now + timedelta(seconds=5)


@pytest.mark.parametrize("status", ["MUTED", "REMOVED"])
async def test_sounds_that_are_silent_are_on_no_chart(api: Api, status: str) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1)
    await burst(api, 2)
    await settle(api, by)
    assert await chart(api) == [1, 2]
    await api.sql("update sounds set status = $1 where id = 1", status)
    await post(api, 3, 1)
    await later(api, by, seconds=5)
    assert await chart(api) == [2]
    assert await chart(api, "POPULAR") == [2]


async def test_versions_stay_an_hour_where_somebody_asks_for_them_and_else_a_minute(api: Api) -> None:
    await arrange(api)
    by, demand = worker(api), Demand()
    place = "region = 'GLOBAL' and niche_id = 0 and \"window\" = 'DAY' and kind = 'POPULAR'"

    async def versions_after(turns: int, *, asked: bool) -> list[int]:
        for turn in range(turns):
            for creator in range(1, 4):
                await post(api, 1 + turn % 4, 1 + (3 * turn + creator) % 60)
            if asked:
                demand.ask(GLOBAL, 0, api.now)
                await demand.write(api.database)
            await later(api, by, seconds=300)
        kept = await api.sql(
            f"select ($1 - as_of) / 60 age from chart_versions where {place} order by version desc", api.now
        )
        return [round(row["age"].total_seconds()) for row in kept]

    # The one that was the newest an hour ago may have been read just before it was followed.
    assert await versions_after(15, asked=True) == [5 * turn for turn in range(14)]
    # What stood at 14:00 and at 13:00 is history.
    assert await versions_after(15, asked=False) == [0, 5, 30, 90]


async def test_the_newest_version_stays_however_old(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1, 40)
    await settle(api, by)
    await later(api, by, seconds=3 * 24 * 3600)
    week = ChartKey(GLOBAL, 0, "WEEK", "BREAKOUT")
    assert (await newest(api, week))["as_of"] == api.now - timedelta(days=3)
    assert [entry["sound_id"] for entry in (await newest(api, week))["entries"]] == [1]


async def test_a_scope_where_nothing_can_be_on_a_chart_is_not_scored_until_something_happens(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await post(api, 1, 1)
    await settle(api, by)
    rows = await api.sql("select from trend_scopes where due_at <> 'infinity'")
    assert rows == []
    await post(api, 1, 2)
    await later(api, by, seconds=5)
    assert await api.sql("select from trend_scopes where due_at <> 'infinity'")


async def test_the_trend_of_a_sound_is_what_its_chart_says(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    for sound, creators in ((1, 20), (2, 30)):
        await burst(api, sound, creators, niches=(1,))
    await post(api, 3, 70, niches=(1,))  # a young account
    await settle(api, by)
    for scope in (Scope(GLOBAL, 0), Scope("DE", 0), Scope(GLOBAL, 1), Scope("DE", 1)):
        entries = (await newest(api, ChartKey(*scope, "HOUR", "BREAKOUT")))["entries"]
        sent = api.database.statements = []
        found = await trends(api.database, [2, 1, 3, 4], *scope, "HOUR", api.now)
        api.database.statements = None
        assert len(sent) == 3
        assert [entry["sound_id"] for entry in entries] == [2, 1]
        assert found[:2] == [entry["trend"] for entry in entries]
        assert found[2] is not None
        assert found[2].items() >= {"observed": 0, "growth": 0, "creator_count": 0, "is_breakout": False}.items()
        assert sum(found[2]["curve"]) == 1
        assert found[3] is None
    assert await trends(api.database, [1, 2], "FR", 0, "HOUR", api.now) == [None, None]


async def test_creators_and_curves_are_of_the_window_and_the_scope(api: Api) -> None:
    await arrange(api)
    begin = api.now
    for minutes, creator, region, niches in (
        (0, 1, "DE", ()),
        (30, 2, "DE", (1,)),
        (62, 3, "FR", (1,)),
        (63, 3, "FR", (1,)),
        (64, 70, "DE", (1,)),  # young
        (119, 4, "DE", ()),
    ):
        api.now = begin + timedelta(minutes=minutes)
        await post(api, 1, creator, region=region, niches=niches)
    api.now = begin + timedelta(minutes=120)
    await settle(api)

    async def explained(region: str, niche: int, window: str) -> tuple[int, list[int]]:
        (found,) = await trends(api.database, [1], region, niche, window, api.now)
        assert found is not None
        return found["creator_count"], found["curve"]

    assert await explained(GLOBAL, 0, "HOUR") == (2, [3] + [0] * 10 + [1])
    assert await explained("DE", 0, "HOUR") == (1, [1] + [0] * 10 + [1])
    assert await explained("DE", 1, "HOUR") == (0, [1] + [0] * 11)
    assert await explained(GLOBAL, 1, "DAY") == (2, [0] * 22 + [1, 3])
    assert await explained(GLOBAL, 0, "WEEK") == (4, [0] * 27 + [6])
