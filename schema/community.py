"""Community: everybody who used one sound."""

from datetime import datetime

import strawberry

from db.rows import CommunityRow, SoundRow
from resolvers import community, growth, ids
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import Niche, Sound, User, UserConnection, Video, VideoConnection
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long

strawberry.enum(
    community.VideoSort,
    description="The order of a list of videos: by approval and age, newest first, or oldest first.",
)
strawberry.enum(
    community.CreatorSort, description="The order of a community's creators: most videos first, or the first to come."
)
strawberry.enum(
    growth.GrowthInterval, description="How long a point of a line of growth lasts; UTC, weeks begin on Monday."
)


@strawberry.type(description="How much of a community is about a niche.")
class NicheShare:
    niche: Niche = batched(community.niche)
    share: float = strawberry.field(
        description="The part of the community's videos, from 0 to 1; a video of two niches counts in both."
    )
    video_count: Long
    first_seen_at: datetime = strawberry.field(description="When the first of these videos was posted.")


@strawberry.type(description="How much of a community is of a region.")
class RegionShare:
    region: RegionCode
    share: float = strawberry.field(
        description="The part of the community's creators, from 0 to 1; each counts once, where the first video came from."
    )
    creator_count: Long
    first_seen_at: datetime = strawberry.field(description="When the first video from there was posted.")


@strawberry.type(description="What one interval brought.")
class GrowthPoint:
    at: datetime = strawberry.field(description="The interval's first instant.")
    video_count: Long = strawberry.field(description="Videos posted in this interval.")
    new_creator_count: Long = strawberry.field(
        description="Creators whose first video here was posted in this interval."
    )


@strawberry.type(description="A community that shares creators with this one.")
class CommunityNeighbour:
    community: "Community"
    shared_creator_count: int = strawberry.field(description="Of this one's newest 2,000 creators.")
    overlap: float = strawberry.field(
        description="Those who used the other one in their last 50 videos, as a part of this one's newest 2,000 creators: above 0 and at most 1."
    )


@strawberry.type(description="Everybody who used one sound: the people and the videos that gather around it.")
class Community(Node):
    is_type_of = rows(SoundRow, CommunityRow)

    id: strawberry.ID = global_id(ids.COMMUNITY)
    sound: Sound = batched(community.sound)
    video_count: Long
    creator_count: Long
    view_count: Long
    member_count: Long
    first_video: Video | None = batched(community.first_video, description="The video that began it.")
    founder: User | None = batched(community.founder, description="Who made the first video.")
    videos: VideoConnection = batched(
        community.videos,
        description="20 unless `first` or `last` says otherwise. TOP is refreshed in batches: its pages may repeat or skip a video whose rank moves.",
    )
    creators: "CommunityCreatorConnection" = batched(
        community.creators,
        description="Everybody who posted. By MOST_VIDEOS, pages may repeat or skip somebody who posts meanwhile.",
    )
    members: UserConnection = batched(community.members, description="Everybody who joined, the latest first.")
    niches: list[NicheShare] = batched(community.niches, description="What its videos are about: most videos first.")
    regions: list[RegionShare] = batched(
        community.regions, description="Where it began and how it spread: in the order in which it came there."
    )
    growth: list[GrowthPoint] = batched(
        growth.growth,
        description="Every interval from the one that holds `from` to the last that begins before `to`, also those in which nothing happened; at most "
        "1,000. Without `to` up to now; without `from` 1 week of HOUR, 90 days of DAY, 104 weeks of WEEK.",
    )
    neighbours: list[CommunityNeighbour] = batched(
        community.neighbours,
        description="The communities that share most creators with this one, at most 100; refreshed in turns.",
    )
    viewer_is_member: bool = batched(community.viewer_is_member)
    viewer_unseen_video_count: Long | None = batched(
        community.viewer_unseen_video_count,
        description="For a member: the videos of others since joining, or since `markCommunitySeen`; at most 1,000. Null for everybody else.",
    )


@strawberry.type(description="A community in a page.")
class CommunityEdge:
    cursor: Cursor = cursor()
    node: Community | None = itself()


@strawberry.type(description="A page of communities.")
class CommunityConnection(Connection):
    edges: list[CommunityEdge] = edges()


@strawberry.type(description="Somebody who posted to a community, and how much.")
class CommunityCreatorEdge:
    cursor: Cursor = cursor()
    node: User | None
    video_count: Long = strawberry.field(description="Videos in this community.")
    first_posted_at: datetime


@strawberry.type(description="A page of a community's creators.")
class CommunityCreatorConnection(Connection):
    edges: list[CommunityCreatorEdge] = edges()
