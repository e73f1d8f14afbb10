"""What stands in a playlist is added, removed and moved: in order, counted, and by any number of people at once."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import playlist_items
from tests.ask import Api
from tests.playlists import ANN, BOB, create, differences, entries, people, places, send, shared, told
from tests.trending.examples import examples
from tests.until import until


@pytest.fixture
async def home(api: Api) -> Api:
    return await people(api)


async def test_items_are_added_last_or_before_another(home: Api) -> None:
    playlist = await shared(home, tracks=2)
    await told(home)
    answer = await send(home, "addPlaylistItems", BOB, playlist=1, entryIds=["sound_1", "track_1"])
    assert entries(answer["playlist"]) == ["track_1", "track_2", "sound_1", "track_1"]
    assert [edge["addedBy"]["handle"] for edge in answer["playlist"]["items"]["edges"]] == ["ann", "ann", "bob", "bob"]
    answer = await send(
        home, "addPlaylistItems", ANN, playlist=1, base="snapshot_1_2", entryIds=["track_3"], beforeItemId=places(playlist)[1]
    )  # fmt: skip
    edited = answer["playlist"]
    assert entries(edited) == ["track_1", "track_3", "track_2", "sound_1", "track_1"]
    assert (edited["snapshotId"], edited["itemCount"], edited["durationMs"]) == ("snapshot_1_3", 5, 7007)
    common = {"playlist_id": 1, "owner_id": 1, "visibility": "PUBLIC"}
    assert await told(home) == [
        ("PLAYLIST_ITEMS_ADDED", common | {"actor_id": 2, "snapshot_id": 2, "item_ids": [3, 4], "before_item_id": None}),
        ("PLAYLIST_ITEMS_ADDED", common | {"actor_id": 1, "snapshot_id": 3, "item_ids": [5], "before_item_id": 2}),
    ]  # fmt: skip


async def test_items_are_removed_and_their_length_with_them(home: Api) -> None:
    first = (await create(home, tracks=3, entryIds=["track_1", "sound_1", "track_3", "track_1"]))["items"]["edges"]
    await home.sql("update sounds set status = 'REMOVED' where id = 1")
    await told(home)
    named = [first[3]["itemId"], first[1]["itemId"], first[3]["itemId"]]
    edited = (await send(home, "removePlaylistItems", ANN, playlist=1, base="snapshot_1_1", itemIds=named))["playlist"]
    assert entries(edited) == ["track_1", "track_3"]
    assert (edited["snapshotId"], edited["itemCount"], edited["durationMs"]) == ("snapshot_1_2", 2, 4000)
    ((kind, body),) = await told(home)
    assert (kind, body["item_ids"], body["snapshot_id"]) == ("PLAYLIST_ITEMS_REMOVED", [4, 2], 2)
    assert await differences(home) == []


async def test_items_come_to_stand_in_the_order_given(home: Api) -> None:
    a, b, c, d, e = places(await create(home, tracks=5))
    await told(home)
    moves: list[tuple[list[str], str | None, list[str]]] = [
        ([d, b], a, [d, b, a, c, e]),
        ([b, d], a, [b, d, a, c, e]),  # into the gap that they stand in already
        ([a], c, [b, d, a, c, e]),
        ([d, e, b], None, [a, c, d, e, b]),
        ([b, e], None, [a, c, d, b, e]),
    ]
    for number, (named, before, expected) in enumerate(moves, start=1):
        fields = {"base": f"snapshot_1_{number}", "itemIds": named, "beforeItemId": before}
        moved = (await send(home, "movePlaylistItems", ANN, playlist=1, **fields))["playlist"]
        assert places(moved) == expected
        assert (moved["itemCount"], moved["durationMs"]) == (5, 15000)
    (kind, body), *_ = await told(home)
    assert (kind, body["item_ids"], body["before_item_id"]) == ("PLAYLIST_ITEMS_MOVED", [4, 2], 1)


@pytest.mark.parametrize(
    ("asked", "fields", "refusal", "path"),
    [
        ("addPlaylistItems", {"entryIds": []}, "InvalidInput", ["entryIds"]),
        ("addPlaylistItems", {"entryIds": ["track_1"] * 101}, "InvalidInput", ["entryIds"]),
        ("addPlaylistItems", {"entryIds": ["track_1", "sound_2"]}, "NotFound", ["entryIds", "1"]),
        ("addPlaylistItems", {"entryIds": ["track_1"], "beforeItemId": "playlistitem_2_9"}, "NotFound", ["beforeItemId"]),
        ("addPlaylistItems", {"entryIds": ["track_1"], "beforeItemId": "playlistitem_1_1"}, "NotFound", ["beforeItemId"]),
        ("removePlaylistItems", {"itemIds": []}, "InvalidInput", ["itemIds"]),
        ("removePlaylistItems", {"itemIds": ["playlistitem_2_2", "playlistitem_1_1"]}, "NotFound", ["itemIds"]),
        ("removePlaylistItems", {"itemIds": ["playlistitem_2_2", "playlistitem_2_9"]}, "NotFound", ["itemIds"]),
        ("movePlaylistItems", {"itemIds": ["playlistitem_2_2"] * 101}, "InvalidInput", ["itemIds"]),
        ("movePlaylistItems", {"itemIds": ["playlistitem_1_1"]}, "NotFound", ["itemIds"]),
        ("movePlaylistItems", {"itemIds": ["playlistitem_2_2"], "beforeItemId": "playlistitem_2_2"}, "InvalidInput", ["beforeItemId"]),
    ],
)  # fmt: skip
async def test_what_is_not_allowed_changes_nothing(
    home: Api, asked: str, fields: dict[str, Any], refusal: str, path: list[str]
) -> None:
    for _ in range(2):
        await create(home, tracks=1)
    await told(home)
    answer = await send(home, asked, ANN, playlist=2, base="snapshot_2_1", **fields)
    assert (answer["__typename"], answer["path"]) == (refusal, ["input", *path])
    (row,) = await home.sql("select snapshot_id, item_count from playlists where id = 2")
    assert (tuple(row), await told(home)) == ((1, 1), [])
    assert await differences(home) == []


async def test_a_playlist_has_a_limit(home: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlist_items, "MOST_ITEMS", 3)
    await create(home, tracks=2)
    answer = await send(home, "addPlaylistItems", ANN, playlist=1, entryIds=["track_1", "track_1"])
    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "entryIds"])
    answer = await send(home, "addPlaylistItems", ANN, playlist=1, entryIds=["track_1"])
    assert answer["playlist"]["itemCount"] == 3


async def test_of_edits_from_one_snapshot_exactly_one_wins(home: Api) -> None:
    item = places(await shared(home, tracks=3))[2]
    edits = [
        send(home, asked, viewer, playlist=1, base="snapshot_1_1", **fields)
        for viewer in (ANN, BOB)
        for asked, fields in (
            ("addPlaylistItems", {"entryIds": ["track_9"]}),
            ("movePlaylistItems", {"itemIds": [item]}),
            ("removePlaylistItems", {"itemIds": [item]}),
            ("updatePlaylist", {"title": "Other"}),
        )
    ]
    answers = await asyncio.gather(*edits)
    assert sorted(answer["__typename"] for answer in answers) == ["EditPlaylistPayload"] + ["SnapshotConflict"] * 7
    assert {answer["playlist"]["snapshotId"] for answer in answers} == {"snapshot_1_2"}
    assert await differences(home) == []


async def test_whoever_adds_at_the_same_place_at_once_succeeds(home: Api) -> None:
    _, last = places(await shared(home, tracks=2))
    answers = await asyncio.gather(
        *(
            send(home, "addPlaylistItems", viewer, playlist=1, entryIds=["track_3", "track_4"], beforeItemId=before)
            for viewer in (ANN, BOB)
            for before in (last, last, None)
        )
    )
    assert {answer["__typename"] for answer in answers} == {"EditPlaylistPayload"}
    ends = max((answer["playlist"] for answer in answers), key=lambda playlist: playlist["itemCount"])
    pairs = ["track_3", "track_4"]
    assert entries(ends) == ["track_1", *pairs * 4, "track_2", *pairs * 2]
    assert (ends["snapshotId"], ends["itemCount"], await differences(home)) == ("snapshot_1_7", 14, [])


async def test_an_edit_waits_for_one_that_is_under_way_and_sees_what_it_did(home: Api) -> None:
    await create(home, tracks=1)
    async with home.database.transaction() as tx:
        await tx.lock_playlist(1)
        adding = asyncio.create_task(send(home, "addPlaylistItems", ANN, playlist=1, entryIds=["track_2"]))
        await until(lambda: home.sql("select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"))  # fmt: skip
        await tx.connection.execute("update playlists set visibility = 'PRIVATE', owner_id = 4 where id = 1")
    assert (await adding)["__typename"] == "NotFound"


async def test_keys_that_grew_long_are_made_anew_and_the_order_stays(
    home: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlist_items, "LONGEST_KEY", 5)
    a, _, c = places(await create(home, tracks=3))
    expected = ["track_1", "track_2", "track_3"]
    lengths = []
    for turn in range(24):
        before = (await home.sql("select id from playlist_items order by sort_key offset 1 limit 1"))[0]["id"]
        fields = {"entryIds": [f"track_{10 + turn}"], "beforeItemId": f"playlistitem_1_{before}"}
        edited = (await send(home, "addPlaylistItems", ANN, playlist=1, **fields))["playlist"]
        expected.insert(1, f"track_{10 + turn}")
        assert entries(edited) == expected
        lengths.append((await home.sql("select max(length(sort_key)) from playlist_items"))[0][0])
    assert max(lengths) == 5
    assert sum(later < earlier for earlier, later in pairwise(lengths)) >= 1
    moved = await send(home, "movePlaylistItems", ANN, playlist=1, base="snapshot_1_25", itemIds=[c], beforeItemId=a)
    assert entries(moved["playlist"]) == ["track_3", *expected[:-1]]


fraction = st.floats(0, 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 4), fraction),
        st.tuples(st.just("move"), st.lists(fraction, min_size=1, max_size=4), fraction),
        st.tuples(st.just("remove"), st.lists(fraction, min_size=1, max_size=3), st.just(0.0)),
    ),
    max_size=12,
)


@given(steps=steps)
@examples(15)
async def test_a_playlist_is_what_a_list_would_be(oracle: Api, steps: list[tuple[str, Any, float]]) -> None:
    playlist = await create(oracle)
    row: list[tuple[str, str]] = []  # the items in their order, each with its entry
    added = 0
    for asked, what, where in steps:
        fields: dict[str, Any] = {"base": playlist["snapshotId"]}
        named = [] if asked == "add" else list({row[int(at * (len(row) - 1))]: None for at in what if row})
        if asked != "add" and not named:
            continue
        rest = [pair for pair in row if pair not in named]
        place = round(where * len(rest))
        before = {} if place == len(rest) else {"beforeItemId": rest[place][0]}
        if asked == "add":
            new = [f"track_{1 + (added + n) % 120}" for n in range(what)]
            added += what
            answer = await send(
                oracle, "addPlaylistItems", ANN, playlistId=playlist["id"], entryIds=new, **before, **fields
            )
            ids = set(places(answer["playlist"])) - {item for item, _ in row}
            row[place:place] = zip(sorted(ids, key=lambda item: int(item.split("_")[2])), new, strict=True)
        elif asked == "move":
            fields |= {"itemIds": [item for item, _ in named]} | before
            answer = await send(oracle, "movePlaylistItems", ANN, playlistId=playlist["id"], **fields)
            row = rest[:place] + named + rest[place:]
        else:
            fields["itemIds"] = [item for item, _ in named]
            answer = await send(oracle, "removePlaylistItems", ANN, playlistId=playlist["id"], **fields)
            row = rest
        edited = answer["playlist"]
        assert list(zip(places(edited), entries(edited), strict=True)) == row
        assert edited["itemCount"] == len(row)
        assert edited["durationMs"] == sum(1000 * int(entry.split("_")[1]) for _, entry in row)
        assert edited["snapshotId"] == f"{playlist['snapshotId'].rsplit('_', 1)[0]}_{int(playlist['snapshotId'].rsplit('_', 1)[1]) + 1}"  # fmt: skip
        playlist = edited


@pytest.fixture
async def oracle(home: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A home whose keys are made anew often."""
    monkeypatch.setattr(playlist_items, "LONGEST_KEY", 4)
    return home
