"""Comment: what people say about videos and tracks."""

from datetime import datetime
from typing import Annotated

import strawberry

from db.rows import CommentRow
from resolvers import comment, ids
from resolvers.page import Cursor
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import User
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long
from schema.track import Track
from schema.video import Video

Commentable = Annotated[
    Video | Track, strawberry.union("Commentable", description="What people can say something about.")
]


@strawberry.type(description="What somebody says about a video or a track.")
class Comment(Node):
    is_type_of = rows(CommentRow)

    id: strawberry.ID = global_id(ids.COMMENT)
    author: User | None = batched(comment.author)
    text: str
    created_at: datetime
    position_ms: int | None = strawberry.field(description="The moment of the video or the track that it is about.")
    like_count: Long
    reply_to: "Comment | None" = batched(comment.reply_to, description="The comment that this one answers.")
    subject: Commentable | None = batched(comment.subject, description="What it is about.")


@strawberry.type(description="A comment in a page.")
class CommentEdge:
    cursor: Cursor = cursor()
    node: Comment | None = itself()


@strawberry.type(description="A page of comments.")
class CommentConnection(Connection):
    edges: list[CommentEdge] = edges()
