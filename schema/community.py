"""Community: everybody who used one sound."""

import strawberry

from db.rows import CommunityRow, SoundRow
from resolvers import community, ids
from schema.field import batched, global_id
from schema.lazy import Sound, User, Video, VideoConnection
from schema.node import Node, rows
from schema.scalars import Long

strawberry.enum(community.VideoSort, description="The order of a list of videos.")


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
    videos: VideoConnection = batched(community.videos)
