"""One execution serves everybody who asked the same and may see the same; nobody is told what is another's."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

import events.watch
from events.watch import Place
from tests.ask import Api
from tests.events.asking import Door, Sending, door, moved
from tests.trending.scene import arrange, post
from tests.until import until

PLAIN = """subscription ($after: Cursor) { communityActivity(soundId: "sound_1", after: $after) {
  ... on VideoPosted { video { id caption creator { handle } } } } }"""
OWN = """subscription { communityActivity(soundId: "sound_1") {
  ... on VideoPosted { video { id viewerHasLiked } } } }"""
SHARED = """subscription { communityActivity(soundId: "sound_1") { ... on VideoPosted { video { shareUrl } } } }"""
CAPTION = """subscription ($with: Boolean!) { communityActivity(soundId: "sound_1") {
  ... on VideoPosted { videoId video @include(if: $with) { caption } } } }"""


@pytest.fixture
async def people(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(events.watch, "FRESH", 60.0)  # a busy machine takes its time
    await arrange(api)
    return api


async def told(people: Api, subscribers: list[Sending]) -> tuple[list[bytes], list[str]]:
    """What each is sent of a video that user 7 posts, and which statements that took."""
    waiting = [asyncio.ensure_future(subscriber.sent()) for subscriber in subscribers]
    await asyncio.sleep(0)
    await post(people, 1, 7)
    sent = people.database.statements = []
    await moved(people)
    payloads = [one.payload for one in await asyncio.gather(*waiting)]
    people.database.statements = None
    return payloads, sent


async def subscribed(stack: AsyncExitStack, door: Door, query: str, asks: list[dict[str, Any]]) -> list[Sending]:
    opened = [await stack.enter_async_context(door.subscribed(query, **ask)) for ask in asks]
    for one in opened:
        await one.sent()  # the checkpoint
    return opened


async def test_all_who_ask_the_same_share_one_execution_wherever_they_come_from(people: Api) -> None:
    after = Place(1, 0, "communityActivity|1").sign(people.cursors)
    asks = [{"after": cursor} for cursor in (None, after)] + [{}] * 20
    async with door(people) as process, AsyncExitStack() as stack:
        payloads, sent = await told(people, await subscribed(stack, process, PLAIN, asks))
    assert all(payload is payloads[0] for payload in payloads)
    assert b"user7" in payloads[0]
    assert sent.count("video_by_key") == sent.count("active_user_by_id") == 1


async def test_who_comes_later_is_told_how_it_is_by_then(people: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.watch, "FRESH", 0.0)
    before = Place(1, 0, "communityActivity|1").sign(people.cursors)
    async with door(people) as process, AsyncExitStack() as stack:
        (payload,), _ = await told(people, await subscribed(stack, process, PLAIN, [{}]))
        assert b"user7" in payload
        await people.sql("update videos set hidden = true")
        (later,) = await subscribed(stack, process, PLAIN, [{"after": before}])
        assert (await later.sent()).payload == b'{"data":{"communityActivity":{"video":null}}}'


async def test_viewers_share_it_as_far_as_the_same_people_are_hidden_from_them(people: Api) -> None:
    await people.sql("insert into blocks (user_id, blocked_id, created_at) values (2, 7, $1), (3, 7, $1)", people.now)
    asks = [{"viewer": viewer} for viewer in (None, 1, 2, 3)]
    async with door(people) as process, AsyncExitStack() as stack:
        payloads, sent = await told(people, await subscribed(stack, process, PLAIN, asks))
    assert payloads[0] is payloads[1]
    assert payloads[2] is payloads[3]
    assert payloads[2] == b'{"data":{"communityActivity":{"video":null}}}'
    assert sent.count("video_by_key") == 2


async def test_what_is_a_viewers_own_is_shared_with_nobody(people: Api) -> None:
    async with door(people) as process, AsyncExitStack() as stack:
        asks = [{"viewer": viewer} for viewer in (None, 1, 2, 2)]
        payloads, _ = await told(people, await subscribed(stack, process, OWN, asks))
        assert len({id(payload) for payload in payloads}) == 3
        assert payloads[2] is payloads[3]
    (video,) = await people.sql("select id from videos")
    await people.sql(
        "insert into video_likes (sound_id, video_id, user_id, created_at) values (1, $1, 2, $2)",
        video["id"],
        people.now,
    )
    after = Place(1, 0, "communityActivity|1").sign(people.cursors)
    again = OWN.replace('"sound_1"', f'"sound_1", after: "{after}"')
    async with door(people) as process, AsyncExitStack() as stack:
        opened = await subscribed(stack, process, again, [{"viewer": viewer} for viewer in (1, 2)])
        assert [(await one.next())["video"]["viewerHasLiked"] for one in opened] == [False, True]


async def test_addresses_are_those_of_the_site_that_was_asked(people: Api) -> None:
    async with door(people) as process, AsyncExitStack() as stack:
        asks = [{"site": site} for site in ("http://one", "http://two", "http://two")]
        payloads, _ = await told(people, await subscribed(stack, process, SHARED, asks))
    assert (b"http://one/" in payloads[0], b"http://two/" in payloads[1]) == (True, True)
    assert payloads[1] is payloads[2]


async def test_variables_that_the_selection_uses_are_part_of_the_question(people: Api) -> None:
    async with door(people) as process, AsyncExitStack() as stack:
        asks = [{"with": wanted} for wanted in (True, False, True)]
        payloads, _ = await told(people, await subscribed(stack, process, CAPTION, asks))
    assert [b"caption" in payload for payload in payloads] == [True, False, True]
    assert payloads[0] is payloads[2]


async def test_whoever_asked_first_may_go_before_the_others_have_it(
    people: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door(people) as process, AsyncExitStack() as stack:
        first, second = await subscribed(stack, process, PLAIN, [{}, {}])
        held, wait = asyncio.Event(), process.streams._wait

        async def slowly(*asked: Any) -> Any:
            await held.wait()
            return await wait(*asked)

        monkeypatch.setattr(process.streams, "_wait", slowly)
        await post(people, 1, 7)
        await moved(people)
        await until(lambda: asyncio.sleep(0, process.streams._running))
        await first.leave()
        held.set()
        assert b"user7" in (await second.sent()).payload
