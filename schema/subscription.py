"""Subscription: streams that begin with a checkpoint and tell what happens from then on."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import trending
from resolvers.page import Cursor
from schema.field import edges, streamed
from schema.node import tagged, typename
from schema.scalars import Long
from schema.trending import Chart, ChartEdge


@strawberry.interface(
    description="What every message of a stream says: where in the log it stands, and when it happened."
)
class Update:
    stream_cursor: Cursor = strawberry.field(name="cursor", description="Bound to this stream.")
    sequence: Long = strawberry.field(description="It never falls.")
    occurred_at: datetime

    resolve_type = typename


@strawberry.type(description="The first message of every stream, and one in each minute without news.")
class StreamCheckpoint(Update):
    is_type_of = tagged("StreamCheckpoint")


@strawberry.type(description="A new version of the chart, whole.")
class TrendingSnapshot(Update):
    is_type_of = tagged("TrendingSnapshot")

    chart: Chart
    entries: list[ChartEdge] = edges()


TrendingUpdate = Annotated[TrendingSnapshot | StreamCheckpoint, strawberry.union("TrendingUpdate")]


@strawberry.type
class Subscription:
    trending_sounds: TrendingUpdate = streamed(
        trending.updates, description="The chart as it is now, and again at each new version."
    )
