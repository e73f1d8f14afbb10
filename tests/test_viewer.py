"""The viewer: what belongs to whoever is signed in."""

from typing import Any

import pytest

from tests.ask import Api
from tests.gathering import GONE, LOU, MIRA, TOM, arrange, nodes


async def viewer(api: Api, who: int, fields: str) -> Any:
    return (await api.get(f"{{ viewer {{ {fields} }} }}", viewer=who))["viewer"]


async def test_a_stranger_and_an_account_without_a_profile_have_no_viewer(gathering: Api) -> None:
    for subject in (None, "test|new"):
        answer = await gathering.ask("{ viewer { id } }", subject=subject)
        assert (answer.data, answer.errors, answer.statements) == ({"viewer": None}, [], [])


async def test_the_viewer_is_a_user_under_an_id_of_its_own(gathering: Api) -> None:
    assert await viewer(gathering, LOU, "id user { id handle }") == {
        "id": "viewer_5",
        "user": {"id": "user_5", "handle": "lou"},
    }


async def test_a_suspended_person_is_still_a_viewer_and_an_erased_one_is_not(api: Api) -> None:
    await arrange(api)
    assert (await viewer(api, GONE, "user { handle }"))["user"] == {"handle": "gone"}
    await api.sql("update users set status = 'DELETED' where id = $1", GONE)
    assert await viewer(api, GONE, "id") is None


async def test_what_was_saved_comes_back_without_what_was_removed(gathering: Api) -> None:
    found = await viewer(
        gathering, LOU, "savedSounds { edges { node { title } } } savedTracks { edges { node { title } } }"
    )
    assert nodes(found["savedSounds"], "title") == ["Wind", "Rain"]
    assert nodes(found["savedTracks"], "title") == ["Low Tide", "Undertow"]


@pytest.mark.parametrize(
    ("who", "titles"), [(TOM, ["Secret", "Quiet", "Open"]), (LOU, ["Secret"]), (MIRA, ["Quiet"]), (GONE, ["Of a suspended one"])]
)  # fmt: skip
async def test_playlists_are_all_that_one_owns_or_works_on(gathering: Api, who: int, titles: list[str]) -> None:
    found = await viewer(gathering, who, "playlists { edges { node { title } } }")
    if who == GONE:
        titles = ["Quiet", *titles]  # he was an editor before he was suspended
    assert nodes(found["playlists"], "title") == titles


async def test_communities_are_those_that_were_joined(gathering: Api) -> None:
    found = await viewer(gathering, MIRA, "communities { edges { node { id viewerIsMember } } }")
    assert [edge["node"] for edge in found["communities"]["edges"]] == [
        {"id": "community_1", "viewerIsMember": True},
        {"id": "community_2", "viewerIsMember": True},
    ]


async def test_the_blocked_are_shown_so_that_a_block_can_be_lifted_but_nothing_of_theirs(gathering: Api) -> None:
    theirs = "videos { edges { cursor } } followers { edges { cursor } } following { edges { cursor } } playlists { edges { cursor } }"
    found = await viewer(gathering, LOU, f"blocked {{ edges {{ node {{ handle viewerHasBlocked {theirs} }} }} }}")
    nobody: dict[str, Any] = {"edges": []}
    assert [edge["node"] for edge in found["blocked"]["edges"]] == [
        {"handle": "kim", "viewerHasBlocked": True, "videos": nobody, "followers": nobody, "following": nobody, "playlists": nobody}
    ]  # fmt: skip


async def test_following_merges_people_and_communities_and_shows_each_video_once(gathering: Api) -> None:
    answer = await gathering.ask("{ viewer { following { edges { node { caption } } } } }", viewer=MIRA)
    captions = nodes(answer.data["viewer"]["following"], "caption")
    assert captions == ["six", "seven", "five", "eight", "three", "two", "one"]
    assert answer.statements == [
        "communities_by_user", "following_by_user", "hidden_by_user", "listed_sound_by_id", "newest_videos_by_sounds",
        "newest_videos_by_users", "user_by_id", "video_by_key",
    ]  # fmt: skip


async def test_following_leaves_blocked_people_out_and_needs_nobody_who_is_followed(gathering: Api) -> None:
    answer = await gathering.ask("{ viewer { following { edges { node { caption } } } } }", viewer=LOU)
    assert nodes(answer.data["viewer"]["following"], "caption") == ["six", "three", "two", "one"]
    assert "newest_videos_by_users" not in answer.statements


async def test_following_nobody_is_an_empty_page(gathering: Api) -> None:
    answer = await gathering.ask(
        "{ viewer { following { pageInfo { hasNextPage endCursor } edges { cursor } } } }", viewer=TOM
    )
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": []}
    assert (answer.data["viewer"]["following"], answer.errors) == (page, [])


async def test_following_pages_meet_every_video_once_also_when_somebody_is_followed_meanwhile(api: Api) -> None:
    await arrange(api)
    query = """query ($after: Cursor) { viewer { following(first: 2, after: $after) { pageInfo { hasNextPage endCursor }
        edges { node { caption } } } } }"""
    met: list[str] = []
    after, more = None, True
    while more:
        page = (await api.get(query, viewer=MIRA, after=after))["viewer"]["following"]
        met += nodes(page, "caption")
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        await api.sql("insert into follows values (1, 5, $1) on conflict do nothing", api.now)
    assert met == ["six", "seven", "five", "eight", "three", "two", "one"]


async def test_following_reads_the_300_latest_people_and_the_100_latest_communities(api: Api) -> None:
    await arrange(api)
    await api.sql(
        "insert into follows select 1, n, $1::timestamptz + n * interval '1 second' from generate_series(100, 397) n",
        api.now,
    )
    await api.sql(
        "insert into user_communities select 1, n, $1::timestamptz + n * interval '1 second' from generate_series(100, 198) n",
        api.now,
    )
    await api.sql(
        "insert into sounds (id, title, kind, duration_ms, created_at) select n, 'Quiet', 'ORIGINAL', 1, $1 from generate_series(100, 198) n",
        api.now,
    )
    query = "{ viewer { following { edges { node { caption } } } } }"
    found = (await api.get(query, viewer=MIRA))["viewer"]["following"]
    assert nodes(found, "caption") == ["six", "five", "three", "two", "one"]  # not Tom any more, still Ana and Rain
    await api.sql("insert into user_communities values (1, 199, $1::timestamptz + interval '1 day')", api.now)
    found = (await api.get(query, viewer=MIRA))["viewer"]["following"]
    assert nodes(found, "caption") == ["six", "two"]


async def test_following_is_what_a_plain_statement_finds_among_busy_and_quiet_sources(crowd: Api) -> None:
    rows = await crowd.sql(
        """select distinct v.sound_id, v.id, v.created_at from videos v
            left join (select followed_id from follows where user_id = 1 order by created_at desc limit 300) f on f.followed_id = v.creator_id
            left join (select sound_id from user_communities where user_id = 1 order by created_at desc, sound_id desc limit 100) c on c.sound_id = v.sound_id
            where (f.followed_id is not null or c.sound_id is not null)
            and v.creator_id not in (select blocked_id from blocks where user_id = 1)
            order by v.created_at desc, v.sound_id desc, v.id desc"""
    )
    query = "query ($after: Cursor) { viewer { following(first: 37, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id } } } } }"
    met: list[str] = []
    after, more = None, True
    while more:
        page = (await crowd.get(query, viewer=1, after=after))["viewer"]["following"]
        met += nodes(page, "id")
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert met == [f"video_{row['sound_id']}_{row['id']}" for row in rows]
    assert len(met) > 200


@pytest.mark.parametrize("field", ["savedSounds", "savedTracks", "playlists", "communities", "blocked", "following"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [("first: 0", "INVALID_PAGE_SIZE"), ("first: 101", "INVALID_PAGE_SIZE"), ('after: "nonsense"', "INVALID_CURSOR")],
)
async def test_every_list_says_what_is_wrong_with_its_page(
    gathering: Api, field: str, arguments: str, code: str
) -> None:
    answer = await gathering.ask(f"{{ viewer {{ {field}({arguments}) {{ edges {{ cursor }} }} }} }}", viewer=MIRA)
    assert [error["original"].code for error in answer.errors] == [code]
