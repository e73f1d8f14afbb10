"""The contract of the bus, which every backend keeps: wake-ups for who listens, and the facts from any position, in order, once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from events import log
from events.bus import CHARTS, Topic, Wakeups
from events.outbox import Event
from tests.ask import Api
from tests.events.backends import BACKENDS, Backend
from tests.until import PATIENCE


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, api: Api) -> AsyncIterator[Backend]:
    async with BACKENDS[request.param](api) as opened:
        yield opened


def event(api: Api, type: str = "SOUND_CREATED", **body: Any) -> Event:
    return Event(type, api.now, body or {"sound_id": 1})


async def drained(*wakeups: Wakeups) -> None:
    for one in wakeups:
        await one.wait(0)


async def test_facts_wake_who_listens_to_the_log_and_nobody_else(backend: Backend, api: Api) -> None:
    with backend.bus.listen(log.CHANNEL) as of_log, backend.bus.listen(CHARTS) as of_charts:
        await drained(of_log, of_charts)
        await backend.happen([event(api)])
        assert await of_log.wait(PATIENCE)
        assert not await of_charts.wait(0.05)


async def test_everybody_who_listens_is_woken_and_nobody_who_does_not_any_more(backend: Backend, api: Api) -> None:
    with backend.bus.listen(log.CHANNEL) as first, backend.bus.listen(log.CHANNEL) as second:
        with backend.bus.listen(log.CHANNEL) as gone:
            pass
        await drained(first, second, gone)
        await backend.happen([event(api)])
        assert [await one.wait(PATIENCE) for one in (first, second)] == [True, True]
        assert not await gone.wait(0)


async def test_who_listens_is_woken_after_the_connection_was_lost(backend: Backend, api: Api) -> None:
    with backend.bus.listen(log.CHANNEL) as wakeups:
        await drained(wakeups)
        await backend.lose()
        await backend.happen([event(api)])
        assert await wakeups.wait(PATIENCE)  # it may have missed something, so it says so
        for _ in range(100):  # until it listens again
            await wakeups.wait(0.1)
            await backend.happen([event(api)])
            if await wakeups.wait(0.5):
                return
        pytest.fail("nobody was woken any more")


async def test_any_number_of_wakeups_between_two_waits_is_one(backend: Backend) -> None:
    with backend.bus.listen(CHARTS) as wakeups:
        await drained(wakeups)
        wakeups.wake()
        wakeups.wake()
        assert await wakeups.wait(0)
        assert not await wakeups.wait(0)


async def test_the_head_is_the_last_fact(backend: Backend, api: Api) -> None:
    before = await backend.bus.head()
    await backend.happen([event(api)] * 3)
    after = await backend.bus.head()
    assert (after.epoch, after.sequence - before.sequence, after.floor) == (before.epoch, 3, 0)


async def test_facts_are_read_in_order_from_any_position(backend: Backend, api: Api) -> None:
    await backend.happen([event(api, name=name) for name in "abcde"])
    facts = await backend.bus.after(1, 3)
    assert [(fact["sequence"], fact["body"]["name"]) for fact in facts] == [(2, "b"), (3, "c"), (4, "d")]
    assert all((fact["type"], fact["occurred_at"]) == ("SOUND_CREATED", api.now) for fact in facts)
    assert list(await backend.bus.after(5, 3)) == []


async def test_the_facts_of_some_types_are_read_in_order_between_two_positions(backend: Backend, api: Api) -> None:
    names = ["USER_DELETED", "SOUND_CREATED", "VIDEO_POSTED", "SOUND_CREATED", "USER_DELETED", "SOUND_CREATED"]
    await backend.happen([event(api, name, user_id=1) for name in names])
    wanted = Topic(frozenset({"SOUND_CREATED", "USER_DELETED"}))
    assert [fact["sequence"] for fact in await backend.bus.of(wanted, 0, 6, 10)] == [1, 2, 4, 5, 6]
    assert [fact["sequence"] for fact in await backend.bus.of(wanted, 1, 5, 2)] == [2, 4]
    assert list(await backend.bus.of(Topic(frozenset()), 0, 6, 10)) == []


@pytest.mark.parametrize(("column", "type"), [("sound_id", "VIDEO_POSTED"), ("playlist_id", "PLAYLIST_ITEMS_ADDED")])
async def test_the_facts_about_something_are_read_likewise(backend: Backend, api: Api, column: str, type: str) -> None:
    bodies = [{column: 1}, {column: 2}, {column: 1}, {"other_id": 1}, {column: 1}]
    await backend.happen([event(api, type, **body) for body in bodies] + [event(api, "CHART_LEFT", **{column: 1})])
    wanted = Topic(frozenset({type}), column, 1)
    assert [fact["sequence"] for fact in await backend.bus.of(wanted, 0, 6, 10)] == [1, 3, 5]
    assert [fact["sequence"] for fact in await backend.bus.of(wanted, 1, 4, 10)] == [3]
    assert [fact["sequence"] for fact in await backend.bus.of(wanted, 0, 6, 2)] == [1, 3]
    assert list(await backend.bus.of(Topic(frozenset({"VIDEO_REMOVED"}), column, 1), 0, 6, 1)) == []
