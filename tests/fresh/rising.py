"""A subscriber from outside: says when a sound that the simulator's output calls a burst enters the chart."""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

BOUND = 60.0  # seconds from the beginning of a burst to its place on the chart
PATIENCE = 420.0  # seconds: from one burst to the next there may be five minutes
BURST = re.compile(r"^Burst: .+ \((\w+)\) within", re.MULTILINE)


async def main(url: str, authorization: str, subscription: str, output: str) -> None:
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket, asyncio.timeout(PATIENCE):
        await socket.send(json.dumps({"type": "connection_init", "payload": json.loads(authorization)}))
        assert await received(socket) == {"type": "connection_ack"}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": subscription}}))
        assert (await update(socket))["__typename"] == "StreamCheckpoint"
        told = await update(socket)
        assert told["entries"], told
        ranks, first, rank = ranked({}, told), told["sequence"], None
        burst = asyncio.create_task(begun(Path(output)))
        while rank is None or told["sequence"] == first:
            told = await update(socket)
            ranks = ranked(ranks, told)
            rank = ranks.get(burst.result()[0]) if burst.done() else None
        seconds = time.monotonic() - burst.result()[1]
    sys.stdout.write(f"{burst.result()[0]} is number {rank} of the chart {seconds:.0f} s after its burst began")
    assert seconds <= BOUND, f"allowed are {BOUND:.0f} s"


def ranked(before: dict[str, int], told: Any) -> dict[str, int]:
    """The ranks by sound after this update of the chart."""
    stayed = {sound: rank for sound, rank in before.items() if sound not in told.get("left", ())}
    entries = [entry for part in ("entries", "moved", "entered") for entry in told.get(part, ())]
    return stayed | {entry["node"]["id"]: entry["rank"] for entry in entries}


async def begun(output: Path) -> tuple[str, float]:
    """The sound of the latest burst that the output tells of, and when that was read."""
    while not (sounds := bursting(output)):  # noqa: ASYNC110  a file tells nobody
        await asyncio.sleep(0.1)
    return sounds[-1], time.monotonic()


def bursting(output: Path) -> list[str]:
    return BURST.findall(output.read_text())


async def update(socket: ClientConnection) -> Any:
    message = await received(socket)
    assert message["type"] == "next", message
    return message["payload"]["data"]["trendingSounds"]


async def received(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
