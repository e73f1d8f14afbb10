"""Plays are recorded once however often they are sent, counted once, and kept: as themselves for three days, then as sums of an hour."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.database import Lent
from db.errors import DatabaseUnavailable
from events import log
from resolvers.context import Context
from tests.ask import EXECUTOR, Api, schema_of
from tests.serving import serving
from tests.trending.examples import examples
from tests.trending.scene import settle
from tests.until import until
from trending import plays
from trending.counting import Overtaken

RECORD = """mutation ($input: RecordPlaysInput!) { recordPlays(input: $input) { __typename
  ... on RecordPlaysPayload { accepted duplicates refused { message path } } ... on InvalidInput { path } } }"""
ARRANGED = (
    "insert into users (handle, display_name, joined_at) select name, name, $1 from unnest('{ann,bob}'::text[]) name",
    "insert into tracks (title, duration_ms) select 'Track ' || n, 1000 from generate_series(1, 50) n",
    """insert into sounds (title, kind, status, duration_ms, created_at) values ('Rain', 'ORIGINAL', 'ACTIVE', 7, $1), ('Gone', 'ORIGINAL', 'REMOVED', 7, $1),
        ('Fog', 'ORIGINAL', 'MUTED', 5, $1)""",
    """insert into videos (sound_id, creator_id, caption, region, created_at, hidden, duration_ms, weight, trusted, new_creator)
        select sound, 1, '', 'DE', $1, sound = 2, 1000, 1, true, true from unnest('{1,1,2}'::bigint[]) sound""",
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def hall(api: Api) -> Api:
    """Two listeners, tracks, sounds, two videos of the first, and partitions for what they will play."""
    for statement in ARRANGED:
        await api.sql(statement, *([api.now] if "$1" in statement else []))
    await plays.keep(api.database, api.now, 0)
    return api


def played(event: str, subject: str = "track_1", *, at: datetime, ms: int = 100) -> dict[str, Any]:
    return {"eventId": event, "subjectId": subject, "playedAt": at.isoformat(), "durationMs": ms}


async def record(api: Api, *given: dict[str, Any], viewer: int = 1) -> Any:
    return (await api.get(RECORD, viewer=viewer, input={"plays": given}))["recordPlays"]


async def counts(api: Api) -> tuple[list[int], list[int], list[int]]:
    """The plays of the tracks that have any, the views of the videos, and those of their communities."""
    tracks = await api.sql("select play_count from tracks where play_count > 0 order by id")
    videos = await api.sql("select view_count from videos order by id")
    sounds = await api.sql("select view_count from sounds order by id")
    return [row[0] for row in tracks], [row[0] for row in videos], [row[0] for row in sounds]


async def test_plays_are_recorded_with_one_event_and_counted(hall: Api) -> None:
    at = hall.now
    answer = await hall.ask(
        RECORD,
        viewer=1,
        input={
            "plays": [
                played("a", at=at),
                played("b", at=at),
                played("c", "track_2", at=at),
                played("d", "sound_1", at=at),
                played("e", "video_1_1", at=at),
                played("f", "video_1_2", at=at),
                played("g", "video_1_2", at=at),
            ]
        },
    )
    assert answer.data["recordPlays"] == {
        "__typename": "RecordPlaysPayload",
        "accepted": 7,
        "duplicates": 0,
        "refused": [],
    }
    assert answer.statements == ["record_plays"]
    ((kind, body),) = [tuple(row) for row in await hall.sql("select type, body from outbox")]
    assert (kind, body["actor_id"], sorted(body["tracks"]), body["sounds"], sorted(body["videos"])) == (
        "PLAYS_RECORDED", 1, [[1, 2], [2, 1]], [[1, 1]], [[1, 1, 1], [1, 2, 2]],
    )  # fmt: skip
    await settle(hall)
    assert await counts(hall) == ([2, 1], [1, 2, 0], [3, 0, 0])


async def test_a_play_is_taken_once_within_a_call_and_across_calls(hall: Api) -> None:
    at = hall.now
    first = await record(hall, played("a", at=at), played("a", at=at), played("a", at=at - MINUTE), played("b", at=at))
    assert (first["accepted"], first["duplicates"]) == (3, 1)
    # The same name and time is the same play, whatever is said of it; of another listener it is another one.
    again = await record(hall, played("a", "track_2", at=at), played("c", at=at), played("b", at=at, ms=7))
    assert (again["accepted"], again["duplicates"]) == (1, 2)
    assert (await record(hall, played("a", at=at), viewer=2))["accepted"] == 1
    await hall.sql("delete from outbox")
    nothing = await record(hall, played("a", at=at))
    assert (nothing["accepted"], nothing["duplicates"]) == (0, 1)
    assert await hall.sql("select from outbox") == []
    assert (await hall.sql("select count(*) from plays"))[0][0] == 5


async def test_a_call_with_a_key_is_answered_as_it_was_the_first_time(hall: Api) -> None:
    async def keyed(key: str, *given: dict[str, Any]) -> Any:
        ctx = Context(db=hall.database, cursors=hall.cursors, now=hall.now, viewer=1, subject="one")
        ctx.idempotency_key = key
        result: Any = await schema_of(EXECUTOR).execute(RECORD, {"input": {"plays": given}}, context_value=ctx)
        assert result.errors is None
        return result.data["recordPlays"]

    two = played("a", at=hall.now), played("b", "track_99", at=hall.now)
    first, again = await keyed("k", *two), await keyed("k", *two)
    assert (first["accepted"], len(first["refused"])) == (1, 1)
    assert again == first
    assert (await keyed("k", two[0]))["__typename"] == "IdempotencyRefused"
    assert (await hall.sql("select count(*) from outbox"))[0][0] == 1
    # What was refused may be mended.
    assert (await keyed("l"))["__typename"] == "InvalidInput"
    assert (await keyed("l", two[0]))["duplicates"] == 1


async def test_the_same_calls_at_once_are_taken_once(hall: Api) -> None:
    given = [played(f"e{n}", f"track_{1 + n % 50}", at=hall.now - n * MINUTE) for n in range(100)]
    answers = await asyncio.gather(*(record(hall, *(given if turn % 2 else given[::-1])) for turn in range(6)))
    assert sum(answer["accepted"] for answer in answers) == 100
    assert {answer["accepted"] + answer["duplicates"] for answer in answers} == {100}
    await settle(hall)
    assert await counts(hall) == ([2] * 50, [0, 0, 0], [0, 0, 0])


@pytest.mark.parametrize(
    ("shift", "taken"),
    [
        (-72 * HOUR, True),
        (-72 * HOUR - timedelta(microseconds=1), False),
        (5 * MINUTE, True),
        (5 * MINUTE + timedelta(microseconds=1), False),
    ],
)
async def test_how_late_and_how_early_a_play_may_be(hall: Api, shift: timedelta, taken: bool) -> None:
    answer = await record(hall, played("a", at=hall.now + shift), played("b", at=hall.now))
    assert answer["accepted"] == 1 + taken
    assert [refusal["path"] for refusal in answer["refused"]] == [["input", "plays", "0", "playedAt"]] * (not taken)


async def test_one_play_that_is_not_allowed_loses_no_other(hall: Api) -> None:
    at = hall.now
    wrong = [
        (played("", at=at), "eventId"),
        (played("x" * 65, at=at), "eventId"),
        (played("a\x00", at=at), "eventId"),
        (played("ü", at=at), "eventId"),
        (played("a", at=at, ms=-1), "durationMs"),
        (played("a", at=at, ms=86_400_001), "durationMs"),
        (played("a", "track_99", at=at), "subjectId"),
        (played("a", "sound_2", at=at), "subjectId"),
        (played("a", "video_2_3", at=at), "subjectId"),
        (played("a", "user_1", at=at), "subjectId"),
        (played("a", "nonsense", at=at), "subjectId"),
    ]
    given = [played("first", "sound_3", at=at), *(play for play, _ in wrong), played("last", at=at)]
    answer = await record(hall, *given)
    assert (answer["accepted"], answer["duplicates"]) == (2, 0)
    assert [refusal["path"] for refusal in answer["refused"]] == [
        ["input", "plays", str(place), field] for place, (_, field) in enumerate(wrong, start=1)
    ]


async def test_a_call_has_one_to_five_hundred_plays(hall: Api) -> None:
    given = [played(str(n), at=hall.now) for n in range(501)]
    for some in ([], given):
        assert await record(hall, *some) == {"__typename": "InvalidInput", "path": ["input", "plays"]}
    assert (await record(hall, *given[:500]))["accepted"] == 500


async def test_who_has_no_profile_or_is_suspended_plays_nothing(hall: Api) -> None:
    await hall.sql("update users set status = 'SUSPENDED' where id = 2")
    given = {"plays": [played("a", at=hall.now)]}
    for who, code in (
        ({"viewer": 2}, "ACCOUNT_SUSPENDED"),
        ({"subject": "new"}, "NO_PROFILE"),
        ({}, "UNAUTHENTICATED"),
    ):
        answer = await hall.ask(RECORD, input=given, **who)
        assert [error["original"].code for error in answer.errors] == [code]


async def test_a_day_without_a_partition_is_unavailable_and_nothing_is_lost_silently(hall: Api) -> None:
    hall.now += 30 * DAY
    answer = await hall.ask(RECORD, viewer=1, input={"plays": [played("a", at=hall.now)]})
    assert [error["original"].code for error in answer.errors] == ["UNAVAILABLE"]
    await settle(hall)
    assert (await record(hall, played("a", at=hall.now)))["accepted"] == 1


async def test_views_of_a_video_that_was_taken_away_are_no_one_s(hall: Api) -> None:
    await record(hall, played("a", "video_1_1", at=hall.now), played("b", "video_1_2", at=hall.now))
    await hall.sql("delete from videos where id = 1")
    await settle(hall)
    assert await counts(hall) == ([], [1, 0], [1, 0, 0])


async def test_views_of_a_video_that_was_hidden_are_not_its_community_s(hall: Api) -> None:
    await record(hall, played("a", "video_1_1", at=hall.now), played("b", "video_1_2", at=hall.now))
    await hall.sql("update videos set hidden = true where id = 1")
    await settle(hall)
    assert await counts(hall) == ([], [1, 1, 0], [1, 0, 0])


async def test_two_that_believe_to_be_the_worker_count_no_play_twice(hall: Api) -> None:
    await record(hall, *(played(str(n), at=hall.now) for n in range(9)))
    await log.move(hall.database, hall.now)
    async with hall.database.transaction() as held:
        await held.connection.execute("select from consumers for update")
        both = [asyncio.create_task(plays.count(hall.database)) for _ in range(2)]
        waiting = "select 1 where 2 = (select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
        await until(lambda: hall.sql(waiting))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(map(type, answers), key=str) == sorted([bool, Overtaken], key=str)
    assert (await counts(hall))[0] == [9]


async def test_a_long_log_is_counted_in_parts(hall: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "CALLS", 2)
    for n in range(5):
        await record(hall, played(str(n), at=hall.now))
    await log.move(hall.database, hall.now)
    assert [await plays.count(hall.database) for _ in range(4)] == [True, True, False, False]
    assert (await counts(hall))[0] == [5]


async def days(api: Api) -> list[str]:
    rows = await api.sql(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'plays'::regclass order by 1"
    )
    return [row["name"].removeprefix("plays_2026") for row in rows]


async def facts(api: Api) -> dict[tuple[str, int, datetime], tuple[int, int]]:
    """(kind, id, hour) → (plays, milliseconds), of all that was ever played."""
    rows = await api.sql(
        "select subject_kind, subject_id, hour, sum(play_count)::bigint, sum(duration_ms)::bigint from play_facts group by 1, 2, 3"
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


async def test_partitions_are_made_ahead_and_dropped_behind(hall: Api) -> None:
    assert await days(hall) == ["1119", *(f"11{day}" for day in range(20, 30))]
    hall.now += timedelta(days=2, hours=13) - MINUTE  # 25th, 00:59
    await settle(hall)
    assert await days(hall) == [*(f"11{day}" for day in range(21, 31)), "1201", "1202"]
    hall.now += MINUTE
    await settle(hall)
    assert (await days(hall))[0] == "1122"


async def test_what_is_old_becomes_sums_of_an_hour(hall: Api) -> None:
    noon = hall.now
    await record(hall, *(played(f"a{n}", at=noon - n * MINUTE, ms=n) for n in range(3)))
    await record(hall, played("b", at=noon, ms=50), played("c", "video_1_2", at=noon, ms=1), viewer=2)
    before = await facts(hall)
    assert before == {
        ("TRACK", 1, noon): (2, 50),
        ("TRACK", 1, noon - HOUR): (2, 3),
        ("VIDEO", 2, noon): (1, 1),
    }
    hall.now += 5 * DAY
    await settle(hall)
    assert await facts(hall) == before
    assert await hall.sql("select from plays") == []
    assert [row["sound_id"] for row in await hall.sql("select sound_id from play_hours order by sound_id")] == [1, None, None]  # fmt: skip
    assert await hall.sql("select from play_folds") == []


async def test_a_closed_day_takes_no_play_whatever_a_clock_says(hall: Api) -> None:
    await record(hall, played("a", at=hall.now))
    await hall.database.close_plays_partition(date(2026, 11, 22))
    answer = await hall.ask(RECORD, viewer=1, input={"plays": [played("b", at=hall.now)]})
    assert [error["original"].code for error in answer.errors] == ["UNAVAILABLE"]
    assert (await record(hall, played("b", at=hall.now - DAY)))["accepted"] == 1


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The connection dies after the statement with this number, counted down; nothing dies below zero."""
    countdown = [-1]
    fetch = Lent.fetch

    async def dying(self: Lent, *args: Any) -> Any:
        rows = await fetch(self, *args)
        countdown[0] -= 1
        if countdown[0] == 0:
            self.connection.terminate()
            raise DatabaseUnavailable
        return rows

    monkeypatch.setattr(Lent, "fetch", dying)
    return countdown


async def test_killed_between_any_two_statements_no_play_is_lost_or_doubled(
    hall: Api, kill: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plays, "SLICE", 3)
    for viewer in (1, 2):
        await record(hall, *(played(str(n), f"track_{1 + n % 2}", at=hall.now - n * 13 * MINUTE) for n in range(8)), viewer=viewer)  # fmt: skip
    before, later = await facts(hall), hall.now + 5 * DAY
    seen = set()
    for turn in range(200):
        kill[0] = 3 + turn % 7
        try:
            more = await plays.keep(hall.database, later, 60)
        except DatabaseUnavailable:
            more = True
        kill[0] = -1
        assert await facts(hall) == before
        (row,) = await hall.sql(
            "select (select count(*) from play_folds), (select count(*) from plays), (select count(*) from play_hours) > 0"
        )
        seen.add(tuple(row))
        if not more:
            break
    assert (await hall.sql("select from plays"), await hall.sql("select from play_folds")) == ([], [])
    assert {(1, 16, True), (0, 0, True)} <= seen, "killed while it was folding, and at last all was folded"
    assert "1122" not in await days(hall)


async def test_two_that_believe_to_be_the_worker_fold_no_play_twice(hall: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "SLICE", 7)
    await record(hall, *(played(str(n), f"track_{1 + n % 5}", at=hall.now - n * MINUTE) for n in range(100)))
    before, later = await facts(hall), hall.now + 5 * DAY
    await asyncio.gather(*(plays.keep(hall.database, later, 60) for _ in range(3)))
    await plays.keep(hall.database, later, 60)
    assert await facts(hall) == before
    assert await hall.sql("select from plays") == []


@given(
    calls=st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(1, 2), st.integers(0, 3)), min_size=1, max_size=8), max_size=6
    )
)
@examples(10)
async def test_whatever_is_sent_how_often_the_counts_are_those_of_a_set(
    hall: Api, calls: list[list[tuple[int, int, int]]]
) -> None:
    for table in ("plays", "outbox", "play_hours"):
        await hall.sql(f"delete from {table}")
    await hall.sql("update tracks set play_count = 0")
    known: dict[tuple[int, int, int], int] = {}
    for turn, call in enumerate(calls):
        viewer = 1 + turn % 2
        given = [played(f"e{event}", f"track_{track}", at=hall.now - hours * 20 * HOUR) for event, track, hours in call]
        answer = await record(hall, *given, viewer=viewer)
        fresh = 0
        for event, track, hours in call:
            fresh += (viewer, event, hours) not in known
            known.setdefault((viewer, event, hours), track)
        assert (answer["accepted"], answer["duplicates"]) == (fresh, len(call) - fresh)
    await log.move(hall.database, hall.now)
    await plays.count(hall.database)
    tracks = [sum(track == wanted for track in known.values()) for wanted in (1, 2)]
    assert (await counts(hall))[0] == [count for count in tracks if count]


async def test_a_whole_call_comes_in_by_http_and_is_counted_by_the_worker(hall: Api) -> None:
    await hall.sql("insert into identities values ('ann', 1)")
    now = datetime.now(UTC)
    given = [played(f"an-event-with-a-long-name-{n:038}", f"track_{1 + n % 50}", at=now) for n in range(500)]
    async with serving(hall.database.dsn, worker=True) as site:
        await until(lambda: hall.sql("select 1 where to_regclass($1) is not null", f"plays_{now:%Y%m%d}"))
        answer = await site.ask(RECORD, subject="ann", input={"plays": given})
        assert (answer["data"]["recordPlays"]["accepted"], answer["data"]["recordPlays"]["refused"]) == (500, [])
        await until(lambda: hall.sql("select where (select sum(play_count) from tracks) = 500"))
