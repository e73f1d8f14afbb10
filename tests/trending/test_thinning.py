"""How long charts are kept as they were: thinned by the worker, while every point of a history stays what stood there."""

from datetime import timedelta
from typing import Any

import pytest

from tests.ask import Api
from tests.trending.scene import arrange
from tests.trending.test_history import CHART, HISTORY, iso, write
from trending import history
from trending.history import COARSE, FINE, MIDDLE

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
PART = timedelta(minutes=1)
LEFT = 'select version from chart_versions where "window" = $1 order by version'


async def thin(api: Api) -> None:
    while await history.thin(api.database, api.now):
        pass


async def left(api: Api, window: str) -> list[int]:
    await thin(api)
    return [row["version"] for row in await api.sql(LEFT, window)]


async def test_the_older_the_fewer_versions_are_kept_and_the_newest_stays(api: Api) -> None:
    begin = api.now  # noon
    # They stood at 12:00, at 12:05, at 13:00 and at midnight; what is no history (2 in the day, 1 to 3 in the week) goes with the hour, not here.
    at = [begin, begin + PART, begin + 59 * PART, begin + 11 * HOURS + 59 * PART, begin + 13 * HOURS]
    for window in history.KEPT:
        await write(api, at, window)
    kept: dict[timedelta, dict[str, list[int]]] = {
        FINE - HOURS: {"HOUR": [1, 2, 3, 4, 5], "DAY": [1, 2, 3, 4, 5], "WEEK": [1, 2, 3, 4, 5]},
        FINE + 14 * HOURS: {"HOUR": [1, 3, 4, 5], "DAY": [1, 2, 3, 4, 5], "WEEK": [1, 2, 3, 4, 5]},
        MIDDLE + DAYS: {"HOUR": [4, 5], "DAY": [2, 4, 5], "WEEK": [1, 2, 3, 4, 5]},
        COARSE + DAYS: {"HOUR": [5], "DAY": [2, 5], "WEEK": [1, 2, 3, 5]},
    }
    for age, windows in kept.items():
        api.now = begin + age
        assert {window: await left(api, window) for window in windows} == windows


async def test_a_history_is_the_same_before_and_after_its_versions_are_thinned(api: Api) -> None:
    await arrange(api)
    end = api.now
    minutes = [0, 7, 50, 61, 64, 1500, 1620, 1627, 1719, 2000, 3000, 4000, 4321]
    await write(api, [end - MIDDLE - 2 * DAYS + minute * PART for minute in minutes])
    asked: dict[str, Any] = {"from": iso(end - MIDDLE - 3 * DAYS), "to": iso(end - MIDDLE + 3 * HOURS)}
    (before,) = (await api.get(HISTORY, ids=["sound_1"], **asked))["nodes"]
    points = [(point["at"][5:16], point["rank"]) for point in before["chartHistory"]]
    # By the day until 31 days ago, and by the hour since.
    assert [at for at, _ in points] == [
        "10-21T00:00",
        "10-22T00:00",
        "10-22T12:00",
        "10-22T13:00",
        "10-22T14:00",
        "10-22T15:00",
    ]
    await thin(api)
    (after,) = (await api.get(HISTORY, ids=["sound_1"], **asked))["nodes"]
    assert after == before
    assert len(await left(api, "HOUR")) < len(minutes)


async def test_it_thins_in_bounded_steps(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "VERSIONS", 2)
    await write(api, [api.now + PART * (5 * part + 1) for part in range(5)])
    api.now += FINE + DAYS
    assert await history.thin(api.database, api.now)
    assert len(await api.sql("select from chart_versions")) == 3
    assert await left(api, "HOUR") == [5]


async def test_a_chart_as_of_a_time_of_which_nothing_is_kept_is_a_clear_error(api: Api) -> None:
    await arrange(api)
    await write(api, [api.now - COARSE, api.now - COARSE + 30 * HOURS])
    kept = await api.get(CHART, at=iso(api.now - COARSE))
    assert kept["trendingSounds"]["chart"]["version"] == "1"
    refused = await api.ask(CHART, at=iso(api.now - COARSE - PART))
    (error,) = refused.errors
    assert error["original"].code == "INVALID_ARGUMENT"
    assert error["message"] == "`asOf` must be in the last 400 days: charts are kept for so long."
