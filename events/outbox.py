"""The outbox: a fact's event is written in the transaction of the fact, so that there is never one without the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from db.database import Transaction


class Event(NamedTuple):
    """What happened and when. The body holds ids, numbers and keys (regions, hashtags), never names or texts of people."""

    type: str
    occurred_at: datetime
    body: Mapping[str, Any]


async def publish(tx: Transaction, type: str, occurred_at: datetime, body: Mapping[str, Any]) -> None:
    """Writes one event; it reaches the log once the transaction is over, and never if it rolls back."""
    await publish_all(tx, [Event(type, occurred_at, body)])


async def publish_all(tx: Transaction, events: Sequence[Event]) -> None:
    """Writes several in this order."""
    if events:
        types, times, bodies = zip(*events, strict=True)
        await tx.insert_events(types, times, bodies)
