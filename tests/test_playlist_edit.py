"""Playlists are made, described, shared and given up: by whom, from which snapshot on, and with which event."""

from typing import Any

import pytest

from resolvers import playlist_edit
from tests.ask import Api
from tests.playlists import (
    ANN,
    BOB,
    CID,
    DAN,
    EVE,
    create,
    differences,
    entries,
    people,
    places,
    send,
    send_raw,
    shared,
    told,
)  # fmt: skip


@pytest.fixture
async def home(api: Api) -> Api:
    return await people(api)


async def test_a_playlist_is_made_whole_with_its_event_and_its_copies(home: Api) -> None:
    answer = await send(
        home,
        "createPlaylist",
        ANN,
        title="  Sunday ",
        description="slow",
        entryIds=["track_2", "sound_1", "track_2", "sound_3"],
    )
    playlist = answer["playlist"]
    assert {name: playlist[name] for name in playlist if name != "items"} == {
        "id": "playlist_1", "title": "Sunday", "description": "slow", "visibility": "PUBLIC", "kind": "USER", "snapshotId": "snapshot_1_1",
        "itemCount": 4, "durationMs": 4012, "shareUrl": "http://127.0.0.1:8000/playlist/1", "viewerRole": "OWNER",
        "updatedAt": "2026-11-22T12:00:00Z", "collaborators": [],
    }  # fmt: skip
    assert entries(playlist) == ["track_2", "sound_1", "track_2", "sound_3"]
    assert {edge["addedBy"]["handle"] for edge in playlist["items"]["edges"]} == {"ann"}
    assert await told(home) == [
        ("PLAYLIST_CREATED", {"playlist_id": 1, "actor_id": 1, "owner_id": 1, "snapshot_id": 1, "visibility": "PUBLIC"})
    ]
    assert await differences(home) == []


@pytest.mark.parametrize("visibility", ["PUBLIC", "UNLISTED", "PRIVATE"])
async def test_a_new_playlist_is_seen_by_whom_it_says(home: Api, visibility: str) -> None:
    playlist = await create(home, visibility=visibility)
    (row,) = await home.sql("select share_token from playlists")
    url = {"PUBLIC": "/1", "UNLISTED": f"/shared/{row['share_token']}", "PRIVATE": None}[visibility]
    assert playlist["shareUrl"] == (url and f"http://127.0.0.1:8000/playlist{url}")
    seen = await home.get('{ playlist(by: {id: "playlist_1"}) { id } }', viewer=DAN)
    assert (seen["playlist"] is not None) == (visibility == "PUBLIC")
    assert await differences(home) == []


@pytest.mark.parametrize(
    ("fields", "refusal", "path"),
    [
        ({"title": " "}, "InvalidInput", ["title"]),
        ({"title": "x" * 201}, "InvalidInput", ["title"]),
        ({"title": "a\x00b"}, "InvalidInput", ["title"]),
        ({"title": "half \ud83c"}, "InvalidInput", ["title"]),
        ({"description": "x" * 2001}, "InvalidInput", ["description"]),
        ({"entryIds": ["track_1"] * 101}, "InvalidInput", ["entryIds"]),
        ({"entryIds": ["track_1", "track_999"]}, "NotFound", ["entryIds", "1"]),
        ({"entryIds": ["sound_2"]}, "NotFound", ["entryIds", "0"]),
        ({"idempotencyKey": ""}, "InvalidInput", ["idempotencyKey"]),
        ({"idempotencyKey": "a\x00"}, "InvalidInput", ["idempotencyKey"]),
    ],
)
async def test_a_playlist_that_is_not_allowed_leaves_nothing(
    home: Api, fields: dict[str, Any], refusal: str, path: list[str]
) -> None:
    answer = await send(home, "createPlaylist", ANN, **({"title": "T"} | fields))
    assert (answer["__typename"], answer["path"]) == (refusal, ["input", *path])
    for table in ("playlists", "user_playlists", "outbox"):
        assert await home.sql(f"select from {table}") == []


async def test_words_and_visibility_are_changed_with_the_snapshot(home: Api) -> None:
    await shared(home, description="old")
    await told(home)
    edited = (await send(home, "updatePlaylist", BOB, playlist=1, base="snapshot_1_1", title="New"))["playlist"]
    assert (edited["title"], edited["description"], edited["snapshotId"]) == ("New", "old", "snapshot_1_2")
    edited = (await send(home, "updatePlaylist", ANN, playlist=1, description="", visibility="PRIVATE"))["playlist"]
    assert (edited["title"], edited["description"], edited["visibility"]) == ("New", "", "PRIVATE")
    common = {"playlist_id": 1, "owner_id": 1}
    assert await told(home) == [
        ("PLAYLIST_DETAILS_CHANGED", common | {"actor_id": 2, "snapshot_id": 2, "visibility": "PUBLIC", "previous_visibility": "PUBLIC"}),
        ("PLAYLIST_DETAILS_CHANGED", common | {"actor_id": 1, "snapshot_id": 3, "visibility": "PRIVATE", "previous_visibility": "PUBLIC"}),
    ]  # fmt: skip
    assert await differences(home) == []


async def test_an_edit_that_changes_nothing_is_none(home: Api) -> None:
    await shared(home)
    await told(home)
    fields = {"title": "Mine", "visibility": "PUBLIC"}
    same = (await send(home, "updatePlaylist", BOB, playlist=1, **fields))["playlist"]
    assert (same["snapshotId"], await told(home)) == ("snapshot_1_1", [])
    same = (await send(home, "setCollaborator", ANN, playlist=1, userId="user_2", role="EDITOR"))["playlist"]
    assert (len(same["collaborators"]), await told(home)) == (2, [])
    same = (await send(home, "setCollaborator", ANN, playlist=1, userId="user_4"))["playlist"]
    assert (len(same["collaborators"]), await told(home)) == (2, [])


async def test_a_share_token_lives_as_long_as_the_playlist_is_unlisted(home: Api) -> None:
    await create(home, visibility="UNLISTED")
    tokens = []
    for visibility in ("UNLISTED", "PUBLIC", "UNLISTED", "PRIVATE", "UNLISTED"):
        edited = (await send(home, "updatePlaylist", ANN, playlist=1, visibility=visibility, title=f"To {visibility}"))["playlist"]  # fmt: skip
        if visibility == "UNLISTED":
            tokens.append(edited["shareUrl"].rsplit("/", 1)[1])
        assert await differences(home) == []
    assert len(set(tokens)) == 3
    query = "query ($token: String!) { playlist(by: {shareToken: $token}) { id } }"
    found = [(await home.get(query, token=token))["playlist"] for token in tokens]
    assert found == [None, None, {"id": "playlist_1"}]


# What is asked of a playlist, with whoever may: everybody else who may see it is told NotAllowed.
OWNER, MAKERS = {ANN}, {ANN, BOB}
ASKED: dict[str, tuple[dict[str, Any], set[int]]] = {
    "updatePlaylist": ({"title": "Other"}, MAKERS),
    "updatePlaylist visibility": ({"visibility": "UNLISTED"}, OWNER),
    "addPlaylistItems": ({"entryIds": ["track_1"]}, MAKERS),
    "removePlaylistItems": ({"base": "", "itemIds": []}, MAKERS),
    "movePlaylistItems": ({"base": "", "itemIds": []}, MAKERS),
    "setCollaborator": ({"userId": "user_4", "role": "VIEWER"}, OWNER),
    "setCollaborator leaving": ({"userId": "user_3"}, {ANN, CID}),
    "deletePlaylist": ({}, OWNER),
}


@pytest.mark.parametrize(("visibility", "sees"), [("PUBLIC", {ANN, BOB, CID, DAN}), ("PRIVATE", {ANN, BOB, CID})])
async def test_who_may_not_is_told_so_and_who_may_not_see_it_is_not(home: Api, visibility: str, sees: set[int]) -> None:
    playlist = await shared(home, tracks=1, visibility=visibility)
    await told(home)
    for asked, (fields, may) in ASKED.items():
        for viewer in {EVE, DAN, CID, BOB} - may:
            answer = await send(home, asked.split()[0], viewer, **of(playlist, fields))
            expected = "NotAllowed" if viewer in sees else "NotFound"
            assert (answer["__typename"], answer["path"][0]) == (expected, "input"), (asked, viewer)
    assert await told(home) == []


async def test_who_may_may(home: Api) -> None:
    for asked, (fields, may) in ASKED.items():
        for viewer in may:
            playlist = await shared(home, tracks=1, visibility="PRIVATE")
            answer = await send(home, asked.split()[0], viewer, **of(playlist, fields))
            assert answer["__typename"].endswith("Payload"), (asked, viewer)
    assert await differences(home) == []


def of(playlist: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the ids of this playlist, of its snapshot and of its items, where they name any."""
    own = {"base": playlist["snapshotId"], "itemIds": places(playlist)}
    return {"playlistId": playlist["id"]} | {name: own.get(name, value) for name, value in fields.items()}


async def test_nobody_edits_what_is_not_there_or_whose_owner_is_hidden(home: Api) -> None:
    assert (await send(home, "deletePlaylist", ANN, playlist=9))["__typename"] == "NotFound"
    await shared(home)
    await home.sql("update users set status = 'SUSPENDED' where id = 1")
    answer = await send(home, "updatePlaylist", BOB, playlist=1, title="Mine now")
    assert answer["__typename"] == "NotFound"
    answer = await send_raw(home, "updatePlaylist", ANN, playlist=1, title="Still mine")
    assert answer.errors[0]["original"].code == "ACCOUNT_SUSPENDED"


async def test_a_snapshot_that_is_no_longer_true_is_answered_with_what_is(home: Api) -> None:
    playlist = await create(home, tracks=1)
    await send(home, "addPlaylistItems", ANN, playlist=1, entryIds=["track_2"])
    await told(home)
    for asked in ("updatePlaylist", "addPlaylistItems", "removePlaylistItems", "movePlaylistItems"):
        fields = of(playlist, ASKED[asked][0])
        answer = await send(home, asked, ANN, **(fields | {"base": "snapshot_1_1"}))
        assert (answer["__typename"], answer["path"]) == ("SnapshotConflict", ["input", "baseSnapshotId"])
        assert answer["playlist"]["snapshotId"] == "snapshot_1_2"
        assert entries(answer["playlist"]) == ["track_1", "track_2"]
        answer = await send(home, asked, ANN, **(fields | {"base": "snapshot_2_1"}))
        assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "baseSnapshotId"])
    assert await told(home) == []


async def test_a_deleted_playlist_leaves_nothing(home: Api) -> None:
    await shared(home, tracks=3, visibility="UNLISTED")
    await home.sql("insert into playlist_followers values (1, 4, $1)", home.now)
    await told(home)
    assert await send(home, "deletePlaylist", ANN, playlist=1) == {
        "__typename": "DeletePlaylistPayload",
        "deletedPlaylistId": "playlist_1",
    }
    assert [kind for kind, _ in await told(home)] == ["PLAYLIST_DELETED"]
    tables = "playlists playlist_items playlist_collaborators playlist_followers user_playlists share_tokens search_documents"
    for table in tables.split():
        assert await home.sql(f"select from {table}") == [], table
    assert (await send(home, "deletePlaylist", ANN, playlist=1))["__typename"] == "NotFound"


async def test_collaborators_come_change_and_go_with_their_lists(home: Api) -> None:
    await shared(home, visibility="PRIVATE")
    mine = "{ viewer { playlists { edges { node { viewerRole } } } } }"
    edited = (await send(home, "setCollaborator", ANN, playlist=1, userId="user_3", role="EDITOR"))["playlist"]
    assert {one["user"]["handle"]: one["role"] for one in edited["collaborators"]} == {"bob": "EDITOR", "cid": "EDITOR"}
    assert edited["snapshotId"] == "snapshot_1_1"
    answer = await home.get(mine, viewer=CID)
    assert answer["viewer"]["playlists"]["edges"] == [{"node": {"viewerRole": "EDITOR"}}]
    left = await send(home, "setCollaborator", CID, playlist=1, userId="user_3")
    assert left["playlist"]["viewerRole"] is None
    assert (await home.get(mine, viewer=CID))["viewer"]["playlists"]["edges"] == []
    await send(home, "setCollaborator", ANN, playlist=1, userId="user_2", role=None)
    events = [(body["user_id"], body["role"], body["previous_role"]) for _, body in (await told(home))[1:]]
    assert events == [(2, "EDITOR", None), (3, "VIEWER", None), (3, "EDITOR", "VIEWER"), (3, None, "EDITOR"), (2, None, "EDITOR")]  # fmt: skip
    assert await differences(home) == []


@pytest.mark.parametrize(
    ("fields", "refusal", "path"),
    [
        ({"userId": "user_1", "role": "EDITOR"}, "InvalidInput", "userId"),
        ({"userId": "user_1"}, "InvalidInput", "userId"),
        ({"userId": "user_2", "role": "OWNER"}, "InvalidInput", "role"),
        ({"userId": "user_99", "role": "EDITOR"}, "NotFound", "userId"),
        ({"userId": "user_5", "role": "EDITOR"}, "NotFound", "userId"),
    ],
)
async def test_nobody_else_can_be_a_collaborator(home: Api, fields: dict[str, Any], refusal: str, path: str) -> None:
    await create(home)
    answer = await send(home, "setCollaborator", ANN, playlist=1, **fields)
    assert (answer["__typename"], answer["path"]) == (refusal, ["input", path])
    assert await home.sql("select from playlist_collaborators") == []


async def test_collaborators_have_a_limit(home: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlist_edit, "MOST_COLLABORATORS", 2)
    await shared(home)
    answer = await send(home, "setCollaborator", ANN, playlist=1, userId="user_4", role="VIEWER")
    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "userId"])
    assert (await send(home, "setCollaborator", ANN, playlist=1, userId="user_3", role="EDITOR"))["playlist"]


async def test_a_repeated_key_edits_once_and_shows_the_playlist_as_it_is(home: Api) -> None:
    made = [await create(home, idempotencyKey="k") for _ in range(2)]
    assert (made[0], len(await home.sql("select from playlists"))) == (made[1], 1)
    await shared(home, tracks=2, visibility="PRIVATE")
    item = (await home.sql("select id from playlist_items order by sort_key limit 1"))[0]["id"]
    edits: dict[str, dict[str, Any]] = {
        "updatePlaylist": {"title": "Once"},
        "addPlaylistItems": {"entryIds": ["track_5"]},
        "movePlaylistItems": {"base": "snapshot_2_3", "itemIds": [f"playlistitem_2_{item}"]},
        "removePlaylistItems": {"base": "snapshot_2_4", "itemIds": [f"playlistitem_2_{item}"]},
    }
    for asked, fields in edits.items():
        answers = [await send(home, asked, BOB, playlist=2, idempotencyKey="k", **fields) for _ in range(2)]
        assert answers[0] == answers[1], asked
        other = await send(home, asked, BOB, playlist=1, idempotencyKey="k", **fields)
        assert (other["__typename"], other["reason"]) == ("IdempotencyRefused", "KEY_REUSED")
    (row,) = await home.sql("select snapshot_id, item_count from playlists where id = 2")
    assert (row["snapshot_id"], row["item_count"]) == (5, 2)
    await send(home, "setCollaborator", ANN, playlist=2, userId="user_2", role=None)
    gone = await send(home, "updatePlaylist", BOB, playlist=2, idempotencyKey="k", title="Once")
    assert gone["__typename"] == "NotFound"


async def test_the_id_of_something_else_is_an_error(home: Api) -> None:
    playlist = await create(home, tracks=1)
    for asked, fields in (
        ("addPlaylistItems", {"entryIds": ["user_1"]}),
        ("addPlaylistItems", {"entryIds": ["track_1"], "beforeItemId": "track_1"}),
        ("removePlaylistItems", {"base": playlist["id"], "itemIds": places(playlist)}),
        ("movePlaylistItems", {"base": "snapshot_1_1", "itemIds": ["track_1"]}),
        ("setCollaborator", {"userId": "artist_1", "role": "EDITOR"}),
    ):
        answer = await send_raw(home, asked, ANN, playlist=1, **fields)
        assert [error["original"].code for error in answer.errors] == ["INVALID_ID"], asked
