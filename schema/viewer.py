"""Viewer: what belongs to whoever is signed in."""

import strawberry

import resolvers.user
from db.rows import UserRow
from resolvers import ids, notification, viewer
from schema.field import batched, global_id, itself
from schema.lazy import (
    CommunityConnection,
    NotificationConnection,
    PlaylistConnection,
    SoundConnection,
    TrackConnection,
    User,
    UserConnection,
    VideoConnection,
)
from schema.node import rows
from schema.scalars import Long


@strawberry.type(description="Whoever is signed in, with what nobody else may see.")
class Viewer:
    is_type_of = rows(UserRow)

    id: strawberry.ID = global_id(
        ids.VIEWER, description="For a client's cache; `user { id }` is the one that others know."
    )
    user: User = itself()
    saved_sounds: SoundConnection = batched(viewer.saved_sounds, description="The latest first.")
    saved_tracks: TrackConnection = batched(viewer.saved_tracks, description="The latest first.")
    playlists: PlaylistConnection = batched(
        viewer.playlists, description="All that they own or work on, the latest first."
    )
    communities: CommunityConnection = batched(
        resolvers.user.communities, description="Those that they joined, the latest first."
    )
    blocked: UserConnection = batched(viewer.blocked, description="Whom they blocked, the latest first.")
    following: VideoConnection = batched(
        viewer.following,
        description="The newest videos of the 300 people whom they followed last and of the 100 communities that they joined last.",
    )
    notifications: NotificationConnection = batched(notification.notifications, description="The latest first.")
    unread_notification_count: Long = batched(
        notification.unread_count, description="Of the newest 100, those that were not read."
    )
