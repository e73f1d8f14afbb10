"""What every stream says besides its own news: where it stands, and that something was missed."""

from datetime import datetime
from enum import Enum

import strawberry

from resolvers.page import Cursor
from schema.node import tagged, typename
from schema.scalars import Long


@strawberry.interface(
    description="What every message of a stream says: where in the log it stands, and when it happened."
)
class Update:
    stream_cursor: Cursor = strawberry.field(
        name="cursor", description="Bound to this stream: whoever comes back with it is told what came after."
    )
    sequence: Long = strawberry.field(description="It never falls.")
    occurred_at: datetime

    resolve_type = typename


@strawberry.type(description="The first message of every stream, and one in each minute without news.")
class StreamCheckpoint(Update):
    is_type_of = tagged("StreamCheckpoint")


@strawberry.enum(
    description="Why a stream cannot go on: the cursor is older than what is kept (72 hours), the client did not keep up, the cursor is of a stream with "
    "other arguments, or the log began anew after a failover."
)
class ResyncReason(Enum):
    TOO_OLD = "TOO_OLD"
    OVERFLOW = "OVERFLOW"
    FILTER_CHANGED = "FILTER_CHANGED"
    EPOCH_CHANGED = "EPOCH_CHANGED"


@strawberry.type(
    description="Something was missed, and the stream ends: subscribe again with this message's cursor, and then read what there is."
)
class ResyncRequired(Update):
    is_type_of = tagged("ResyncRequired")

    reason: ResyncReason
