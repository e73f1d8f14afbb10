"""Mutation: what may be changed. Each answers with a union of its payload and its expected refusals."""

from typing import Annotated

import strawberry

import resolvers.play
import resolvers.playlist_edit
import resolvers.playlist_items
import resolvers.sound
import resolvers.user
import resolvers.video
import resolvers.viewer
from schema.community import Community
from schema.errors import AlreadyTaken, IdempotencyRefused, InvalidInput, NotFound, SoundNotCleared, SoundUnavailable
from schema.field import batched
from schema.node import tagged
from schema.play import RecordPlaysResult
from schema.playlist_edit import CreatePlaylistResult, DeletePlaylistResult, EditPlaylistResult
from schema.sound import Sound
from schema.video import Video
from schema.viewer import Viewer

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
    create_playlist: CreatePlaylistResult = batched(
        resolvers.playlist_edit.create_playlist, description="Makes a playlist of the viewer's."
    )
    update_playlist: EditPlaylistResult = batched(
        resolvers.playlist_edit.update_playlist,
        description="Changes its words, or who sees it. As long as it is UNLISTED it has a share token; each time another one.",
    )
    delete_playlist: DeletePlaylistResult = batched(
        resolvers.playlist_edit.delete_playlist, description="For its owner: it is gone for everybody at once."
    )
    add_playlist_items: EditPlaylistResult = batched(
        resolvers.playlist_items.add_playlist_items, description="For its owner and editors."
    )
    remove_playlist_items: EditPlaylistResult = batched(
        resolvers.playlist_items.remove_playlist_items, description="For its owner and editors."
    )
    move_playlist_items: EditPlaylistResult = batched(
        resolvers.playlist_items.move_playlist_items, description="For its owner and editors."
    )
    set_collaborator: EditPlaylistResult = batched(
        resolvers.playlist_edit.set_collaborator,
        description="For its owner: lets somebody edit or see it. The snapshot stays the same.",
    )
    record_plays: RecordPlaysResult = batched(
        resolvers.play.record_plays,
        description="Records what the viewer listened to and watched, up to 500 plays at once.",
    )
