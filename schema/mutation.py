"""Mutation: what may be changed. Each answers with a union of its payload and its expected refusals."""

from typing import Annotated

import strawberry

import resolvers.sound
import resolvers.user
import resolvers.video
import resolvers.viewer
import resolvers.wish
from schema.community import Community
from schema.errors import AlreadyTaken, IdempotencyRefused, InvalidInput, NotFound, SoundNotCleared, SoundUnavailable
from schema.field import batched
from schema.node import tagged
from schema.sound import Sound
from schema.video import Video
from schema.viewer import Viewer
from schema.wish import SetFollowingResult, SetLikeResult, SetMembershipResult, SetSavedResult

IDEMPOTENT = "With an idempotency key a repeated call gets the first one's result again, for 24 hours."


@strawberry.type
class CreateProfilePayload:
    is_type_of = tagged("CreateProfilePayload")

    viewer: Viewer = batched(resolvers.viewer.viewer)


@strawberry.type
class CreateSoundPayload:
    is_type_of = tagged("CreateSoundPayload")

    sound: Sound = batched(resolvers.sound.created)


@strawberry.type
class PostVideoPayload:
    is_type_of = tagged("PostVideoPayload")

    video: Video = batched(resolvers.video.posted)
    community: Community = batched(resolvers.video.community)


CreateProfileResult = Annotated[
    CreateProfilePayload | InvalidInput | AlreadyTaken | IdempotencyRefused, strawberry.union("CreateProfileResult")
]
CreateSoundResult = Annotated[
    CreateSoundPayload | InvalidInput | NotFound | SoundUnavailable | IdempotencyRefused,
    strawberry.union("CreateSoundResult"),
]
PostVideoResult = Annotated[
    PostVideoPayload | InvalidInput | NotFound | SoundUnavailable | SoundNotCleared | IdempotencyRefused,
    strawberry.union("PostVideoResult"),
]


@strawberry.type(description=IDEMPOTENT)
class Mutation:
    create_profile: CreateProfileResult = batched(
        resolvers.user.create_profile, description="Makes the profile of the account that is signed in."
    )
    create_sound: CreateSoundResult = batched(
        resolvers.sound.create_sound, description="Makes a sound that everybody may use."
    )
    post_video: PostVideoResult = batched(
        resolvers.video.post_video,
        description="Posts a video made with a sound, and so joins its community's creators.",
    )
    set_like: SetLikeResult = batched(
        resolvers.wish.set_like, description="Likes a video or a comment, or no longer. Can be repeated without a key."
    )
    set_saved: SetSavedResult = batched(
        resolvers.wish.set_saved, description="Saves a sound or a track, or no longer. Can be repeated without a key."
    )
    set_following: SetFollowingResult = batched(
        resolvers.wish.set_following,
        description="Follows a user, an artist or a playlist, or no longer. Can be repeated without a key.",
    )
    set_membership: SetMembershipResult = batched(
        resolvers.wish.set_membership,
        description="Joins the community of a sound, or leaves it. Can be repeated without a key.",
    )
