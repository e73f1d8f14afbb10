"""From posted videos to charts: what rises, what does not, and what falls again."""

from datetime import timedelta

import pytest

from tests.ask import Api
from tests.trending.scene import OLD, arrange, chart, later, post, settle, worker


async def test_a_burst_of_fifteen_trusted_accounts_is_a_breakout_of_the_hour(api: Api) -> None:
    await arrange(api)
    for creator in range(1, 16):
        await post(api, 2, creator, niches=(1,))
        api.now += timedelta(seconds=2)
    await settle(api)
    assert await chart(api) == [2]
    assert await chart(api, region="DE") == [2]
    assert await chart(api, niche=1) == [2]
    assert await chart(api, region="DE", niche=1) == [2]
    assert await chart(api, "POPULAR") == [2]
    assert await chart(api, region="FR") == []
    assert await chart(api, niche=2) == []
    assert await chart(api, window="WEEK") == []  # which asks for 25


async def test_an_account_that_farms_videos_is_on_no_chart(api: Api) -> None:
    await arrange(api)
    for _ in range(50):  # the last weigh nothing, as would a thousand more
        await post(api, 1, 1, niches=(1, 2, 3))
        api.now += timedelta(seconds=1)
    for creator in range(2, 17):
        await post(api, 2, creator, niches=(1,))
    await settle(api)
    for window in ("HOUR", "DAY", "WEEK"):
        for kind in ("BREAKOUT", "POPULAR"):
            assert 1 not in await chart(api, kind, window)
            assert 1 not in await chart(api, kind, window, niche=3)
    assert await chart(api) == [2]


async def test_accounts_that_are_young_are_on_no_chart_however_many(api: Api) -> None:
    await arrange(api)
    for creator in range(OLD + 1, OLD + 31):
        await post(api, 3, creator)
    await settle(api)
    for window in ("HOUR", "DAY", "WEEK"):
        assert await chart(api, "BREAKOUT", window) == []
        assert await chart(api, "POPULAR", window) == []


async def test_a_quiet_scope_loses_its_risen_sounds(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    for creator in range(1, 31):
        await post(api, 2, creator)
    await settle(api, by)
    assert await chart(api) == [2]
    for _ in range(48):
        await later(api, by, seconds=600)
    assert await chart(api) == []
    left = await api.sql(
        "select body from log where type = 'CHART_LEFT' and body->>'window' = 'HOUR' and body->>'kind' = 'BREAKOUT'"
    )
    assert {(row["body"]["sound_id"], row["body"]["region"]) for row in left} == {(2, "GLOBAL"), (2, "DE")}


@pytest.mark.parametrize("niche", ["niche_19", "niche_99999", "niche_9223372036854775807"])
@pytest.mark.parametrize(
    "field",
    ["trendingSounds(niche: $niche) { edges { rank } }", 'sound(id: "sound_1") { trend(niche: $niche) { score } }'],
)
async def test_an_argument_that_names_no_niche_is_an_invalid_id(api: Api, niche: str, field: str) -> None:
    await arrange(api)
    answer = await api.ask(f"query ($niche: ID!) {{ {field} }}", niche=niche)
    (error,) = answer.errors
    assert error["original"].code == "INVALID_ID"
    assert error["message"] == f"There is no niche '{niche}'; the field `niches` lists them."
