"""The expected refusals of mutations: members of their result unions, each named by what went wrong."""

from enum import Enum

import strawberry

from resolvers import sound
from schema.node import tagged, typename
from schema.playlist import Playlist
from schema.sound import UsageRights


@strawberry.interface(description="An expected refusal: why, and which part of the input it is about.")
class UserError:
    message: str
    path: list[str] = strawberry.field(
        description='From the argument down: `["input", "clip", "endMs"]`; empty for the whole.'
    )

    resolve_type = typename


@strawberry.type(description="A part of the input is not allowed; the message says what is.")
class InvalidInput(UserError):
    is_type_of = tagged("InvalidInput")


@strawberry.type(description="What the input names does not exist, or not for you.")
class NotFound(UserError):
    is_type_of = tagged("NotFound")


@strawberry.type(description="You may see it, but not do this to it.")
class NotAllowed(UserError):
    is_type_of = tagged("NotAllowed")


@strawberry.type(description="Somebody else has it already.")
class AlreadyTaken(UserError):
    is_type_of = tagged("AlreadyTaken")


@strawberry.type(description="The sound is muted or removed.")
class SoundUnavailable(UserError):
    is_type_of = tagged("SoundUnavailable")

    status: sound.SoundStatus


@strawberry.type(description="The rights of the sound do not cover this account, region or time.")
class SoundNotCleared(UserError):
    is_type_of = tagged("SoundNotCleared")

    usage_rights: UsageRights


@strawberry.type(description="The playlist is no longer what `baseSnapshotId` names.")
class SnapshotConflict(UserError):
    is_type_of = tagged("SnapshotConflict")

    playlist: Playlist = strawberry.field(description="As it is now: look again, and edit from here.")


@strawberry.enum(description="Why an idempotency key was refused.")
class IdempotencyReason(Enum):
    KEY_REUSED = "KEY_REUSED"
    IN_PROGRESS = "IN_PROGRESS"


@strawberry.type(description="The idempotency key was used with other input, or its first request is still running.")
class IdempotencyRefused(UserError):
    is_type_of = tagged("IdempotencyRefused")

    reason: IdempotencyReason
