"""What is hidden or erased waits for whoever was about to write when it was decided, and for nobody else."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

import operate
from db.database import Database, connect
from events import outbox
from resolvers import node
from tests.ask import Api
from tests.test_remarks import do, say
from tests.test_wishes import count
from tests.trending.scene import arrange, assert_counts_are_the_facts, post
from tests.until import until
from trending import erasure, moderate

PATIENCE = 60.0  # seconds
SAID = "select hidden from video_comments where author_id = 3"


@pytest.fixture
async def town(api: Api) -> Api:
    """Some accounts, and a video of account 1."""
    await arrange(api)
    await post(api, 1, 1)
    await count(api)
    return api


class Speaking:
    """A comment of account 3 that is being written: its transaction has read who speaks, and goes no further until it is let go."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self._api = api
        self._found = node.found
        self._read, self._go = asyncio.Event(), asyncio.Event()
        self._answer: asyncio.Task[Any] | None = None
        monkeypatch.setattr(node, "found", self._find)

    async def _find(self, *asked: Any) -> Any:
        self._read.set()
        await self._go.wait()
        return await self._found(*asked)

    async def begin(self) -> None:
        self._answer = asyncio.create_task(say(self._api))
        async with asyncio.timeout(PATIENCE):
            await self._read.wait()

    async def end(self) -> None:
        self._go.set()
        assert self._answer is not None
        assert (await self._answer)["__typename"] == "AddCommentPayload"


@pytest.fixture
def speaking(town: Api, monkeypatch: pytest.MonkeyPatch) -> Speaking:
    return Speaking(town, monkeypatch)


@pytest.mark.parametrize("when", ["before", "while it commits"])
async def test_a_comment_that_is_being_written_is_hidden_with_its_author(
    town: Api, speaking: Speaking, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    publish, sent = outbox.publish, list[str]()

    async def published(tx: Any, type: str, *rest: Any) -> None:
        if type == "USER_SUSPENDED" and when != "before":
            await speaking.begin()
        await publish(tx, type, *rest)

    async def waits() -> bool:
        town.database.statements = sent
        return sent.count("are_over") > 1 or suspending.done()

    monkeypatch.setattr(outbox, "publish", published)
    if when == "before":
        await speaking.begin()
    suspending = asyncio.create_task(moderate.suspend(town.database, "user3", town.now))
    await until(waits, PATIENCE)
    await speaking.end()
    await suspending
    assert [row["hidden"] for row in await town.sql(SAID)] == [True]
    await count(town)
    await assert_counts_are_the_facts(town)


async def test_nobody_is_erased_while_they_still_write(town: Api, speaking: Speaking) -> None:
    await speaking.begin()
    await do(town, "deleteAccount", "deletedUserId", confirmHandle="user3")
    assert not await erasure.step(town.database, town.now)
    await speaking.end()
    while await erasure.step(town.database, town.now):
        await count(town)
        await town.sql("update consumers set position = (select sequence from log_head)")  # told, too
    assert await town.sql("select from users where id = 3") == []
    assert await town.sql(SAID) == []
    await assert_counts_are_the_facts(town)


async def suspended(database: Database, now: datetime) -> None:
    async with asyncio.timeout(PATIENCE):
        await moderate.suspend(database, "user3", now)


async def test_nobody_waits_for_who_writes_no_facts(town: Api) -> None:
    reading = await connect(town.database.dsn, application="pg_dump")
    async with reading.transaction(isolation="repeatable_read"):
        await reading.fetch("select from users")
        await suspended(town.database, town.now)
    await reading.close()


async def test_nobody_waits_for_a_recount(town: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def differences(database: Database, now: datetime) -> dict[str, list[Any]]:
        async with database.transaction() as tx:
            await tx.read_one_snapshot()
            await tx.share_snapshot()
            await suspended(town.database, now)
        return {}

    monkeypatch.setattr(operate, "differences", differences)
    assert await operate._differences(town.database.dsn) == {}


async def test_who_comes_through_a_pooler_that_names_them_is_waited_for(town: Api) -> None:
    writing = await connect(town.database.dsn, application="chorus - 10.0.0.7:40312")
    async with writing.transaction():
        earlier = await town.database.running()
        assert not await town.database.are_over(earlier)
    assert await town.database.are_over(earlier)
    await writing.close()
