"""Notification: what somebody is told of."""

from datetime import datetime
from typing import Annotated

import strawberry

import resolvers.notification
from db.rows import NotificationRow
from resolvers import ids
from resolvers.page import Cursor
from schema.errors import IdempotencyRefused, InvalidInput
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import User
from schema.node import Node, rows, tagged
from schema.page import Connection
from schema.scalars import Long
from schema.update import Update

strawberry.enum(
    resolvers.notification.NotificationKind,
    description="What happened: somebody follows you, used your sound, lets you work on a playlist, commented on your video, likes what you made; or your sound "
    "entered a BREAKOUT chart.",
)
strawberry.input(
    resolvers.notification.MarkNotificationsReadInput,
    description="The cursor of the newest notification that was read.",
)
UNREAD = "Of the newest 100, those that were not read."


@strawberry.type(
    description="What the viewer is told of, for 30 days. Likes of one thing, and uses of one sound, are one notification that grows: it is unread again, and first."
)
class Notification(Node):
    is_type_of = rows(NotificationRow)

    id: strawberry.ID = global_id(ids.NOTIFICATION)
    kind: resolvers.notification.NotificationKind
    occurred_at: datetime = strawberry.field(description="The newest time.")
    is_read: bool
    actor: User | None = strawberry.field(
        description="Who did it, the last of them where it was many; null for a rising sound, or where that one is not for you to see."
    )
    subject: Node | None = strawberry.field(
        description="The user who follows, the sound, the playlist, the comment that was written, or what is liked."
    )
    count: Long = strawberry.field(description="How often it happened since it was last read.")


@strawberry.type(description="A notification in a list.")
class NotificationEdge:
    cursor: Cursor = cursor()
    node: Notification | None = itself()


@strawberry.type(description="A page of notifications.")
class NotificationConnection(Connection):
    edges: list[NotificationEdge] = edges()


@strawberry.type(description="There is a notification, or one grew.")
class NotificationReceived(Update):
    is_type_of = tagged("NotificationReceived")

    notification: Notification | None = batched(
        resolvers.notification.received,
        description="As it is now; null where what it is about is gone since, or not for you to see.",
    )
    unread_notification_count: Long = batched(resolvers.notification.unread_count, description=UNREAD)


@strawberry.type
class MarkNotificationsReadPayload:
    is_type_of = tagged("MarkNotificationsReadPayload")

    unread_notification_count: Long = batched(resolvers.notification.unread_count, description=UNREAD)


MarkNotificationsReadResult = Annotated[
    MarkNotificationsReadPayload | InvalidInput | IdempotencyRefused, strawberry.union("MarkNotificationsReadResult")
]
