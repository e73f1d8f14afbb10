"""Playlists: what they hold, who works on them, and who may see them."""

from typing import Any

import pytest

from tests.ask import Api
from tests.gathering import ANA, GONE, KIM, LOU, MIRA, TOM, nodes

OPEN, QUIET, SECRET, OF_GONE, OF_KIM = range(1, 6)
STRANGER: int | None = None


async def playlist(api: Api, by: str, fields: str, viewer: int | None = None) -> Any:
    return (await api.get(f"{{ playlist(by: {{{by}}}) {{ {fields} }} }}", viewer=viewer))["playlist"]


async def test_a_playlist_answers_with_everything_in_it(gathering: Api) -> None:
    found = await playlist(
        gathering,
        'id: "playlist_1"',
        """id title description coverUrl kind visibility itemCount durationMs followerCount viewerIsFollowing viewerRole snapshotId shareUrl
        createdAt updatedAt owner { handle } collaborators { role }
        items { edges { itemId addedAt addedBy { handle } node { __typename ... on Track { title } ... on Sound { title } } } }""",
    )
    assert found == {
        "id": "playlist_1", "title": "Open", "description": "", "coverUrl": None, "kind": "USER", "visibility": "PUBLIC", "itemCount": 4,
        "durationMs": 0, "followerCount": 0, "viewerIsFollowing": False, "viewerRole": None, "snapshotId": "snapshot_1_7",
        "shareUrl": "http://127.0.0.1:8000/playlist/1", "createdAt": "2026-11-22T03:00:00Z", "updatedAt": "2026-11-22T12:00:00Z",
        "owner": {"handle": "tom"}, "collaborators": [],
        "items": {"edges": [
            {"itemId": "playlistitem_1_2", "addedAt": "2026-11-22T12:00:00Z", "addedBy": {"handle": "ana"}, "node": {"__typename": "Sound", "title": "Rain"}},
            {"itemId": "playlistitem_1_1", "addedAt": "2026-11-22T12:00:00Z", "addedBy": {"handle": "tom"}, "node": {"__typename": "Track", "title": "Undertow"}},
            {"itemId": "playlistitem_1_3", "addedAt": "2026-11-22T12:00:00Z", "addedBy": None, "node": None},
            {"itemId": "playlistitem_1_4", "addedAt": "2026-11-22T12:00:00Z", "addedBy": None, "node": {"__typename": "Track", "title": "Undertow"}},
        ]},
    }  # fmt: skip


async def test_items_page_from_both_ends_in_the_playlists_order(gathering: Api) -> None:
    query = """query ($first: Int, $after: Cursor, $last: Int, $before: Cursor) { playlist(by: {id: "playlist_1"}) {
        items(first: $first, after: $after, last: $last, before: $before) {
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { itemId } } } }"""

    async def page(**arguments: Any) -> tuple[list[int], dict[str, Any]]:
        items = (await gathering.get(query, **arguments))["playlist"]["items"]
        return [int(edge["itemId"].split("_")[-1]) for edge in items["edges"]], items["pageInfo"]

    head, start = await page(first=2)
    assert (head, start["hasNextPage"], start["hasPreviousPage"]) == ([2, 1], True, False)
    assert (await page(first=2, after=start["endCursor"]))[0] == [3, 4]
    tail, end = await page(last=3)
    assert (tail, end["hasNextPage"], end["hasPreviousPage"]) == ([1, 3, 4], False, True)
    assert (await page(last=3, before=end["startCursor"]))[0] == [2]
    assert (await page(first=3, last=1))[0] == [3]


# title -> who sees it; everybody else gets null, as for a playlist that does not exist
BY_ID: dict[int, set[int | None]] = {
    OPEN: {STRANGER, MIRA, TOM, ANA, LOU, KIM},
    QUIET: {TOM, ANA, MIRA},
    SECRET: {TOM, LOU},
    OF_GONE: {GONE},
    OF_KIM: {STRANGER, MIRA, TOM, ANA, KIM},
}
EVERYBODY = (STRANGER, MIRA, TOM, ANA, LOU, KIM)


@pytest.mark.parametrize("viewer", EVERYBODY)
async def test_visibility_by_id_by_node_and_by_token(gathering: Api, viewer: int | None) -> None:
    for key in BY_ID:
        by_id = await playlist(gathering, f'id: "playlist_{key}"', "id", viewer)
        by_node = await gathering.get(f'{{ node(id: "playlist_{key}") {{ id }} }}', viewer=viewer)
        seen = {"id": f"playlist_{key}"}
        assert by_id == (seen if viewer in BY_ID[key] else None)
        assert by_node["node"] == by_id
    assert await playlist(gathering, 'shareToken: "quiet-token"', "id", viewer) == {"id": f"playlist_{QUIET}"}


async def test_a_suspended_owner_still_sees_what_is_his(gathering: Api) -> None:
    assert await playlist(gathering, f'id: "playlist_{OF_GONE}"', "title viewerRole", GONE) == {
        "title": "Of a suspended one",
        "viewerRole": "OWNER",
    }


async def test_one_playlist_that_may_not_be_seen_hides_no_other(gathering: Api) -> None:
    query = '{ nodes(ids: ["playlist_1", "playlist_2", "playlist_3", "playlist_4", "playlist_5"]) { ... on Playlist { title viewerRole } } }'
    answer = await gathering.ask(query, viewer=ANA)
    assert answer.data["nodes"] == [
        {"title": "Open", "viewerRole": None}, {"title": "Quiet", "viewerRole": "EDITOR"}, None, None, {"title": "Of Kim", "viewerRole": None},
    ]  # fmt: skip
    assert not answer.errors


@pytest.mark.parametrize(
    ("viewer", "role", "url"),
    [
        (STRANGER, None, None),
        (LOU, None, None),
        (MIRA, "VIEWER", None),
        (ANA, "EDITOR", "http://127.0.0.1:8000/playlist/shared/quiet-token"),
        (TOM, "OWNER", "http://127.0.0.1:8000/playlist/shared/quiet-token"),
    ],
)
async def test_the_token_of_an_unlisted_playlist_is_told_to_its_makers_only(
    gathering: Api, viewer: int | None, role: str | None, url: str | None
) -> None:
    found = await playlist(gathering, 'shareToken: "quiet-token"', "viewerRole shareUrl", viewer)
    assert found == {"viewerRole": role, "shareUrl": url}


async def test_a_private_playlist_has_no_address(gathering: Api) -> None:
    assert await playlist(gathering, 'id: "playlist_3"', "shareUrl", TOM) == {"shareUrl": None}


async def test_collaborators_are_listed_without_hidden_people(gathering: Api) -> None:
    found = await playlist(gathering, 'shareToken: "quiet-token"', "collaborators { role addedAt user { handle } }")
    assert found["collaborators"] == [
        {"role": "EDITOR", "addedAt": "2026-11-22T08:00:00Z", "user": {"handle": "ana"}},
        {"role": "VIEWER", "addedAt": "2026-11-22T10:00:00Z", "user": {"handle": "mira"}},
    ]


async def test_whom_a_playlist_is_followed_by_is_asked_once_for_all(gathering: Api) -> None:
    query = '{ nodes(ids: ["playlist_1", "playlist_5"]) { ... on Playlist { viewerIsFollowing owner { handle } } } }'
    answer = await gathering.ask(query, viewer=MIRA)
    assert answer.data["nodes"] == [
        {"viewerIsFollowing": True, "owner": {"handle": "tom"}},
        {"viewerIsFollowing": False, "owner": {"handle": "kim"}},
    ]
    assert answer.statements == ["active_user_by_id", "active_user_by_id", "hidden_by_user", "is_following_playlist", "playlist_by_id"]  # fmt: skip


@pytest.mark.parametrize(
    "token",
    ["", "unknown", "open-token ", "open\x00token", "\ud800", "🎵", "رمز", "a" * 1_000_000, "%", "' or true --"],
)
async def test_a_share_token_that_nobody_gave_out_finds_nothing(gathering: Api, token: str) -> None:
    answer = await gathering.ask(
        "query ($token: String!) { playlist(by: {shareToken: $token}) { title } }", token=token
    )
    assert (answer.data, answer.errors) == ({"playlist": None}, [])


@pytest.mark.parametrize("by", ["{}", '{id: "playlist_1", shareToken: "open-token"}', "{shareToken: null}"])
async def test_a_playlist_is_asked_for_by_exactly_one_key(gathering: Api, by: str) -> None:
    answer = await gathering.ask(f"{{ playlist(by: {by}) {{ title }} }}")
    assert len(answer.errors) == 1
    assert (answer.data, answer.statements) == (None, [])


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("items(first: 0) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("items(last: 101) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("items(first: 1, last: 0) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ('items(after: "nonsense") { edges { cursor } }', "INVALID_CURSOR"),
        ('items(before: "nonsense") { edges { cursor } }', "INVALID_CURSOR"),
    ],
)
async def test_items_say_what_is_wrong_with_their_page(gathering: Api, field: str, code: str) -> None:
    answer = await gathering.ask(f'{{ playlist(by: {{id: "playlist_1"}}) {{ {field} }} }}')
    assert [error["original"].code for error in answer.errors] == [code]


@pytest.mark.parametrize("id", ["playlistitem_1_1", "snapshot_1_7", "viewer_1"])
async def test_the_id_of_something_that_is_no_node_is_an_error(gathering: Api, id: str) -> None:
    answer = await gathering.ask("query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", id=id)
    assert answer.data == {"node": None, "nodes": [None]}
    assert [error["original"].code for error in answer.errors] == ["INVALID_ID", "INVALID_ID"]


async def test_the_public_playlists_of_a_person_are_what_everybody_sees(gathering: Api) -> None:
    query = '{ user(by: {id: "user_2"}) { playlists { edges { node { title } } } } }'
    for viewer in EVERYBODY:
        assert nodes((await gathering.get(query, viewer=viewer))["user"]["playlists"], "title") == ["Open"]
