"""Events: every public fact in order, as pages and as a stream; what is nobody's business is in neither."""

from datetime import timedelta
from typing import Any

import pytest

from events import log
from events.outbox import Event, publish_all
from events.watch import Place
from tests.ask import Api
from tests.events.asking import door, happen
from tests.gathering import MIRA, TOM, arrange

PAGE = """query ($types: [EventType!], $after: Cursor, $first: Int! = 100) { events(types: $types, after: $after, first: $first) {
  edges { cursor node { cursor sequence occurredAt type subjectId subject { __typename id } } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
STREAM = """subscription ($types: [EventType!], $after: Cursor) { events(types: $types, after: $after) {
  __typename ... on Update { cursor sequence } ... on Event { type subjectId subject { id } } ... on ResyncRequired { reason } } }"""

PUBLIC, QUIET = {"playlist_id": 1, "visibility": "PUBLIC"}, {"playlist_id": 2, "visibility": "UNLISTED"}
FACTS: list[tuple[str, dict[str, Any], tuple[str, str] | None]] = [
    ("PROFILE_CREATED", {"user_id": 1}, None),
    ("SOUND_CREATED", {"sound_id": 1}, ("SOUND_CREATED", "sound_1")),
    ("SOUND_STATUS_CHANGED", {"sound_id": 3}, ("SOUND_STATUS_CHANGED", "sound_3")),
    ("VIDEO_POSTED", {"sound_id": 1, "video_id": 1}, ("VIDEO_POSTED", "video_1_1")),
    ("VIDEO_LIKED", {"sound_id": 1, "video_id": 1, "user_id": 1}, None),
    ("VIDEO_REMOVED", {"sound_id": 1, "video_id": 99}, ("VIDEO_REMOVED", "video_1_99")),
    ("CHART_ENTERED", {"sound_id": 2, "rank": 1}, ("CHART_ENTERED", "sound_2")),
    ("CHART_LEFT", {"sound_id": 2}, ("CHART_LEFT", "sound_2")),
    ("PLAYLIST_CREATED", PUBLIC, ("PLAYLIST_PUBLISHED", "playlist_1")),
    ("PLAYLIST_CREATED", QUIET, None),
    ("PLAYLIST_ITEMS_ADDED", PUBLIC | {"item_ids": [1]}, ("PLAYLIST_CHANGED", "playlist_1")),
    ("PLAYLIST_ITEMS_ADDED", QUIET | {"item_ids": [1]}, None),
    ("PLAYLIST_DETAILS_CHANGED", PUBLIC | {"previous_visibility": "PUBLIC"}, ("PLAYLIST_CHANGED", "playlist_1")),
    ("PLAYLIST_DETAILS_CHANGED", PUBLIC | {"previous_visibility": "PRIVATE"}, ("PLAYLIST_PUBLISHED", "playlist_1")),
    ("PLAYLIST_DETAILS_CHANGED", QUIET | {"previous_visibility": "PUBLIC"}, ("PLAYLIST_CHANGED", "playlist_2")),
    ("PLAYLIST_DETAILS_CHANGED", QUIET | {"previous_visibility": "PRIVATE"}, None),
    ("PLAYLIST_DELETED", PUBLIC, ("PLAYLIST_CHANGED", "playlist_1")),
    ("PLAYLIST_DELETED", QUIET, None),
    ("USER_DELETED", {"user_id": 4}, ("USER_DELETED", "user_4")),
]
TOLD = [(sequence, *told) for sequence, (_, _, told) in enumerate(FACTS, start=1) if told is not None]


@pytest.fixture
async def happened(api: Api) -> Api:
    await arrange(api)
    async with api.database.transaction() as tx:
        await publish_all(tx, [Event(type_, api.now, body) for type_, body, _ in FACTS])
    await log.move(api.database, api.now)
    return api


def read(page: Any) -> list[tuple[int, str, str]]:
    return [
        (edge["node"]["sequence"], edge["node"]["type"], edge["node"]["subjectId"]) for edge in page["events"]["edges"]
    ]


async def test_a_page_has_every_public_fact_in_order_and_no_other(happened: Api) -> None:
    page = await happened.get(PAGE)
    assert read(page) == TOLD
    assert all(edge["cursor"] == edge["node"]["cursor"] for edge in page["events"]["edges"])
    assert page["events"]["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": page["events"]["edges"][0]["cursor"],
        "endCursor": page["events"]["edges"][-1]["cursor"],
    }
    assert page["events"]["edges"][0]["node"]["occurredAt"] == "2026-11-22T12:00:00Z"


async def test_subjects_are_as_they_are_now_and_null_where_they_are_gone_or_hidden(happened: Api) -> None:
    await happened.sql("insert into blocks values ($1, $2, $3)", MIRA, TOM, happened.now)
    subjects = {}
    for viewer in (None, MIRA):
        page = await happened.get(PAGE, viewer=viewer)
        nodes = [edge["node"] for edge in page["events"]["edges"]]
        subjects[viewer] = {node["subjectId"]: node["subject"] and node["subject"]["__typename"] for node in nodes}
    assert subjects[None] == {
        "sound_1": "Sound",
        "sound_2": "Sound",
        "sound_3": "Sound",
        "video_1_1": "Video",
        "video_1_99": None,
        "playlist_1": "Playlist",
        "playlist_2": None,
        "user_4": None,
    }
    assert subjects[MIRA] == subjects[None] | {"video_1_1": None, "playlist_1": None}


async def test_pages_go_on_where_the_last_one_ended_whatever_their_size(happened: Api) -> None:
    for first in (1, 2, 5):
        found, after, more = [], None, True
        while more:
            page = (await happened.get(PAGE, first=first, after=after))["events"]
            found += read({"events": page})
            more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert found == TOLD


async def test_only_some_types(happened: Api) -> None:
    types = ["PLAYLIST_CHANGED", "SOUND_CREATED"]
    page = await happened.get(PAGE, types=types)
    assert read(page) == [one for one in TOLD if one[1] in types]
    assert read(await happened.get(PAGE, types=[])) == []


async def test_a_page_costs_the_same_statements_whatever_its_size(
    happened: Api, parents_a_call: dict[str, int]
) -> None:
    one, hundred = [await happened.ask(PAGE, first=first, types=["SOUND_CREATED", "CHART_LEFT"]) for first in (1, 100)]
    assert one.statements == hundred.statements == ["log_head", "log_head", "log_of_types", "sound_by_id"]
    assert parents_a_call["resolvers.event.subject"] == 2


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        (Place(1, 3, "events|SOUND_CREATED"), "INVALID_CURSOR"),
        (Place(2, 3, "events"), "CURSOR_EXPIRED"),
        (Place(1, 1, "events"), "CURSOR_EXPIRED"),
        (Place(1, 99, "events"), "CURSOR_EXPIRED"),
        (None, "INVALID_CURSOR"),
    ],
)
async def test_a_cursor_that_cannot_be_gone_on_from_is_an_error(happened: Api, cursor: Place | None, code: str) -> None:
    await happened.sql("update log_head set floor = 2")
    after = cursor.sign(happened.cursors) if cursor is not None else "nonsense"
    answer = await happened.ask(PAGE, after=after)
    assert answer.errors[0]["original"].code == code


async def test_the_stream_has_the_same_facts_and_goes_on_from_a_pages_cursor(happened: Api) -> None:
    page = (await happened.get(PAGE, first=4))["events"]
    async with door(happened) as process, process.subscribed(STREAM, after=page["pageInfo"]["endCursor"]) as stream:
        assert (await stream.next())["sequence"] == TOLD[3][0]
        told = [await stream.next() for _ in TOLD[4:]]
        assert [(one["sequence"], one["type"], one["subjectId"]) for one in told] == TOLD[4:]
        happened.now += timedelta(seconds=1)
        await happen(happened, "PROFILE_CREATED", user_id=1)
        await happen(happened, "SOUND_CREATED", sound_id=1)
        live = await stream.next()
        assert (live["sequence"], live["subject"]) == (len(FACTS) + 2, {"id": "sound_1"})
    page = (await happened.get(PAGE, after=told[-1]["cursor"]))["events"]
    assert [edge["cursor"] for edge in page["edges"]] == [live["cursor"]]


async def test_a_stream_of_other_types_is_another_one(happened: Api) -> None:
    page = (await happened.get(PAGE, first=1, types=["SOUND_CREATED"]))["events"]
    async with door(happened) as process:
        after = page["pageInfo"]["endCursor"]
        async with process.subscribed(STREAM, types=["SOUND_CREATED"], after=after) as stream:
            assert (await stream.next())["__typename"] == "StreamCheckpoint"
        async with process.subscribed(STREAM, after=after) as stream:
            assert (await stream.next())["reason"] == "FILTER_CHANGED"
