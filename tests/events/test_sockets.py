"""Streams over real sockets and real processes' doors: who goes and comes back misses nothing, and who never reads holds nobody up."""

import asyncio
import json
import random
import socket
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

import events.fact_stream
import server.callers
from tests.ask import Api
from tests.events.listening import PLACE, Listening, listening
from tests.serving import Site, serving, token
from tests.trending.scene import arrange, later, post, worker
from tests.until import PATIENCE

EVENTS = {"accept": "text/event-stream"}
POSTED = f"""subscription ($after: Cursor) {{ communityActivity(soundId: "sound_1", after: $after) {{
  __typename {PLACE} ... on VideoPosted {{ videoId }} }} }}"""
HEAVY = f"""subscription {{ communityActivity(soundId: "sound_1") {{ __typename ... on ResyncRequired {{ reason }}
  ... on VideoPosted {{ {" ".join(f"v{n}: video {{ id caption }}" for n in range(20))} }} }} }}"""
RISING = """subscription { trendingSounds(window: HOUR) { __typename
  ... on TrendingSnapshot { entries { rank node { id } } }
  ... on TrendingDelta { left entered { cursor rank node { id } } moved { cursor rank node { id } } } } }"""


@pytest.fixture
async def people(api: Api) -> Api:
    api.now = datetime.now(UTC)
    await arrange(api)
    return api


async def posted(api: Api) -> list[str]:
    rows = await api.sql("select body from log where type = 'VIDEO_POSTED' order by sequence")
    return [f"video_1_{row['body']['video_id']}" for row in rows if row["body"]["sound_id"] == 1]


async def test_who_goes_and_comes_back_to_any_door_is_told_each_video_once(people: Api) -> None:
    rng = random.Random(7)
    sounds = [rng.choice([1, 1, 2]) for _ in range(60)]

    async def write() -> None:
        for sound in sounds:
            await post(people, sound, rng.randint(1, 60))

    async def follow(sites: list[Site], begin: str) -> list[str]:
        seen: list[str] = []
        cursor = begin
        while True:
            async with listening(rng.choice(sites), POSTED, after=cursor) as listener:
                for _ in range(rng.randint(1, 8)):
                    if len(seen) >= sounds.count(1):
                        return seen
                    update = await listener.next()
                    assert update["__typename"] != "ResyncRequired"
                    seen += [update["videoId"]] if "videoId" in update else []
                    cursor = update["cursor"]

    async with serving(people.database.dsn, worker=True) as one, serving(people.database.dsn) as other:
        async with listening(one, POSTED) as listener:
            begin = (await listener.next())["cursor"]
        writing = asyncio.create_task(write())
        seen = await asyncio.gather(*(follow([one, other], begin) for _ in range(4)))
        await writing
    assert seen == [await posted(people)] * 4


async def test_who_never_reads_is_told_that_he_missed_something_and_holds_nobody_up(
    people: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.fact_stream, "MOST_WAITING", 200)
    async with serving(people.database.dsn, worker=True) as site:
        with socket.socket() as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            narrow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", site.port))
            address = site.url.replace("http://", "ws://")
            protocols = [Subprotocol("graphql-transport-ws")]
            options: Any = {"max_queue": 1, "open_timeout": PATIENCE, "close_timeout": 0.1}
            async with connect(address, sock=narrow, subprotocols=protocols, **options) as client:
                await client.send(json.dumps({"type": "connection_init"}))
                await client.recv()
                await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": HEAVY}}))
                await client.recv()
                async with listening(site, POSTED) as quick:
                    assert (await quick.next())["__typename"] == "StreamCheckpoint"
                    await flood(people, 400)
                    told = [await quick.of("VideoPosted") for _ in range(400)]
                    assert [one["videoId"] for one in told] == await posted(people)
                monkeypatch.setattr(events.fact_stream, "LONGEST", 0.0)  # time passes
                slow = Listening(client)
                while (update := await slow.next())["__typename"] != "ResyncRequired":
                    pass
                assert update["reason"] == "OVERFLOW"


async def flood(api: Api, videos: int) -> None:
    """So many videos with long captions at once."""
    async with api.database.transaction() as tx:
        await tx.connection.execute(
            "insert into videos (sound_id, creator_id, caption, region, duration_ms, created_at, weight, trusted, new_creator)"
            " select 1, 1, repeat('x', 2000), 'DE', 1000, $1, 1, true, false from generate_series(1, $2::integer)",
            api.now,
            videos,
        )
        await tx.connection.execute(
            "insert into outbox (type, occurred_at, body) select 'VIDEO_POSTED', created_at, jsonb_build_object('sound_id', 1, 'video_id', id,"
            " 'creator_id', 1, 'region', 'DE', 'niche_ids', '[]'::jsonb, 'hashtags', '[]'::jsonb, 'weight', 1, 'trusted', true, 'new_creator', false)"
            " from videos where sound_id = 1 order by id"
        )


async def test_a_chart_is_told_as_it_is_and_then_as_it_changes(people: Api) -> None:
    by = worker(people)
    async with serving(people.database.dsn) as site, listening(site, RISING) as listener:
        assert await listener.next() == {"__typename": "StreamCheckpoint"}
        assert await listener.next() == {"__typename": "TrendingSnapshot", "entries": []}
        for creator in range(1, 16):
            await post(people, 1, creator)
        await later(people, by, seconds=5)
        delta = await listener.next()
        (entry,) = delta.pop("entered")
        assert delta == {"__typename": "TrendingDelta", "left": [], "moved": []}
        assert (entry["rank"], entry["node"]) == (1, {"id": "sound_1"})
        page = "query ($after: Cursor) { trendingSounds(window: HOUR, after: $after) { edges { rank } pageInfo { hasPreviousPage } } }"
        answer = await site.ask(page, after=entry["cursor"])
        assert answer == {"data": {"trendingSounds": {"edges": [], "pageInfo": {"hasPreviousPage": True}}}}


async def events_of(lines: Any, count: int) -> list[tuple[str, Any]]:
    """The cursors and bodies of the next events of a response."""
    found: list[tuple[str, Any]] = []
    cursor = ""
    async with asyncio.timeout(PATIENCE):
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                cursor = value
            if name == "data":
                found.append((cursor, json.loads(value)["data"]["communityActivity"]))
            if len(found) == count:
                return found
    raise AssertionError(found)


async def test_a_browser_that_connects_again_goes_on_from_its_last_event(people: Api) -> None:
    query = 'subscription { communityActivity(soundId: "sound_1") { __typename ... on VideoPosted { videoId } } }'

    async def listen(client: httpx.AsyncClient, count: int, **headers: str) -> list[tuple[str, Any]]:
        accept = {"accept": "text/event-stream"} | headers
        async with client.stream("GET", site.url, params={"query": query}, headers=accept) as answer:
            assert answer.status_code == 200
            return await events_of(answer.aiter_lines(), count)

    async with serving(people.database.dsn, worker=True) as site:
        ((first, checkpoint),) = await listen(site.client, 1)
        assert checkpoint == {"__typename": "StreamCheckpoint"}
        for creator in (1, 2, 3):
            await post(people, 1, creator)
        _, *told = await listen(site.client, 3, **{"last-event-id": first})
        _, last = await listen(site.client, 2, **{"last-event-id": told[-1][0]})
        assert [update["videoId"] for _, update in (*told, last)] == await posted(people)
        refused = await site.client.get(
            site.url, params={"query": query}, headers={"accept": "text/event-stream", "last-event-id": "nonsense"}
        )
        assert "INVALID_CURSOR" in refused.text


async def test_a_revoked_token_closes_its_streams_within_seconds_and_opens_no_more(
    people: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.callers, "RECHECK", 0.05)
    await people.sql("insert into identities (subject, user_id) values ('dev|one', 1), ('dev|two', 2)")
    query = 'subscription { communityActivity(soundId: "sound_1") { __typename } }'
    signed_in = {"authorization": f"Bearer {token('dev|one')}"}
    async with (
        serving(people.database.dsn) as site,
        listening(site, query, subject="dev|one") as revoked,
        listening(site, query, subject="dev|two") as other,
        site.client.stream("POST", site.url, json={"query": query}, headers=signed_in | EVENTS) as stream,
    ):
        await revoked.next(), await other.next()
        async with asyncio.timeout(PATIENCE):
            parts = stream.aiter_text()
            while "StreamCheckpoint" not in await anext(parts):
                pass
            await people.sql("update identities set revoked_at = now() + interval '1 second' where subject = 'dev|one'")
            await revoked.client.wait_closed()
            async for _ in parts:  # it ends
                pass
        assert (revoked.client.close_code, revoked.client.close_reason) == (
            4403,
            "The token was revoked; connect again with a new one",
        )
        # With the token of then: one that is signed now may be newer than what was revoked.
        answer = (await site.client.post(site.url, json={"query": "{ viewer { id } }"}, headers=signed_in)).json()
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await site.ask("{ viewer { id } }", subject="dev|two") == {"data": {"viewer": {"id": "viewer_2"}}}
        await post(people, 1, 1)
        assert other.client.close_code is None
