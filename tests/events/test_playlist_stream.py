"""What is done to a playlist is told to whoever may see it then."""

from typing import Any

import pytest

from events.watch import Place
from server.errors import SourceFailed
from tests.ask import Api
from tests.events.asking import door, happen, moved
from tests.gathering import ANA, KIM, MIRA, TOM, arrange

CHANGED = """subscription ($id: ID!) { playlistChanged(playlistId: $id) { __typename
  ... on PlaylistItemsAdded { snapshotId beforeItemId items { cursor itemId node { ... on Track { id } ... on Sound { id } } addedBy { handle } } }
  ... on PlaylistItemsRemoved { snapshotId itemIds }
  ... on PlaylistItemsMoved { snapshotId itemIds beforeItemId }
  ... on PlaylistDetailsChanged { playlist { id title } } } }"""
OPEN = {"playlist_id": 1, "snapshot_id": 8, "visibility": "PUBLIC", "owner_id": TOM, "actor_id": TOM}
QUIET = OPEN | {"playlist_id": 2, "visibility": "UNLISTED"}


@pytest.fixture
async def people(api: Api) -> Api:
    return await arrange(api)


async def test_each_edit_is_told_with_what_it_did(people: Api) -> None:
    async with door(people) as process, process.subscribed(CHANGED, id="playlist_1") as stream:
        assert await stream.next() == {"__typename": "StreamCheckpoint"}
        await happen(people, "PLAYLIST_ITEMS_ADDED", **OPEN, item_ids=[4, 2, 99, 3], before_item_id=1)
        added = await stream.next()
        items = added.pop("items")
        assert added == {
            "__typename": "PlaylistItemsAdded",
            "snapshotId": "snapshot_1_8",
            "beforeItemId": "playlistitem_1_1",
        }
        shown = [(item["itemId"], item["node"], item["addedBy"]) for item in items]
        assert shown == [
            ("playlistitem_1_4", {"id": "track_2"}, None),
            ("playlistitem_1_2", {"id": "sound_1"}, {"handle": "ana"}),
            ("playlistitem_1_3", None, None),  # a removed sound, added by somebody who is suspended
        ]
        await happen(people, "PLAYLIST_ITEMS_REMOVED", **OPEN, item_ids=[4])
        assert await stream.next() == {
            "__typename": "PlaylistItemsRemoved",
            "snapshotId": "snapshot_1_8",
            "itemIds": ["playlistitem_1_4"],
        }
        await happen(people, "PLAYLIST_ITEMS_MOVED", **OPEN, item_ids=[2, 1], before_item_id=None)
        assert await stream.next() == {
            "__typename": "PlaylistItemsMoved",
            "snapshotId": "snapshot_1_8",
            "itemIds": ["playlistitem_1_2", "playlistitem_1_1"],
            "beforeItemId": None,
        }
        await happen(people, "PLAYLIST_DETAILS_CHANGED", **OPEN, previous_visibility="PUBLIC")
        assert (await stream.next())["playlist"] == {"id": "playlist_1", "title": "Open"}


async def test_the_cursors_of_items_are_those_of_the_playlist(people: Api) -> None:
    async with door(people) as process, process.subscribed(CHANGED, id="playlist_1") as stream:
        await stream.next()
        await happen(people, "PLAYLIST_ITEMS_ADDED", **OPEN, item_ids=[2])
        (item,) = (await stream.next())["items"]
    page = 'query ($after: Cursor) { playlist(by: {id: "playlist_1"}) { items(after: $after) { edges { cursor itemId } } } }'
    edges = (await people.get(page))["playlist"]["items"]["edges"]
    assert item["cursor"] == next(edge["cursor"] for edge in edges if edge["itemId"] == item["itemId"])
    after = (await people.get(page, after=item["cursor"]))["playlist"]["items"]["edges"]
    assert after == edges[[edge["itemId"] for edge in edges].index(item["itemId"]) + 1 :]


@pytest.mark.parametrize(
    ("id", "viewer"),
    [("playlist_2", None), ("playlist_3", ANA), ("playlist_4", None), ("playlist_99", TOM), ("sound_1", TOM)],
)
async def test_who_may_not_see_a_playlist_cannot_listen_to_it(people: Api, id: str, viewer: int | None) -> None:
    async with door(people) as process, process.subscribed(CHANGED, id=id, viewer=viewer) as stream:
        with pytest.raises(SourceFailed) as refused:
            await stream.sent()
        assert refused.value.errors[0]["extensions"]["code"] == "INVALID_ID"


async def test_those_who_work_on_it_hear_what_is_done_to_a_closed_one_until_they_do_not_any_more(people: Api) -> None:
    async with (
        door(people) as process,
        process.subscribed(CHANGED, id="playlist_2", viewer=ANA) as editor,
        process.subscribed(CHANGED, id="playlist_2", viewer=TOM) as owner,
    ):
        await editor.next(), await owner.next()
        await happen(people, "PLAYLIST_ITEMS_REMOVED", **QUIET, item_ids=[1])
        assert [(await one.next())["__typename"] for one in (editor, owner)] == ["PlaylistItemsRemoved"] * 2
        await people.sql("delete from playlist_collaborators where user_id = $1", ANA)
        await happen(people, "PLAYLIST_ITEMS_REMOVED", **QUIET, item_ids=[2])
        await happen(people, "PLAYLIST_COLLABORATOR_SET", **QUIET, user_id=ANA, role=None, previous_role="EDITOR")
        assert await editor.next() == {"__typename": "PlaylistDetailsChanged", "playlist": None}
        told: list[Any] = [await owner.next() for _ in range(2)]
        assert [one["__typename"] for one in told] == ["PlaylistItemsRemoved", "PlaylistDetailsChanged"]
        assert told[1]["playlist"] == {"id": "playlist_2", "title": "Quiet"}


async def test_a_deleted_playlist_is_null(people: Api) -> None:
    async with door(people) as process, process.subscribed(CHANGED, id="playlist_5") as stream:
        await stream.next()
        await people.sql("delete from playlists where id = 5")
        await happen(people, "PLAYLIST_DELETED", playlist_id=5, snapshot_id=1, visibility="PUBLIC", owner_id=KIM)
        assert await stream.next() == {"__typename": "PlaylistDetailsChanged", "playlist": None}


async def test_across_a_block_nothing_of_it_is_heard(people: Api) -> None:
    async with (
        door(people) as process,
        process.subscribed(CHANGED, id="playlist_5", viewer=MIRA) as other,
        process.subscribed(CHANGED, id="playlist_5", viewer=KIM) as owner,
    ):
        await other.next(), await owner.next()
        await people.sql("insert into blocks values ($1, $2, $3)", MIRA, KIM, people.now)
        body = {"playlist_id": 5, "snapshot_id": 2, "visibility": "PUBLIC"}
        await happen(people, "PLAYLIST_ITEMS_REMOVED", **body, item_ids=[1])
        await happen(people, "PLAYLIST_DETAILS_CHANGED", **body, previous_visibility="PUBLIC")
        assert (await other.next()) == {"__typename": "PlaylistDetailsChanged", "playlist": None}
        assert [(await owner.next())["__typename"] for _ in range(2)] == [
            "PlaylistItemsRemoved",
            "PlaylistDetailsChanged",
        ]


ADD = """mutation ($input: AddPlaylistItemsInput!) { addPlaylistItems(input: $input) {
  ... on EditPlaylistPayload { playlist { snapshotId items(last: 2) { edges { itemId } } } } } }"""
MOVE = "mutation ($input: MovePlaylistItemsInput!) { movePlaylistItems(input: $input) { __typename } }"
UPDATE = "mutation ($input: UpdatePlaylistInput!) { updatePlaylist(input: $input) { __typename } }"


async def test_what_is_edited_through_the_api_is_told(people: Api) -> None:
    async with door(people) as process, process.subscribed(CHANGED, id="playlist_1") as stream:
        await stream.next()
        added = await people.get(
            ADD, viewer=TOM, input={"playlistId": "playlist_1", "entryIds": ["track_1", "sound_2"]}
        )
        playlist = added["addPlaylistItems"]["playlist"]
        first, second = (edge["itemId"] for edge in playlist["items"]["edges"])
        moved_input = {"playlistId": "playlist_1", "baseSnapshotId": playlist["snapshotId"], "itemIds": [second]}
        await people.get(MOVE, viewer=TOM, input=moved_input | {"beforeItemId": first})
        await people.get(
            UPDATE, viewer=TOM, input={"playlistId": "playlist_1", "title": "Closed", "visibility": "PRIVATE"}
        )
        await moved(people)
        told = [await stream.next() for _ in range(1)]
    assert told == [{"__typename": "PlaylistDetailsChanged", "playlist": None}]  # closed by the time that it was told
    async with door(people) as process:
        begin = Place(1, 0, "playlistChanged|1").sign(people.cursors)
        query = CHANGED.replace("playlistId: $id", f'playlistId: $id, after: "{begin}"')
        async with process.subscribed(query, id="playlist_1", viewer=TOM) as stream:
            await stream.next()
            told = [await stream.next() for _ in range(3)]
    assert [(item["itemId"], item["node"]["id"]) for item in told[0]["items"]] == [
        (first, "track_1"),
        (second, "sound_2"),
    ]
    assert told[0]["snapshotId"] == playlist["snapshotId"]
    assert (told[1]["itemIds"], told[1]["beforeItemId"]) == ([second], first)
    assert told[2]["playlist"] == {"id": "playlist_1", "title": "Closed"}
