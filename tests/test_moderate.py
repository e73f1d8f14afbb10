"""`chorus moderate`: who is suspended is hidden at once and counts nowhere; who is restored counts as before; sounds fall silent."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import cli
from reach import CommandFailed
from tests.ask import Api
from tests.test_facts import ACTS, Crowd, posts, says, set_scene
from tests.trending.scene import assert_counts_are_the_facts, catch_up
from trending import moderate

STATE = {
    "sounds": "id, video_count, creator_count, view_count, first_video_id, founder_id",
    "users": "id, video_count",
    "videos": "sound_id, id, comment_count, hidden",
    "hashtags": "name, video_count",
    "hashtag_videos": "*",
    "community_creators": "sound_id, creator_id, video_count, first_posted_at, last_posted_at, region",
    "community_regions": "sound_id, region, video_count, creator_count",
    "trend_counters": "sound_id, region, niche_id, trusted_videos, young_videos",
}


@pytest.fixture
async def busy(api: Api) -> Api:
    """A world in which people did much, all of it counted."""
    await set_scene(api)
    crowd = Crowd(api, 5)
    for act in [*ACTS * 3, *[posts, says] * 5]:
        await act(crowd)
    await catch_up(api)
    await api.sql("insert into handles select handle, id from users on conflict do nothing")
    return api


@pytest.fixture
async def quiet(api: Api) -> Api:
    """Sounds and people who did nothing yet."""
    await set_scene(api)
    return api


async def state(api: Api) -> dict[str, Any]:
    """What counts and is listed."""
    tables = {name: await api.sql(f"select {columns} from {name} order by 1, 2") for name, columns in STATE.items()}
    return {name: sorted(str(tuple(row)) for row in rows) for name, rows in tables.items()}


async def most_busy(api: Api) -> Any:
    query = """select u.id, u.handle, count(*) videos from users u join videos v on v.creator_id = u.id
        where exists (select from video_comments c where c.author_id = u.id) group by u.id order by videos desc, u.id limit 1"""
    return (await api.sql(query))[0]


async def chorus(api: Api, *words: str) -> Any:
    """Runs the command."""
    asked = ["moderate", *words, "--database-url", api.database.dsn]
    return await asyncio.to_thread(CliRunner().invoke, cli, asked)


async def test_who_is_suspended_counts_nowhere_and_who_is_restored_as_before(busy: Api) -> None:
    before, person = await state(busy), await most_busy(busy)
    seen = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await chorus(busy, "suspend", person["handle"].upper())).exit_code == 0
    assert (await busy.get(seen, id=f"user_{person['id']}"))["node"] is None
    await catch_up(busy)
    assert not await busy.sql("select from videos where creator_id = $1 and not hidden", person["id"])
    assert (await busy.sql("select video_count from users where id = $1", person["id"]))[0][0] == 0
    assert not await busy.sql("select from search_documents where kind = 'USER' and key = $1", str(person["id"]))
    await assert_counts_are_the_facts(busy)

    assert (await chorus(busy, "restore", person["handle"])).exit_code == 0
    await catch_up(busy)
    await assert_counts_are_the_facts(busy)
    after = await state(busy)
    zero = {"community_regions": ", 0, 0)", "trend_counters": ", 0, 0)", "hashtags": ", 0)"}
    for name, rows in before.items():
        ends = zero.get(name, "\0")
        assert [row for row in after[name] if not row.endswith(ends)] == [row for row in rows if not row.endswith(ends)]


async def test_a_suspension_that_was_killed_goes_on(busy: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await most_busy(busy)
    handle = person["handle"]
    comments = moderate._turn_comments

    async def killed(*_: Any, **__: Any) -> bool:
        raise asyncio.CancelledError

    monkeypatch.setattr(moderate, "_turn_comments", killed)
    with pytest.raises(asyncio.CancelledError):
        await moderate.suspend(busy.database, handle, busy.now)
    monkeypatch.setattr(moderate, "_turn_comments", comments)
    await moderate.suspend(busy.database, handle, busy.now)
    await moderate.suspend(busy.database, handle, busy.now)
    await catch_up(busy)
    await assert_counts_are_the_facts(busy)


async def test_a_sound_falls_silent_with_its_event_and_its_document(quiet: Api) -> None:
    await quiet.database.index_documents("SOUND", ["1"])
    for command, status, found in (("mute", "MUTED", 1), ("remove", "REMOVED", 0), ("activate", "ACTIVE", 1)):
        assert (await chorus(quiet, command, "sound_1")).exit_code == 0
        assert (await quiet.sql("select status from sounds where id = 1"))[0][0] == status
        documents = await quiet.sql("select from search_documents where kind = 'SOUND' and key = '1'")
        assert len(documents) == found
        (event,) = await quiet.sql("select body from outbox order by id desc limit 1")
        assert event["body"] == {"sound_id": 1, "status": status}
    answer = await quiet.get("{ events(types: [SOUND_STATUS_CHANGED]) { edges { node { subjectId } } } }")
    assert answer["events"]["edges"] == []
    await catch_up(quiet)
    answer = await quiet.get("{ events(types: [SOUND_STATUS_CHANGED]) { edges { node { subjectId } } } }")
    assert [edge["node"]["subjectId"] for edge in answer["events"]["edges"]] == ["sound_1"] * 3


async def test_who_and_what_there_is_not_is_said(quiet: Api) -> None:
    for words, said in (
        (("suspend", "nobody"), "Nobody has this handle"),
        (("mute", "sound_999"), "no such sound"),
        (("mute", "user_1"), "id of a user"),
    ):
        result = await chorus(quiet, *words)
        assert isinstance(result.exception, CommandFailed)
        assert said in str(result.exception)


async def test_reports_are_listed_newest_first(quiet: Api) -> None:
    for details in ("[bold]first", "second"):
        await quiet.sql(
            "insert into reports (reporter_id, subject, reason, details, created_at) values (1, 'sound_2', 'SPAM', $1, $2)",
            details,
            quiet.now,
        )
    lines = (await chorus(quiet, "reports", "--limit", "1")).stdout
    assert "second" in lines
    assert "first" not in lines
    lines = (await chorus(quiet, "reports")).stdout
    assert lines.index("second") < lines.index("[bold]first")
    assert "sound_2" in lines
