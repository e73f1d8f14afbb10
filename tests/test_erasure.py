"""`deleteAccount`: hidden at once, then in no table any more, and every count is what the facts say without the person."""

from typing import Any

import pytest

from tests.ask import Api
from tests.test_facts import ACTS, Crowd, follows, likes, posts, saves, says, set_scene
from tests.trending.scene import assert_counts_are_the_facts, catch_up
from trending import erasure, notifying, plays

FIRST = 900_000  # so that no other number looks like a person's
GONE = FIRST + 3
DELETE = """mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename
  ... on DeleteAccountPayload { deletedUserId } ... on InvalidInput { path } } }"""
TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition"


class Distant(Crowd):
    """A crowd whose ids begin after FIRST."""

    async def ask(self, field: str, viewer: int | None = None, **wish: Any) -> None:
        await super().ask(field, viewer or FIRST + self.random.randint(1, 4), **wish)

    def user(self) -> str:
        return f"user_{FIRST + self.random.randint(1, 4)}"


@pytest.fixture
async def town(api: Api) -> Api:
    """Four people who did all that can be done, one of whom is to go; not all of it is counted."""
    await api.sql(f"alter table users alter id restart with {FIRST + 1}")
    await set_scene(api)
    await plays.keep(api.database, api.now, 0)
    await api.sql("update playlists set owner_id = $1, share_token = 'token', visibility = 'UNLISTED'", GONE)
    await api.sql("insert into share_tokens values ('token', 1)")
    await api.sql("update user_playlists set user_id = $1, listed = false", GONE)
    await api.sql("insert into identities (subject, user_id) values ('idp|gone', $1)", GONE)
    await api.sql("update sounds set creator_id = $1 where id = 1", GONE)
    await api.sql("insert into user_sounds select creator_id, created_at, id from sounds where id = 1")
    crowd = Distant(api, 7)
    for act in [*[posts] * 9, *[says] * 6, *ACTS * 3]:
        await act(crowd)
    await tell(api)
    for act in [posts, says, likes, saves, follows] * 3:
        await act(crowd)
    for subject in ("track_1", "sound_2"):
        await crowd.ask("recordShare", GONE, subjectId=subject, channel="link", idempotencyKey=subject)
    await crowd.ask("report", GONE, subjectId="sound_1", reason="SPAM")
    await crowd.ask("report", FIRST + 1, subjectId=f"user_{GONE}", reason="SPAM")
    heard = {"subjectId": "track_1", "playedAt": api.now.isoformat(), "durationMs": 100}
    await crowd.ask("recordPlays", GONE, plays=[{"eventId": "a"} | heard, {"eventId": "b"} | heard])
    await api.sql("update idempotency_results set caller = 'idp|gone'")
    return api


async def delete(api: Api, handle: str) -> Any:
    return (await api.get(DELETE, viewer=GONE, input={"confirmHandle": handle}))["deleteAccount"]


async def handle(api: Api) -> str:
    return str((await api.sql("select handle from users where id = $1", GONE))[0][0])


async def finish(api: Api) -> None:
    """What the worker does, turn by turn."""
    more = True
    while more:
        more = await erasure.step(api.database, api.now)
        await tell(api)


async def tell(api: Api) -> None:
    await catch_up(api)
    while await notifying.notify(api.database) or await api.database.outbox_is_waiting():
        await catch_up(api)


async def naming(api: Api, *names: str) -> dict[str, list[Any]]:
    """The rows of every table, jsonb and arrays with them, in which one of these words stands."""
    found = {}
    for (table,) in await api.sql(TABLES):
        rows = await api.sql(f"select t::text from {table} t where t::text ~ $1", rf"\m({'|'.join(names)})\M")
        if rows:
            found[table] = [row[0] for row in rows]
    return found


async def test_after_the_job_nothing_names_the_person_and_the_counts_are_the_facts(town: Api) -> None:
    name = await handle(town)
    before = set(await naming(town, str(GONE)))
    assert len(before) > 15, before
    assert "notifications" in before
    assert await delete(town, name) == {"__typename": "DeleteAccountPayload", "deletedUserId": f"user_{GONE}"}
    assert (await town.get("query ($id: ID!) { node(id: $id) { id } }", id=f"user_{GONE}"))["node"] is None
    await finish(town)
    assert list(await naming(town, f"(?:user_)?{GONE}", "idp\\|gone")) == ["log"]
    (told,) = await town.sql("select type from log where body::text ~ $1", str(GONE))
    assert told["type"] == "USER_DELETED"
    await assert_counts_are_the_facts(town)
    assert (await town.sql("select play_count from tracks"))[0][0] == 2
    sequences = await town.sql("select count(*), max(sequence) from log")
    assert sequences[0][0] == sequences[0][1]
    await town.sql("insert into handles values ($1, $2)", name, FIRST + 1)


async def test_killed_after_each_of_its_steps_it_goes_on(town: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await delete(town, await handle(town))
    repeat, killed = erasure._repeat, []

    async def fatal(database: Any, step: str, *rest: Any, until: float) -> bool:
        ended = await repeat(database, step, *rest, until=until)
        if step not in killed:
            killed.append(step)
            raise KeyboardInterrupt
        return ended

    monkeypatch.setattr(erasure, "_repeat", fatal)
    monkeypatch.setattr(erasure, "SLICE", 7)
    monkeypatch.setattr(erasure, "SECONDS", 0)
    steps = [*erasure.COUNTED_STEPS, *erasure.STEPS, *erasure.VIDEO_STEPS, "erase_likes_of_comments"]
    for _ in steps:
        with pytest.raises(KeyboardInterrupt):
            await finish(town)
    await finish(town)
    assert sorted(killed) == sorted(steps)
    assert list(await naming(town, str(GONE))) == ["log"]
    await assert_counts_are_the_facts(town)


async def test_another_handle_deletes_nothing(town: Api) -> None:
    assert await delete(town, "somebody") == {"__typename": "InvalidInput", "path": ["input", "confirmHandle"]}
    assert not await town.sql("select from erasures")
