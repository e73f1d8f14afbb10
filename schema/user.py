"""User: a person who posts, listens and follows."""

from datetime import datetime

import strawberry

from db.rows import UserRow
from resolvers import ids, user
from resolvers.page import Cursor
from resolvers.regions import RegionCode
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import Artist, CommunityConnection, PlaylistConnection, SoundConnection, VideoConnection
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long, Uri

AccountKind = strawberry.enum(
    user.AccountKind, description="A commercial account needs commercial rights for the sounds it uses."
)
UserBy = strawberry.input(user.UserBy, one_of=True, description="By which of its keys to find a user.")

strawberry.input(
    user.CreateProfileInput, description="A handle is 2 to 30 of a-z, 0-9, `_` and `.`; it can be claimed once."
)
strawberry.input(user.UpdateProfileInput, description="What is left out stays as it is.")


@strawberry.type(description="A person who posts, listens and follows.")
class User(Node):
    is_type_of = rows(UserRow)

    id: strawberry.ID = global_id(ids.USER)
    handle: str
    display_name: str
    bio: str
    avatar_url: Uri | None
    verified: bool
    kind: user.AccountKind
    region: RegionCode
    joined_at: datetime
    artist: Artist | None = batched(user.artist, description="The artist whose account this is.")
    videos: VideoConnection = batched(user.videos, description="Newest first.")
    original_sounds: SoundConnection = batched(
        user.original_sounds, description="The sounds that they made, newest first."
    )
    playlists: PlaylistConnection = batched(user.playlists, description="Their public ones, newest first.")
    communities: CommunityConnection = batched(
        user.communities, description="Those that they joined, the latest first."
    )
    followers: "UserConnection" = batched(user.followers, description="The latest first.")
    following: "UserConnection" = batched(user.following, description="The latest first.")
    video_count: Long
    follower_count: Long
    following_count: Long
    viewer_is_following: bool = batched(user.viewer_is_following)
    viewer_has_blocked: bool = batched(
        user.viewer_has_blocked, description="Whoever is blocked is seen only in the list of the blocked."
    )


@strawberry.type(description="A person in a page.")
class UserEdge:
    cursor: Cursor = cursor()
    node: User | None = itself()


@strawberry.type(description="A page of people.")
class UserConnection(Connection):
    edges: list[UserEdge] = edges()
