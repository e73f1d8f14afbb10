"""A stream tells whom it concerns of each notification as it comes, and goes on from its cursor in any process."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.ask import Api
from tests.events.asking import Door, Sending, door
from tests.test_notifications import (
    ALL,
    ANN,
    BLOCK,
    BOB,
    CEM,
    COMMENT,
    DOT,
    FOLLOW,
    LIKE,
    NOTIFICATION,
    VIDEO,
    arranged,
    short,
    tell,
)

STREAM = f"""subscription ($after: Cursor) {{ notifications(after: $after) {{ __typename ... on Update {{ cursor sequence }}
  ... on NotificationReceived {{ unreadNotificationCount notification {{ {NOTIFICATION} }} }} ... on ResyncRequired {{ reason }} }} }}"""


@pytest.fixture
async def hall(api: Api) -> Api:
    """Ann, whose are the sound Rain and two videos; Bob, whose is the playlist; Cem and Dot."""
    return await arranged(api)


@pytest.fixture
async def doors(hall: Api) -> AsyncIterator[tuple[Door, Door]]:
    """Two processes."""
    async with door(hall) as one, door(hall) as other:
        yield one, other


async def received(stream: Sending) -> tuple[Any, int, str]:
    """What a stream says next, which is of a notification: it, how many are unread, and the cursor."""
    update = await stream.next()
    assert update["__typename"] == "NotificationReceived", update
    return short(update["notification"]), update["unreadNotificationCount"], update["cursor"]


async def test_a_stream_tells_them_as_they_come_and_goes_on_from_its_cursor(
    hall: Api, doors: tuple[Door, Door]
) -> None:
    one, other = doors
    async with one.subscribed(STREAM, viewer=ANN) as stream, one.subscribed(STREAM, viewer=CEM) as quiet:
        assert (await stream.next())["__typename"] == (await quiet.next())["__typename"] == "StreamCheckpoint"
        await hall.get(FOLLOW, viewer=BOB, who="user_1")
        await tell(hall)
        found, unread, cursor = await received(stream)
        assert (found, unread) == (ALL[-1], 1)
        await hall.get(FOLLOW, viewer=BOB, who="user_3")
        await tell(hall)
        assert (await received(quiet))[0] == ("FOLLOWED", "bob", "user_2", 1)
    for viewer in (BOB, CEM):
        await hall.get(LIKE, viewer=viewer, what=VIDEO)
        await tell(hall)
    await hall.get(LIKE, viewer=BOB, what="video_2_2")
    await tell(hall)
    async with other.subscribed(STREAM, viewer=ANN, after=cursor) as stream:
        assert (await stream.next())["__typename"] == "StreamCheckpoint"
        again = [await received(stream) for _ in range(3)]
        assert [(found, unread) for found, unread, _ in again] == [
            (("LIKED", "cem", VIDEO, 2), 3),
            (("LIKED", "cem", VIDEO, 2), 3),
            (("LIKED", "bob", "video_2_2", 1), 3),
        ]
        await hall.get(COMMENT, viewer=DOT, what=VIDEO)
        await tell(hall)
        assert (await received(stream))[:2] == (("COMMENTED", "dot", "videocomment_2_1", 1), 4)


async def test_a_stream_shows_nothing_of_what_is_gone_and_knows_its_own_cursors(
    hall: Api, doors: tuple[Door, Door]
) -> None:
    async with doors[0].subscribed(STREAM, viewer=ANN) as stream:
        cursor = (await stream.next())["cursor"]
    await hall.get(FOLLOW, viewer=BOB, who="user_1")
    await tell(hall)
    await hall.get(BLOCK, viewer=ANN, who="user_2")
    async with doors[1].subscribed(STREAM, viewer=ANN, after=cursor) as stream:
        await stream.next()
        assert (await received(stream))[:2] == (None, 0)
    async with doors[1].subscribed(STREAM, viewer=CEM, after=cursor) as stream:
        assert (await stream.next())["reason"] == "FILTER_CHANGED"
