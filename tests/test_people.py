"""People: what is theirs, and whom they know."""

from typing import Any

import pytest

from tests.ask import Api
from tests.gathering import ANA, GONE, KIM, LOU, MIRA, TOM, nodes


async def person(api: Api, user: int, fields: str, viewer: int | None = None) -> Any:
    query = f'{{ user(by: {{id: "user_{user}"}}) {{ {fields} }} }}'
    return (await api.get(query, viewer=viewer))["user"]


async def test_a_person_answers_with_everything_that_is_theirs(gathering: Api) -> None:
    found = await person(
        gathering,
        TOM,
        """videos { edges { node { caption sound { status } } } } originalSounds { edges { node { title } } }
        playlists { edges { node { title } } } followers { edges { node { handle } } } following { edges { node { handle } } }
        viewerIsFollowing viewerHasBlocked""",
    )
    assert [(video["caption"], video["sound"]["status"]) for video in (edge["node"] for edge in found["videos"]["edges"])] == [
        ("seven", "ACTIVE"), ("eight", "REMOVED"), ("three", "ACTIVE"), ("one", "ACTIVE"),
    ]  # fmt: skip
    assert nodes(found["originalSounds"], "title") == ["Fog", "Rain"]
    assert nodes(found["playlists"], "title") == ["Open"]
    assert nodes(found["followers"], "handle") == ["kim", "mira"]
    assert nodes(found["following"], "handle") == []
    assert (found["viewerIsFollowing"], found["viewerHasBlocked"]) == (False, False)


async def test_communities_of_removed_sounds_and_suspended_people_are_absent(gathering: Api) -> None:
    found = await person(
        gathering,
        MIRA,
        "communities { edges { node { id sound { title } } } } following { edges { node { handle } } }",
    )
    assert nodes(found["communities"], "id") == ["community_1", "community_2"]
    assert nodes(found["following"], "handle") == ["ana", "tom"]


async def test_whom_the_viewer_follows_is_asked_once_for_all_and_never_for_a_stranger(gathering: Api) -> None:
    query = f"""{{ nodes(ids: ["user_{TOM}", "user_{ANA}", "user_{KIM}"]) {{ ... on User {{ viewerIsFollowing viewerHasBlocked }} }} }}"""
    answer = await gathering.ask(query, viewer=MIRA)
    assert [node["viewerIsFollowing"] for node in answer.data["nodes"]] == [True, True, False]
    assert answer.statements == ["active_user_by_id", "has_blocked", "hidden_by_user", "is_following_user"]
    assert (await gathering.ask(query)).statements == ["active_user_by_id"]


async def test_people_who_blocked_each_other_are_absent_from_each_others_lists(gathering: Api) -> None:
    fields = "followers { edges { node { handle } } } following { edges { node { handle } } }"
    assert nodes((await person(gathering, TOM, fields, viewer=LOU))["followers"], "handle") == ["mira"]
    assert nodes((await person(gathering, LOU, fields))["followers"], "handle") == ["kim"]
    assert nodes((await person(gathering, LOU, fields, viewer=LOU))["followers"], "handle") == []
    assert nodes((await person(gathering, KIM, fields, viewer=KIM))["following"], "handle") == ["tom"]
    assert await person(gathering, LOU, "handle", viewer=KIM) is None
    assert await person(gathering, KIM, "handle", viewer=LOU) is None
    assert await person(gathering, GONE, "handle") is None


@pytest.mark.parametrize(
    ("handle", "found"),
    [
        ("tom", {"handle": "tom"}),
        ("TOM", {"handle": "tom"}),
        ("gone", None),
        ("nobody", None),
        ("", None),
        ("t", None),
        ("to m", None),
        ("tom\x00", None),
        ("\ud800", None),
        ("أحمد", None),
        ("🎵🎵", None),
        ("a" * 1_000_000, None),
        ("tom'; drop table users; --", None),
    ],
)
async def test_a_handle_finds_its_user_and_any_other_text_nobody(
    gathering: Api, handle: str, found: dict[str, str] | None
) -> None:
    answer = await gathering.ask("query ($handle: String!) { user(by: {handle: $handle}) { handle } }", handle=handle)
    assert (answer.data, answer.errors) == ({"user": found}, [])


@pytest.mark.parametrize("by", ["{}", '{id: "user_1", handle: "mira"}', "{id: null}", '{name: "mira"}'])
async def test_a_person_is_asked_for_by_exactly_one_key(gathering: Api, by: str) -> None:
    answer = await gathering.ask(f"{{ user(by: {by}) {{ handle }} }}")
    assert len(answer.errors) >= 1
    assert (answer.data, answer.statements) == (None, [])


@pytest.mark.parametrize("id", ["", "user", "user_", "user_0", "user_-1", "user_01", "user_1_2", "1", "sound_1", "user_9223372036854775808", "user_１", "\ud800"])  # fmt: skip
async def test_an_id_that_is_no_users_is_an_error(gathering: Api, id: str) -> None:
    answer = await gathering.ask("query ($id: ID!) { user(by: {id: $id}) { handle } }", id=id)
    assert [error["original"].code for error in answer.errors] == ["INVALID_ID"]
    assert answer.statements == []


LISTS = ("videos", "originalSounds", "playlists", "communities", "followers", "following")


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: 0", "INVALID_PAGE_SIZE"),
        ("first: 101", "INVALID_PAGE_SIZE"),
        ("first: -2147483648", "INVALID_PAGE_SIZE"),
        ('after: ""', "INVALID_CURSOR"),
        ('after: "AAAAAAAAAAAAAAAAAAAAAAAA"', "INVALID_CURSOR"),
        ('after: "%00"', "INVALID_CURSOR"),
    ],
)
async def test_every_list_says_what_is_wrong_with_its_page(
    gathering: Api, field: str, arguments: str, code: str
) -> None:
    answer = await gathering.ask(
        f'{{ user(by: {{id: "user_{TOM}"}}) {{ {field}({arguments}) {{ edges {{ cursor }} }} }} }}'
    )
    assert [error["original"].code for error in answer.errors] == [code]


@pytest.mark.parametrize("field", [field for field in LISTS if field != "following"])
async def test_a_cursor_of_somebody_elses_list_is_refused(crowd: Api, field: str) -> None:
    query = f"query ($id: ID!, $after: Cursor) {{ user(by: {{id: $id}}) {{ {field}(first: 1, after: $after) {{ pageInfo {{ endCursor }} }} }} }}"
    cursor = (await crowd.get(query, id="user_1"))["user"][field]["pageInfo"]["endCursor"]
    assert (await crowd.get(query, id="user_1", after=cursor))["user"][field]["pageInfo"]["endCursor"] != cursor
    answer = await crowd.ask(query, id="user_2", after=cursor)
    assert [error["original"].code for error in answer.errors] == ["INVALID_CURSOR"]
