"""Mutation: what may be changed. Each answers with a union of its payload and its expected refusals."""

from typing import Annotated

import strawberry

import resolvers.sound
import resolvers.user
import resolvers.video
from schema.community import Community
from schema.errors import IdempotencyRefused, InvalidInput, NotFound, SoundNotCleared, SoundUnavailable
from schema.field import batched
from schema.node import tagged
from schema.sound import Sound
from schema.video import Video

IDEMPOTENT = "With an idempotency key a repeated call gets the first one's result again, for 24 hours."

strawberry.input(resolvers.user.CreateProfileInput)
strawberry.input(resolvers.sound.ClipRangeInput, description="The part of a track that a clip plays.")
strawberry.input(resolvers.sound.CreateSoundInput)
strawberry.input(resolvers.video.PostVideoInput)


@strawberry.type
class CreateSoundPayload:
    is_type_of = tagged("CreateSoundPayload")

    sound: Sound = batched(resolvers.sound.created)


@strawberry.type
class PostVideoPayload:
    is_type_of = tagged("PostVideoPayload")

    video: Video = batched(resolvers.video.posted)
    community: Community = batched(resolvers.video.community)


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
    create_sound: CreateSoundResult = batched(
        resolvers.sound.create_sound, description="Makes a sound that everybody may use."
    )
    post_video: PostVideoResult = batched(
        resolvers.video.post_video,
        description="Posts a video made with a sound, and so joins its community's creators.",
    )
