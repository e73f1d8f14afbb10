"""A client of graphql-transport-ws that says what a test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.server.door import Door
from tests.until import PATIENCE, until

PROTOCOL = "graphql-transport-ws"


@asynccontextmanager
async def opened(door: Door, *protocols: str, headers: dict[str, str] | None = None) -> AsyncIterator[ClientConnection]:
    names = [Subprotocol(name) for name in protocols or (PROTOCOL,)]
    address = door.url.replace("http://", "ws://")
    async with connect(address, subprotocols=names, additional_headers=headers or {}, open_timeout=PATIENCE) as client:
        yield client


@asynccontextmanager
async def ready(door: Door, **payload: Any) -> AsyncIterator[ClientConnection]:
    async with opened(door) as client:
        await send(client, type="connection_init", payload=payload)
        assert await receive(client) == {"type": "connection_ack"}
        yield client


async def send(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def receive(client: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await client.recv())


async def until_end(client: ClientConnection, id: str = "1") -> list[Any]:
    messages: list[Any] = []
    while not messages or messages[-1]["type"] == "next":
        messages.append(await receive(client))
        assert messages[-1]["id"] == id
    return messages


async def close_of(client: ClientConnection) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE):
        await client.wait_closed()
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


async def settled(door: Door) -> None:
    """Returns once no source is open; ask it only after one was."""
    await until(lambda: asyncio.sleep(0, not door.seen.open_streams))
