"""One who listens to a stream of the real app over a real socket, and keeps what it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.serving import Site, token
from tests.until import PATIENCE

PLACE = "... on Update { cursor sequence occurredAt }"


class Ended(Exception):
    """The stream is complete."""


class Listening:
    """A subscription on a socket of its own."""

    def __init__(self, client: ClientConnection) -> None:
        self.client = client
        self.cursor: str | None = None

    async def next(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """The next update; raises Ended behind the last."""
        async with asyncio.timeout(seconds):
            message = json.loads(await self.client.recv())
        if message["type"] == "complete":
            raise Ended
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (update,) = message["payload"]["data"].values()
        self.cursor = update.get("cursor")
        return update  # type: ignore[no-any-return]

    async def of(self, typename: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The next update of this type; others are passed over."""
        while (update := await self.next(seconds))["__typename"] != typename:
            pass
        return update


@asynccontextmanager
async def listening(
    site: Site, query: str, *, subject: str | None = None, **variables: Any
) -> AsyncIterator[Listening]:
    """Listens for the time of the block."""
    address = site.url.replace("http://", "ws://")
    # Whoever leaves with much unread would not hear that the server closed too, and wait for ten seconds.
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=protocols, max_queue=None, open_timeout=PATIENCE) as client:
        payload = {"authorization": f"Bearer {token(subject)}"} if subject else {}
        await client.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await client.recv()) == {"type": "connection_ack"}
        asked = {"query": query, "variables": variables}
        await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        yield Listening(client)
