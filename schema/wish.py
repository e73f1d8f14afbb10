"""What people wish: to like, save, follow, join or block, or no longer. The wished state is the input."""

from typing import Annotated

import strawberry

from resolvers import block, community, wish
from schema.artist import Artist
from schema.comment import Comment
from schema.community import Community
from schema.errors import IdempotencyRefused, InvalidInput, NotFound
from schema.field import batched
from schema.node import tagged
from schema.playlist import Playlist
from schema.sound import Sound
from schema.track import Track
from schema.user import User
from schema.video import Video

Likeable = Annotated[Video | Comment, strawberry.union("Likeable", description="What people can like.")]
Saveable = Annotated[Sound | Track, strawberry.union("Saveable", description="What people can save.")]
Followable = Annotated[
    User | Artist | Playlist, strawberry.union("Followable", description="Whom and what people can follow.")
]

strawberry.input(wish.SetLikeInput, description="A video or a comment, and whether the viewer is to like it.")
strawberry.input(wish.SetSavedInput, description="A sound or a track, and whether it is to be saved.")
strawberry.input(
    wish.SetFollowingInput, description="A user, an artist or a playlist, and whether the viewer is to follow it."
)
strawberry.input(wish.SetMembershipInput, description="A sound, and whether the viewer is to be in its community.")
strawberry.input(block.SetBlockedInput, description="A user, and whether the two are to be hidden from one another.")
strawberry.input(community.MarkCommunitySeenInput, description="The sound whose community the viewer looked at.")


@strawberry.type
class SetLikePayload:
    is_type_of = tagged("SetLikePayload")

    subject: Likeable = batched(wish.subject)


@strawberry.type
class SetSavedPayload:
    is_type_of = tagged("SetSavedPayload")

    subject: Saveable = batched(wish.subject)


@strawberry.type
class SetFollowingPayload:
    is_type_of = tagged("SetFollowingPayload")

    subject: Followable = batched(wish.subject)


@strawberry.type
class SetMembershipPayload:
    is_type_of = tagged("SetMembershipPayload")

    community: Community = batched(wish.community)


@strawberry.type
class SetBlockedPayload:
    is_type_of = tagged("SetBlockedPayload")

    user: User = batched(block.user)


@strawberry.type
class MarkCommunitySeenPayload:
    is_type_of = tagged("MarkCommunitySeenPayload")

    community: Community = batched(wish.community)


SetLikeResult = Annotated[
    SetLikePayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("SetLikeResult")
]
SetSavedResult = Annotated[
    SetSavedPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("SetSavedResult")
]
SetFollowingResult = Annotated[
    SetFollowingPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("SetFollowingResult")
]
SetMembershipResult = Annotated[
    SetMembershipPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("SetMembershipResult")
]
SetBlockedResult = Annotated[
    SetBlockedPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("SetBlockedResult")
]
MarkCommunitySeenResult = Annotated[
    MarkCommunitySeenPayload | NotFound | InvalidInput | IdempotencyRefused, strawberry.union("MarkCommunitySeenResult")
]
