"""Sound: the thread that videos share."""

from datetime import datetime

import strawberry

from db.rows import SoundRow
from resolvers import ids, sound, trending
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import ChartPoint, Community, SoundTrend, Track, User
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long, Uri

strawberry.enum(sound.SoundKind, description="What a sound is.")
strawberry.enum(
    sound.SoundStatus, description="Whether a sound may be used. It is never deleted: a removed one keeps its id."
)

strawberry.input(sound.ClipRangeInput, description="The part of a track that a clip plays, in milliseconds.")
strawberry.input(
    sound.CreateSoundInput,
    description="A TRACK_CLIP names `trackId` and `clip`, a REMIX `derivedFromId`; the others say how long they last.",
)


@strawberry.type(description="The part of the track that a clip plays.")
class ClipRange:
    clip_start_ms: int = strawberry.field(name="startMs")
    clip_end_ms: int = strawberry.field(name="endMs")


@strawberry.type(description="What a sound may be used for, and where.")
class UsageRights:
    rights_personal: bool = strawberry.field(name="personal")
    rights_commercial: bool = strawberry.field(name="commercial", description="A commercial account may use it.")
    rights_territories: list[RegionCode] | None = strawberry.field(
        name="territories", description="Null is everywhere."
    )
    rights_expires_at: datetime | None = strawberry.field(name="expiresAt")


@strawberry.type(description="A clip of a song, a film line or somebody's own recording: the thread that videos share.")
class Sound(Node):
    is_type_of = rows(SoundRow)

    id: strawberry.ID = global_id(ids.SOUND)
    title: str
    kind: sound.SoundKind
    status: sound.SoundStatus
    duration_ms: int
    cover_url: Uri | None
    created_at: datetime
    creator: User | None = batched(sound.creator, description="Who recorded it; null for a label's clip.")
    track: Track | None = batched(sound.track, description="The full song or episode behind the clip: hear it all.")
    clip: ClipRange | None = itself(unless_null="clip_start_ms")
    derived_from: "Sound | None" = batched(sound.derived_from, description="The sound that this one is a variant of.")
    derivatives: "SoundConnection" = batched(sound.derivatives, description="The variants of this one, newest first.")
    community: Community = itself(description="Everybody who used it.")
    trend: SoundTrend | None = batched(
        trending.trend, description="How it does in a scope as of now; null where it was never used there."
    )
    chart_history: list[ChartPoint] = batched(
        trending.chart_history,
        description="Where it stood in a chart, at most 1,000 points; without `from` those of a day, of 30 days or of a year before `to`, by the window. "
        "None is older than 400 days.",
    )
    usage_rights: UsageRights = itself()
    save_count: Long
    share_count: Long
    share_url: Uri = batched(sound.share_url, description="The address to pass it on by.")
    viewer_has_saved: bool = batched(sound.viewer_has_saved)


@strawberry.type(description="A sound in a page.")
class SoundEdge:
    cursor: Cursor = cursor()
    node: Sound | None = itself()


@strawberry.type(description="A page of sounds.")
class SoundConnection(Connection):
    edges: list[SoundEdge] = edges()
