"""Hashtag: a word by which videos are found."""

import strawberry

from db.rows import HashtagRow
from resolvers import hashtag, ids
from schema.field import batched, global_id
from schema.lazy import VideoConnection
from schema.node import Node, rows
from schema.scalars import Long


@strawberry.type(description="A word by which videos are found, kept in lower case and without its #.")
class Hashtag(Node):
    is_type_of = rows(HashtagRow)

    id: strawberry.ID = global_id(ids.HASHTAG)
    name: str
    video_count: Long
    videos: VideoConnection = batched(
        hashtag.videos,
        description="A page by TOP may repeat or skip a video where ranks move meanwhile.",
    )
