"""Subscription: streams that begin with a checkpoint and tell what happens from then on."""

from typing import Annotated

import strawberry

from resolvers import activity, event, notification, playlist_stream, trending
from schema.community import Community
from schema.event import Event
from schema.field import batched, batched_edges, edges, streamed
from schema.node import tagged
from schema.notification import NotificationReceived
from schema.playlist import Playlist, PlaylistItemEdge
from schema.trending import Chart, ChartEdge
from schema.update import ResyncRequired, StreamCheckpoint, Update
from schema.video import Video


@strawberry.type(description="The chart, whole.")
class TrendingSnapshot(Update):
    is_type_of = tagged("TrendingSnapshot")

    chart: Chart
    entries: list[ChartEdge] = edges("entries")


@strawberry.type(description="What a new version of the chart has that the last one that was told had not.")
class TrendingDelta(Update):
    is_type_of = tagged("TrendingDelta")

    chart: Chart
    entered: list[ChartEdge] = edges("entered")
    moved: list[ChartEdge] = edges("moved", description="Those whose rank is another.")
    left: list[strawberry.ID] = strawberry.field(
        description="The sounds that are not among the first so many any more."
    )


@strawberry.type(description="Somebody posted a video.")
class VideoPosted(Update):
    is_type_of = tagged("VideoPosted")

    sound_id: strawberry.ID
    video_id: strawberry.ID
    video: Video | None = batched(activity.video, description="Null where it is gone since, or not for you to see.")


@strawberry.type(description="A video was taken away.")
class VideoRemoved(Update):
    is_type_of = tagged("VideoRemoved")

    sound_id: strawberry.ID
    video_id: strawberry.ID


@strawberry.type(description="The community's counts, once what happened is counted.")
class CommunityCounts(Update):
    is_type_of = tagged("CommunityCounts")

    community: Community = batched(activity.community)


@strawberry.type(description="Items were added.")
class PlaylistItemsAdded(Update):
    is_type_of = tagged("PlaylistItemsAdded")

    snapshot_id: strawberry.ID
    items: list[PlaylistItemEdge] = batched_edges(
        playlist_stream.items, description="In their order, as they are now, without those that were removed since."
    )
    before_item_id: strawberry.ID | None = strawberry.field(description="What they stand before; null is the end.")


@strawberry.type(description="Items were removed.")
class PlaylistItemsRemoved(Update):
    is_type_of = tagged("PlaylistItemsRemoved")

    snapshot_id: strawberry.ID
    item_ids: list[strawberry.ID]


@strawberry.type(description="Items were moved.")
class PlaylistItemsMoved(Update):
    is_type_of = tagged("PlaylistItemsMoved")

    snapshot_id: strawberry.ID
    item_ids: list[strawberry.ID] = strawberry.field(description="In their order.")
    before_item_id: strawberry.ID | None = strawberry.field(description="What they stand before; null is the end.")


@strawberry.type(description="Its title, description, visibility or collaborators changed, or it was deleted.")
class PlaylistDetailsChanged(Update):
    is_type_of = tagged("PlaylistDetailsChanged")

    playlist: Playlist | None = batched(
        playlist_stream.playlist, description="As it is now; null where it is gone, or not for you to see."
    )


TrendingUpdate = Annotated[
    TrendingSnapshot | TrendingDelta | StreamCheckpoint | ResyncRequired, strawberry.union("TrendingUpdate")
]
CommunityUpdate = Annotated[
    VideoPosted | VideoRemoved | CommunityCounts | StreamCheckpoint | ResyncRequired,
    strawberry.union("CommunityUpdate"),
]
PlaylistUpdate = Annotated[
    PlaylistItemsAdded
    | PlaylistItemsRemoved
    | PlaylistItemsMoved
    | PlaylistDetailsChanged
    | StreamCheckpoint
    | ResyncRequired,
    strawberry.union("PlaylistUpdate"),
]
NotificationUpdate = Annotated[
    NotificationReceived | StreamCheckpoint | ResyncRequired, strawberry.union("NotificationUpdate")
]
EventUpdate = Annotated[Event | StreamCheckpoint | ResyncRequired, strawberry.union("EventUpdate")]


@strawberry.type
class Subscription:
    trending_sounds: TrendingUpdate = streamed(
        trending.updates,
        description="The chart as it is now, then what changes with each new version. Who is slow is told how the newest one differs.",
    )
    community_activity: CommunityUpdate = streamed(
        activity.updates,
        description="Videos as they are posted and taken away, and the counts, once what happened is counted.",
    )
    playlist_changed: PlaylistUpdate = streamed(
        playlist_stream.updates, description="Each edit, for whoever may see the playlist."
    )
    notifications: NotificationUpdate = streamed(
        notification.updates, description="What the viewer is told of, as it happens."
    )
    events: EventUpdate = streamed(
        event.updates, description="Every public fact, in order; of some types only where `types` names them."
    )
