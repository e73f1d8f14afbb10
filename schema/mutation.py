"""Mutation: what may be changed. Each answers with a union of its payload and its expected refusals."""

from typing import Annotated

import strawberry

import resolvers.account
import resolvers.block
import resolvers.comment
import resolvers.community
import resolvers.notification
import resolvers.play
import resolvers.playlist_edit
import resolvers.playlist_items
import resolvers.report
import resolvers.share
import resolvers.sound
import resolvers.user
import resolvers.video_change
import resolvers.video_post
import resolvers.viewer
import resolvers.wish
from schema.community import Community
from schema.errors import AlreadyTaken, IdempotencyRefused, InvalidInput, NotFound, SoundNotCleared, SoundUnavailable
from schema.field import batched
from schema.node import tagged, values
from schema.notification import MarkNotificationsReadResult
from schema.play import RecordPlaysResult
from schema.playlist_edit import CreatePlaylistResult, DeletePlaylistResult, EditPlaylistResult
from schema.remark import AddCommentResult, DeleteCommentResult, RecordShareResult, ReportResult
from schema.sound import Sound
from schema.video import Video
from schema.viewer import Viewer
from schema.wish import (
    MarkCommunitySeenResult,
    SetBlockedResult,
    SetFollowingResult,
    SetLikeResult,
    SetMembershipResult,
    SetSavedResult,
)

IDEMPOTENT = (
    "With an idempotency key (`idempotencyKey` where the input has it, else the header `Idempotency-Key`) a repeated call gets the first one's result again, "
    "for 24 hours."
)


@strawberry.type
class CreateProfilePayload:
    is_type_of = tagged("CreateProfilePayload")

    viewer: Viewer = batched(resolvers.viewer.viewer)


@strawberry.type
class UpdateProfilePayload:
    is_type_of = tagged("UpdateProfilePayload")

    viewer: Viewer = batched(resolvers.viewer.viewer)


@strawberry.type
class CreateSoundPayload:
    is_type_of = tagged("CreateSoundPayload")

    sound: Sound = batched(resolvers.sound.created)


@strawberry.type
class PostVideoPayload:
    is_type_of = values(resolvers.video_post.PostVideoPayload)

    video: Video = batched(resolvers.video_post.posted)
    community: Community = batched(resolvers.video_post.community)


@strawberry.type
class UpdateVideoPayload:
    is_type_of = tagged("UpdateVideoPayload")

    video: Video = batched(resolvers.video_post.posted)


@strawberry.type
class DeleteVideoPayload:
    is_type_of = tagged("DeleteVideoPayload")

    deleted_video_id: strawberry.ID
    community: Community = batched(resolvers.wish.community)


strawberry.input(
    resolvers.account.DeleteAccountInput, description="The viewer's own handle, so that nobody is erased by accident."
)


@strawberry.type
class DeleteAccountPayload:
    is_type_of = tagged("DeleteAccountPayload")

    deleted_user_id: strawberry.ID


DeleteAccountResult = Annotated[
    DeleteAccountPayload | InvalidInput | IdempotencyRefused, strawberry.union("DeleteAccountResult")
]
CreateProfileResult = Annotated[
    CreateProfilePayload | InvalidInput | AlreadyTaken | IdempotencyRefused, strawberry.union("CreateProfileResult")
]
UpdateProfileResult = Annotated[
    UpdateProfilePayload | InvalidInput | AlreadyTaken | IdempotencyRefused, strawberry.union("UpdateProfileResult")
]
CreateSoundResult = Annotated[
    CreateSoundPayload | InvalidInput | NotFound | SoundUnavailable | IdempotencyRefused,
    strawberry.union("CreateSoundResult"),
]
PostVideoResult = Annotated[
    PostVideoPayload | InvalidInput | NotFound | SoundUnavailable | SoundNotCleared | IdempotencyRefused,
    strawberry.union("PostVideoResult"),
]
UpdateVideoResult = Annotated[
    UpdateVideoPayload | InvalidInput | NotFound | IdempotencyRefused, strawberry.union("UpdateVideoResult")
]
DeleteVideoResult = Annotated[
    DeleteVideoPayload | InvalidInput | NotFound | IdempotencyRefused, strawberry.union("DeleteVideoResult")
]


@strawberry.type(description=IDEMPOTENT)
class Mutation:
    create_profile: CreateProfileResult = batched(
        resolvers.user.create_profile, description="Makes the profile of the account that is signed in."
    )
    update_profile: UpdateProfileResult = batched(
        resolvers.user.update_profile, description="Changes the viewer's own profile. The old handle is free at once."
    )
    create_sound: CreateSoundResult = batched(
        resolvers.sound.create_sound, description="Makes a sound that everybody may use."
    )
    delete_account: DeleteAccountResult = batched(
        resolvers.account.delete_account,
        description="Erases the viewer: hidden at once, and soon gone from every list, count and chart. Nothing brings it back.",
    )
    post_video: PostVideoResult = batched(
        resolvers.video_post.post_video,
        description="Posts a video made with a sound, and so joins its community's creators.",
    )
    update_video: UpdateVideoResult = batched(
        resolvers.video_change.update_video, description="Changes what a video of the viewer's says and is about."
    )
    delete_video: DeleteVideoResult = batched(
        resolvers.video_change.delete_video,
        description="Takes a video of the viewer's away, with its comments and likes, and its weight out of every chart.",
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
    mark_community_seen: MarkCommunitySeenResult = batched(
        resolvers.community.mark_community_seen,
        description="The viewer has seen what was posted to a community so far. Can be repeated without a key.",
    )
    set_blocked: SetBlockedResult = batched(
        resolvers.block.set_blocked,
        description="Hides the viewer and a user from one another, or no longer; neither follows the other then. Can be repeated without a key.",
    )
    mark_notifications_read: MarkNotificationsReadResult = batched(
        resolvers.notification.mark_read,
        description="The viewer has read all notifications up to this one. Can be repeated without a key.",
    )
    add_comment: AddCommentResult = batched(
        resolvers.comment.add_comment, description="Says something about a video or a track, or answers a comment."
    )
    delete_comment: DeleteCommentResult = batched(
        resolvers.comment.delete_comment,
        description="For its author, and for whose video it is about. The answers to it stay.",
    )
    record_share: RecordShareResult = batched(
        resolvers.share.record_share, description="Counts that the viewer passed something on."
    )
    report: ReportResult = batched(
        resolvers.report.report, description="Tells those who run this place that something should not be here."
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
