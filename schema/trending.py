"""Charts and trends: which sounds are being taken up by more people than their own past and the tide explain."""

from datetime import datetime

import strawberry

from resolvers import trending
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from schema.field import batched, edges, signed
from schema.lazy import Niche, Sound
from schema.page import Connection

strawberry.enum(
    trending.TrendWindow, description="The span over which a chart looks; it compares with the next longer one."
)
strawberry.enum(
    trending.ChartKind,
    description="BREAKOUT ranks by how far a sound is above its own past, whatever its size; POPULAR by use alone.",
)
strawberry.input(
    trending.ChartFilter,
    description="Leaves entries out; the ranks of the others stay the chart's own. `newOnly` keeps sounds made in the last 30 days.",
)


@strawberry.type(description="Why a sound is where it is: the figures behind its rank.")
class SoundTrend:
    score: float = strawberry.field(description="Z: how unusual the use is, 3 and more is a breakout.")
    growth: float = strawberry.field(description="Times the expected pace: observed / expected.")
    observed: float = strawberry.field(description="Decayed, weighted number of videos in the window.")
    expected: float = strawberry.field(description="The same number by the sound's own past and the tide of the scope.")
    creator_count: int = strawberry.field(
        description="Distinct trusted creators among the newest 2,000 videos of the window."
    )
    is_breakout: bool
    curve: list[float] = strawberry.field(
        description="Videos in equal parts of the window, oldest first: 12 of 5 minutes, 24 of an hour, 28 of 6 hours."
    )
    method_version: str


@strawberry.type(description="Where a sound stood in a chart at one time; there is no point where it was not on it.")
class ChartPoint:
    at: datetime = strawberry.field(
        description="5 minutes apart in the chart of the hour, an hour in that of the day, a day in that of the week; in UTC. Farther apart where it is "
        "longer ago, as versions are kept (see `Chart`)."
    )
    rank: int
    score: float


@strawberry.type(
    description="One version of a chart: it never changes. It is kept for an hour after the next one. For `asOf` and `chartHistory` those stay that stood "
    "when 5 minutes began, for 72 hours (the chart of the hour), when an hour began, for 31 days (those of the hour and the day), and when a day began, for "
    "400 days (all)."
)
class Chart:
    version: strawberry.ID
    as_of: datetime
    window: trending.TrendWindow
    kind: trending.ChartKind
    region: RegionCode | None = strawberry.field(description="Null is everywhere.")
    niche: Niche | None = batched(trending.chart_niche, description="Null is every niche.")
    method_version: str


@strawberry.type
class ChartEdge:
    cursor: Cursor = signed()
    node: Sound | None = batched(trending.entry_sound, description="Null where the sound was taken away since.")
    rank: int
    previous_rank: int | None = strawberry.field(description="In the version before; null where it was not there.")
    peak_rank: int = strawberry.field(description="The best rank that it ever had in this chart.")
    is_new: bool = strawberry.field(description="It was not in the version before.")
    trend: SoundTrend


@strawberry.type
class ChartConnection(Connection):
    edges: list[ChartEdge] = edges()
    chart: Chart
