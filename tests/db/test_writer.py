"""Writes that share a statement: each is judged, answered and refused for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

import db.writer
from db.database import Transaction
from db.errors import DatabaseClosed, TooManyWrites
from tests.ask import Api
from tests.trending.weights import is_trusted, weigh
from tests.until import until

PEOPLE, SOUNDS = 40, 3
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def street(api: Api) -> Api:
    """People, the nth n days old, and three sounds."""
    await api.sql(
        "insert into users (handle, display_name, joined_at) select 'user' || n, 'User', $1::timestamptz - n * interval '1 day' from generate_series(1, $2::integer) n",
        api.now,
        PEOPLE,
    )
    await api.sql(
        "insert into sounds (title, kind, duration_ms, created_at) select 'Sound', 'ORIGINAL', 1000, $1 from generate_series(1, $2::integer)",
        api.now,
        SOUNDS,
    )
    return api


async def post(api: Api, creator: int, sound: int = 1, *, region: str | None = None, key: str | None = None) -> Any:
    """The row that is answered; the region is written as it is, so that Postgres may refuse it."""
    about = ("", "", "", region, 1000, None, None, None, api.now, True)
    row = ("somebody", key, key and b"hash", api.now - DAY, creator, sound, *about)
    return await api.database.post_videos(row, frozenset([(sound, creator), ("somebody", key or row)]))


async def sent(api: Api, *posts: Any) -> tuple[list[Any], list[str]]:
    """What came of all these at once, and which statements were sent for them."""
    names: list[str] = []
    api.database.statements = names
    answers = await asyncio.gather(*posts, return_exceptions=True)
    api.database.statements = None
    return answers, names


def outcomes(answers: list[Any]) -> list[Any]:
    return [answer if isinstance(answer, BaseException) else answer["outcome"] for answer in answers]


@asynccontextmanager
async def locked(api: Api, creator: int) -> AsyncIterator[Transaction]:
    """Somebody holds what is known of this creator on the first sound."""
    await post(api, creator)
    async with api.database.transaction() as tx:
        await tx.lock_creator(1, creator)
        yield tx


async def test_posts_at_once_share_statements_and_each_has_its_own_answer(street: Api) -> None:
    answers, names = await sent(street, *(post(street, n, 1 + n % SOUNDS) for n in range(1, PEOPLE + 1)))
    assert names == ["post_videos"]
    places = [(row["outcome"], row["creator_id"], row["sound_id"]) for row in answers]
    assert places == [("POSTED", n, 1 + n % SOUNDS) for n in range(1, PEOPLE + 1)]
    rows = await street.sql(
        "select v.id, (body ->> 'video_id')::bigint told from videos v join outbox on (body ->> 'video_id')::bigint = v.id"
    )
    assert {row["id"] for row in rows} == {row["id"] for row in answers}


async def test_what_is_refused_in_words_leaves_the_others(street: Api) -> None:
    await street.sql("update users set status = 'SUSPENDED' where id = 2")
    await street.sql("update sounds set status = 'MUTED' where id = 2")
    answers, names = await sent(street, *(post(street, *one) for one in [(1, 1), (2, 1), (3, 2), (4, 99), (5, 1)]))
    assert outcomes(answers) == ["POSTED", "SUSPENDED", "SILENT", "NO_SOUND", "POSTED"]
    assert names == ["post_videos"]
    assert [row["creator_id"] for row in await street.sql("select creator_id from videos order by id")] == [1, 5]
    assert len(await street.sql("select from outbox")) == 2


async def test_what_postgres_cannot_take_fails_alone(street: Api) -> None:
    answers, _ = await sent(street, *(post(street, n, region="not one" if n == 7 else None) for n in range(1, 21)))
    assert isinstance(answers.pop(6), asyncpg.CheckViolationError)
    assert outcomes(answers) == ["POSTED"] * 19
    assert len(await street.sql("select from outbox")) == 19


async def test_who_has_to_wait_for_a_lock_waits_alone(street: Api) -> None:
    async with locked(street, 1):
        waiting = asyncio.create_task(post(street, 1))
        answers, _ = await sent(street, *(post(street, n) for n in range(2, 12)))
        assert outcomes(answers) == ["POSTED"] * 10
    assert (await waiting)["outcome"] == "BUSY"  # and the resolver sends it again, alone
    alone = asyncio.create_task(_alone(street, 1))
    assert (await alone)["outcome"] == "POSTED"


async def _alone(api: Api, creator: int) -> Any:
    row = ("somebody", None, None, api.now - DAY, creator, 1, "", "", "", None, 1000, None, None, None, api.now, True)
    return await api.database.post_videos(row, None)


async def test_the_lock_is_waited_for_through_the_api(street: Api) -> None:
    ask = "mutation ($input: PostVideoInput!) { postVideo(input: $input) { __typename } }"
    wish = {"soundId": "sound_1", "caption": "", "durationMs": 1000}
    async with locked(street, 1):
        waiting = asyncio.gather(*(street.get(ask, viewer=viewer, input=wish) for viewer in (1, 2)))
        blocked = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        await until(lambda: street.sql(blocked))
        assert await street.sql("select from videos where creator_id = 2")
    assert [answer["postVideo"]["__typename"] for answer in await waiting] == ["PostVideoPayload"] * 2
    assert len(await street.sql("select from videos where creator_id = 1")) == 2


async def test_a_key_that_another_process_holds_is_in_progress_and_the_others_are_posted(street: Api) -> None:
    async with street.database.transaction() as elsewhere:
        assert await elsewhere.try_idempotency_key("somebody\x1fpostVideo\x1fk1")
        answers, _ = await sent(street, post(street, 1, key="k1"), post(street, 2, key="k2"))
    assert outcomes(answers) == ["IN_PROGRESS", "POSTED"]
    assert (await post(street, 1, key="k1"))["outcome"] == "POSTED"
    assert (await post(street, 1, key="k1"))["outcome"] == "KEY_USED"


async def test_a_key_is_free_again_after_its_time(street: Api) -> None:
    await post(street, 1, key="k1")
    street.now += DAY
    assert (await post(street, 1, key="k1"))["outcome"] == "POSTED"


async def test_who_gives_up_before_it_is_sent_posts_nothing(street: Api) -> None:
    given_up = asyncio.create_task(post(street, 1))
    staying = asyncio.create_task(post(street, 2))
    await asyncio.sleep(0)  # both are in line now, and nothing is sent
    given_up.cancel()
    assert (await staying)["outcome"] == "POSTED"
    assert [row["creator_id"] for row in await street.sql("select creator_id from videos")] == [2]


async def test_more_than_may_wait_is_refused(street: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.writer, "MOST_WAITING", 5)
    answers, _ = await sent(street, *(post(street, n) for n in range(1, 9)))
    assert outcomes(answers[:5]) == ["POSTED"] * 5
    assert all(isinstance(answer, TooManyWrites) for answer in answers[5:])


async def test_who_waits_when_the_process_ends_is_told(street: Api) -> None:
    await street.database.close()
    answers, _ = await sent(street, post(street, 1), post(street, 2))
    assert all(isinstance(answer, DatabaseClosed) for answer in answers)


async def test_the_statement_weighs_as_trending_does(street: Api) -> None:
    for turn in range(3):
        await asyncio.gather(*(post(street, n, sound) for n in (1, 20, 29, 30, 40) for sound in (1, 2)))
        street.now += HOUR * 30 * (turn + 1)
    rows = await street.sql(
        "select v.*, joined_at from videos v join users u on u.id = creator_id where sound_id = 1 order by v.id"
    )
    assert len(rows) == 15
    for creator in (1, 20, 29, 30, 40):
        earlier, before = 0.0, None
        for row in (row for row in rows if row["creator_id"] == creator):
            since = (row["created_at"] - before) / HOUR if before else 0.0
            age_days = (row["created_at"] - row["joined_at"]) / DAY
            weight, earlier = weigh(earlier, since, age_days)
            before = row["created_at"]
            assert row["weight"] == pytest.approx(weight, rel=1e-12)
            assert row["trusted"] == is_trusted(age_days)
