"""Charts as they were: what is kept of them, `asOf`, `chartHistory`, and cursors of versions that passed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ask import Api
from tests.trending.examples import examples
from tests.trending.scene import arrange, burst, later, settle, worker
from trending.charts import ChartKey
from trending.counters import GLOBAL
from trending.counting import EPOCH
from trending.score import WINDOWS

STEPS = {"HOUR": timedelta(minutes=5), "DAY": timedelta(hours=1), "WEEK": timedelta(days=1)}
CHART = """query ($at: DateTime, $window: TrendWindow! = HOUR, $first: Int = 50, $after: Cursor) {
    trendingSounds(window: $window, kind: POPULAR, asOf: $at, first: $first, after: $after) {
        chart { version asOf } pageInfo { endCursor hasNextPage } edges { rank node { id } } } }"""
HISTORY = """query ($ids: [ID!]!, $window: TrendWindow! = HOUR, $from: DateTime, $to: DateTime) {
    nodes(ids: $ids) { ... on Sound { chartHistory(window: $window, kind: POPULAR, from: $from, to: $to) { at rank score } } } }"""


async def write(api: Api, at: Sequence[datetime], window: str = "HOUR", *, first: int = 1) -> None:
    """Versions `first`, … of a chart, each the first three sounds in another order."""
    async with api.database.transaction() as tx:
        for version, as_of in enumerate(at, start=first):
            ids = [(version + place) % 3 + 1 for place in range(3)]
            numbers = [[3.0, 2.0, 1.0]] * 3 + [[9] * 3] * 3
            curves = f"{{{','.join('0' * 3 * WINDOWS[window].points)}}}"
            key = ChartKey(GLOBAL, 0, window, "POPULAR")
            await tx.insert_chart_version(*key, version, as_of, version, "1", ids, *numbers, curves)


async def thin(api: Api) -> list[int]:
    """Drops what is not to be kept any longer; the versions that are left."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    await api.database.drop_chart_versions(GLOBAL, 0, api.now - hour, api.now - minute, EPOCH)
    return [row["version"] for row in await api.sql("select version from chart_versions order by version")]


def iso(moment: datetime) -> str:
    return moment.isoformat()


async def test_one_version_in_each_step_of_its_window_stays(api: Api) -> None:
    begin = api.now - timedelta(hours=12)  # midnight
    for window, step in STEPS.items():
        await api.sql("truncate chart_versions")
        await write(api, [begin + step * part for part in (0.0, 0.4, 0.9, 1.0, 1.5, 1.7, 4.2, 4.3, 5.0)], window)
        api.now = begin + 6 * step + timedelta(hours=2)
        # What stood when a step began, also the one that came in that moment, and the newest.
        assert await thin(api) == [1, 4, 6, 9]


async def test_a_chart_as_of_a_time_is_the_newest_that_was_there(api: Api) -> None:
    await arrange(api)
    begin = api.now
    minutes = (0, 1, 4, 6, 70)
    await write(api, [begin + timedelta(minutes=minute) for minute in minutes])
    api.now = begin + timedelta(minutes=75)

    async def version(minute: float) -> int:
        answer = await api.get(CHART, at=iso(begin + timedelta(minutes=minute)))
        return int(answer["trendingSounds"]["chart"]["version"])

    assert [await version(minute) for minute in (-1, 0, 3, 5, 6, 69, 75)] == [0, 1, 2, 3, 4, 4, 5]
    assert await thin(api) == [1, 3, 4, 5]
    assert [await version(minute) for minute in (-1, 0, 3, 5, 6, 69, 75)] == [0, 1, 1, 3, 4, 4, 5]
    before = (await api.get(CHART, at=iso(begin - timedelta(days=1))))["trendingSounds"]
    assert before == {
        "chart": {"version": "0", "asOf": "2026-11-21T12:00:00Z"},
        "pageInfo": {"endCursor": None, "hasNextPage": False},
        "edges": [],
    }


async def test_pages_as_of_a_time_stay_with_its_version(api: Api) -> None:
    await arrange(api)
    begin = api.now
    await write(api, [begin + timedelta(seconds=second) for second in (0, 100, 200)])
    api.now = begin + timedelta(minutes=10)
    asked: dict[str, Any] = {"at": iso(begin + timedelta(seconds=150)), "first": 1}
    first = (await api.get(CHART, **asked))["trendingSounds"]
    after = first["pageInfo"]["endCursor"]
    second = (await api.get(CHART, **asked, after=after))["trendingSounds"]
    assert [page["chart"]["version"] for page in (first, second)] == ["2", "2"]
    assert [page["edges"][0] for page in (first, second)] == [
        {"rank": 1, "node": {"id": "sound_3"}},
        {"rank": 2, "node": {"id": "sound_1"}},
    ]
    other = await api.ask(CHART, first=1, after=after)
    assert other.errors[0]["original"].code == "INVALID_CURSOR"
    api.now = begin + timedelta(hours=2)
    await thin(api)
    gone = await api.ask(CHART, **asked, after=after)
    assert gone.errors[0]["original"].code == "CURSOR_EXPIRED"


async def test_a_cursor_lives_an_hour_though_its_version_becomes_history(api: Api) -> None:
    await arrange(api)
    begin = api.now
    await write(api, [begin])
    asked: dict[str, Any] = {"at": iso(begin), "first": 1}
    after = (await api.get(CHART, first=1))["trendingSounds"]["pageInfo"]["endCursor"]
    as_of = (await api.get(CHART, **asked))["trendingSounds"]["pageInfo"]["endCursor"]
    await write(api, [begin + timedelta(minutes=5)], first=2)
    api.now = begin + timedelta(minutes=65)
    assert (await api.get(CHART, first=1, after=after))["trendingSounds"]["chart"]["version"] == "1"
    api.now += timedelta(seconds=1)
    expired = await api.ask(CHART, first=1, after=after)
    assert expired.errors[0]["original"].code == "CURSOR_EXPIRED"
    assert (await api.get(CHART, **asked, after=as_of))["trendingSounds"]["edges"][0]["rank"] == 2


@given(st.lists(st.integers(1, 600), min_size=1, max_size=12))
@examples(12)
async def test_history_is_what_stood_at_each_step_before_and_after_thinning(api: Api, gaps: list[int]) -> None:
    begin, step = datetime(2026, 11, 20, tzinfo=UTC), timedelta(minutes=5)
    await api.sql("truncate chart_versions")
    times = [begin + timedelta(seconds=sum(gaps[: place + 1])) for place in range(len(gaps))]
    await write(api, times)
    end = begin + timedelta(hours=2)
    expected = []
    for number in range(25):
        at = begin + number * step
        version = sum(time <= at for time in times)
        if version:
            rank = [(version + place) % 3 + 1 for place in range(3)].index(1) + 1
            expected.append({"sound_id": 1, "at": at, "rank": rank, "score": 4.0 - rank})
    asked = ([1], GLOBAL, 0, "HOUR", "POPULAR", tuple(begin + number * step for number in range(25)))
    assert [list(map(dict, rows)) for rows in await api.database.chart_history(*asked)] == [expected]
    api.now = end + timedelta(hours=2)
    await thin(api)
    assert [list(map(dict, rows)) for rows in await api.database.chart_history(*asked)] == [expected]


async def test_history_of_several_sounds_is_one_statement(api: Api) -> None:
    await arrange(api)
    begin = api.now
    await write(api, [begin, begin + timedelta(minutes=7)])
    api.now = begin + timedelta(minutes=12)
    since: dict[str, Any] = {"from": iso(begin - timedelta(seconds=1))}
    answer = await api.ask(HISTORY, ids=["sound_1", "sound_3", "sound_5"], **since)
    assert not answer.errors
    assert answer.statements == ["chart_history", "sound_by_id"]
    points = [
        [(point["at"][11:16], point["rank"], point["score"]) for point in node["chartHistory"]]
        for node in answer.data["nodes"]
    ]
    assert points == [
        [("12:00", 3, 1.0), ("12:05", 3, 1.0), ("12:10", 2, 2.0)],
        [("12:00", 2, 2.0), ("12:05", 2, 2.0), ("12:10", 1, 3.0)],
        [],
    ]
    many = await api.ask(HISTORY, ids=[f"sound_{number}" for number in range(1, 6)] * 20)
    assert many.statements == answer.statements


async def test_a_sound_rises_and_falls_in_its_history(api: Api) -> None:
    await arrange(api)
    by = worker(api)
    await burst(api, 1, 3)
    await settle(api, by)  # 12:00
    await burst(api, 2, 6)
    await later(api, by, seconds=240)
    await later(api, by, seconds=120)
    (node,) = (await api.get(HISTORY, ids=["sound_1"]))["nodes"]
    assert [(point["at"][11:16], point["rank"]) for point in node["chartHistory"]] == [("12:00", 1), ("12:05", 2)]
    as_of = (await api.get(CHART, at="2026-11-22T12:03:00Z"))["trendingSounds"]
    assert [edge["node"]["id"] for edge in as_of["edges"]] == ["sound_1"]


OUTSIDE = "`asOf` must be in the last 400 days: charts are kept for so long."
TOO_MANY = "These are 1029 points of a history of the hour; at most 1000 are allowed."


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('trendingSounds(asOf: "2026-11-22T12:00:01Z") { edges { rank } }', OUTSIDE),
        ('trendingSounds(asOf: "2025-10-18T11:59:59Z") { edges { rank } }', OUTSIDE),
        ('{ from: "2026-11-22T12:00:00Z", to: "2026-11-22T11:00:00Z" }', "`from` must not be later than `to`."),
        ('{ from: "2026-11-12T16:00:00Z" }', TOO_MANY),
        ('{ to: "2999-11-19T00:00:00Z" }', "`to` must be between 2000 and 2200."),
    ],
)
async def test_bad_bounds_are_clear_errors(api: Api, field: str, message: str) -> None:
    await arrange(api)
    if field.startswith("{"):
        field = f'sound(id: "sound_1") {{ chartHistory(window: HOUR, {field.strip("{} ")}) {{ at }} }}'
    answer = await api.ask(f"{{ {field} }}")
    (error,) = answer.errors
    assert (error["original"].code, error["message"]) == ("INVALID_ARGUMENT", message)


async def test_a_history_of_the_future_is_empty(api: Api) -> None:
    await arrange(api)
    await write(api, [api.now])
    future: dict[str, Any] = {"from": iso(api.now + timedelta(seconds=1)), "to": iso(api.now + timedelta(days=100))}
    assert (await api.get(HISTORY, ids=["sound_1"], **future))["nodes"] == [{"chartHistory": []}]
