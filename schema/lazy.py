"""The index of types, for modules whose types refer to each other: `from schema.lazy import Sound`."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.artist import Artist as Artist
    from schema.artist import ArtistCredit as ArtistCredit
    from schema.comment import Comment as Comment
    from schema.comment import CommentConnection as CommentConnection
    from schema.community import Community as Community
    from schema.community import CommunityConnection as CommunityConnection
    from schema.hashtag import Hashtag as Hashtag
    from schema.niche import Niche as Niche
    from schema.notification import NotificationConnection as NotificationConnection
    from schema.playlist import Playlist as Playlist
    from schema.playlist import PlaylistConnection as PlaylistConnection
    from schema.release import Release as Release
    from schema.release import ReleaseConnection as ReleaseConnection
    from schema.sound import Sound as Sound
    from schema.sound import SoundConnection as SoundConnection
    from schema.track import Track as Track
    from schema.track import TrackConnection as TrackConnection
    from schema.trending import ChartPoint as ChartPoint
    from schema.trending import SoundTrend as SoundTrend
    from schema.user import User as User
    from schema.user import UserConnection as UserConnection
    from schema.video import Video as Video
    from schema.video import VideoConnection as VideoConnection
    from schema.viewer import Viewer as Viewer
else:
    Artist = Annotated["Artist", strawberry.lazy("schema.artist")]
    ArtistCredit = Annotated["ArtistCredit", strawberry.lazy("schema.artist")]
    Comment = Annotated["Comment", strawberry.lazy("schema.comment")]
    CommentConnection = Annotated["CommentConnection", strawberry.lazy("schema.comment")]
    ChartPoint = Annotated["ChartPoint", strawberry.lazy("schema.trending")]
    Community = Annotated["Community", strawberry.lazy("schema.community")]
    CommunityConnection = Annotated["CommunityConnection", strawberry.lazy("schema.community")]
    Hashtag = Annotated["Hashtag", strawberry.lazy("schema.hashtag")]
    Niche = Annotated["Niche", strawberry.lazy("schema.niche")]
    NotificationConnection = Annotated["NotificationConnection", strawberry.lazy("schema.notification")]
    Playlist = Annotated["Playlist", strawberry.lazy("schema.playlist")]
    PlaylistConnection = Annotated["PlaylistConnection", strawberry.lazy("schema.playlist")]
    Release = Annotated["Release", strawberry.lazy("schema.release")]
    ReleaseConnection = Annotated["ReleaseConnection", strawberry.lazy("schema.release")]
    Sound = Annotated["Sound", strawberry.lazy("schema.sound")]
    SoundConnection = Annotated["SoundConnection", strawberry.lazy("schema.sound")]
    Track = Annotated["Track", strawberry.lazy("schema.track")]
    TrackConnection = Annotated["TrackConnection", strawberry.lazy("schema.track")]
    SoundTrend = Annotated["SoundTrend", strawberry.lazy("schema.trending")]
    User = Annotated["User", strawberry.lazy("schema.user")]
    UserConnection = Annotated["UserConnection", strawberry.lazy("schema.user")]
    Video = Annotated["Video", strawberry.lazy("schema.video")]
    VideoConnection = Annotated["VideoConnection", strawberry.lazy("schema.video")]
    Viewer = Annotated["Viewer", strawberry.lazy("schema.viewer")]
