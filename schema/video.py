"""Video: what somebody made with a sound."""

from datetime import datetime

import strawberry

from db.rows import VideoRow
from resolvers import ids, video, video_change, video_post
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import CommentConnection, Hashtag, Niche, Sound, User
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long, Uri

strawberry.enum(video_post.ResponseKind, description="How a video answers another one.")

strawberry.input(
    video_post.PostVideoInput,
    description="Hashtags are taken from the caption; at most 3 niches; the region is the account's unless given.",
)
strawberry.input(
    video_change.UpdateVideoInput,
    description="What is left out stays as it is; hashtags are taken from the caption, at most 3 niches.",
)
strawberry.input(video_change.DeleteVideoInput, description="A video of the viewer's.")


@strawberry.type(description="What somebody made with a sound.")
class Video(Node):
    is_type_of = rows(VideoRow)

    id: strawberry.ID = global_id(ids.VIDEO)
    sound: Sound = batched(video.sound)
    creator: User | None = batched(video.creator)
    caption: str
    hashtags: list[Hashtag] = batched(video.hashtags, description="In the order of the caption, at most 30.")
    niches: list[Niche] = batched(video.niches, description="What it is about, at most 3.")
    region: RegionCode
    duration_ms: int
    thumbnail_url: Uri | None
    created_at: datetime
    response_to: "Video | None" = batched(video.response_to, description="The video that this one answers.")
    response_kind: video_post.ResponseKind | None
    view_count: Long
    like_count: Long
    comment_count: Long
    share_count: Long
    share_url: Uri = batched(video.share_url, description="The address to pass it on by.")
    comments: CommentConnection = batched(video.comments, description="Newest first.")
    viewer_has_liked: bool = batched(video.viewer_has_liked)


@strawberry.type
class VideoEdge:
    cursor: Cursor = cursor()
    node: Video | None = itself()


@strawberry.type
class VideoConnection(Connection):
    edges: list[VideoEdge] = edges()
