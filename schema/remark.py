"""What people say of something: comments, shares, reports."""

from typing import Annotated

import strawberry

from resolvers import comment, report, share, wish
from schema.comment import Comment
from schema.errors import IdempotencyRefused, InvalidInput, NotFound
from schema.field import batched
from schema.node import tagged
from schema.playlist import Playlist
from schema.sound import Sound
from schema.track import Track
from schema.video import Video

Shareable = Annotated[
    Sound | Video | Track | Playlist, strawberry.union("Shareable", description="What people can pass on.")
]

strawberry.enum(report.ReportReason, description="Why something should not be here.")
strawberry.input(
    comment.AddCommentInput,
    description="`subjectId` is a video or a track. Who answers an answer answers the comment above it. `positionMs` is the moment that it is about.",
)
strawberry.input(
    comment.DeleteCommentInput, description="A comment of the viewer's, or one on a video of the viewer's."
)
strawberry.input(
    share.RecordShareInput,
    description="A sound, a video, a track or a playlist, and by which way it was passed on: `messages`, `link`, …",
)
strawberry.input(report.ReportInput, description="Anything with a global id.")


@strawberry.type
class AddCommentPayload:
    is_type_of = tagged("AddCommentPayload")

    comment: Comment = batched(comment.added)


@strawberry.type
class DeleteCommentPayload:
    is_type_of = tagged("DeleteCommentPayload")

    deleted_comment_id: strawberry.ID


@strawberry.type
class RecordSharePayload:
    is_type_of = tagged("RecordSharePayload")

    subject: Shareable = batched(wish.subject)


@strawberry.type
class ReportPayload:
    is_type_of = tagged("ReportPayload")

    report_id: strawberry.ID = strawberry.field(description="By which the report can be asked about; not a node.")


AddCommentResult = Annotated[
    AddCommentPayload | InvalidInput | NotFound | IdempotencyRefused, strawberry.union("AddCommentResult")
]
DeleteCommentResult = Annotated[
    DeleteCommentPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("DeleteCommentResult")
]
RecordShareResult = Annotated[
    RecordSharePayload | InvalidInput | NotFound | IdempotencyRefused, strawberry.union("RecordShareResult")
]
ReportResult = Annotated[ReportPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("ReportResult")]
