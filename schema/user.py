"""User: a person who posts, listens and follows."""

from datetime import datetime

import strawberry

from db.rows import UserRow
from resolvers import ids, user
from resolvers.regions import RegionCode
from schema.field import batched, global_id
from schema.lazy import Artist
from schema.node import Node, rows
from schema.scalars import Long, Uri

AccountKind = strawberry.enum(
    user.AccountKind, description="A commercial account needs commercial rights for the sounds it uses."
)
UserBy = strawberry.input(user.UserBy, one_of=True, description="By which of its keys to find a user.")


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
    video_count: Long
    follower_count: Long
    following_count: Long
