"""How playlists are made and edited: inputs, payloads and what may refuse them."""

from typing import Annotated

import strawberry

from resolvers import playlist_edit, playlist_items
from schema.errors import IdempotencyRefused, InvalidInput, NotAllowed, NotFound, SnapshotConflict
from schema.node import tagged
from schema.playlist import Playlist

strawberry.input(
    playlist_edit.CreatePlaylistInput,
    description="A title of 1 to 200 characters, a description of up to 2000; PUBLIC unless given; up to 100 tracks and sounds in their order.",
)
strawberry.input(
    playlist_edit.UpdatePlaylistInput,
    description="What is left out stays. Without `baseSnapshotId` it is changed whatever it is now. Its owner alone may give another visibility.",
)
strawberry.input(playlist_edit.DeletePlaylistInput)
strawberry.input(
    playlist_edit.SetCollaboratorInput,
    description="A null role takes the person off the playlist, as collaborators may do with themselves; at most 100 work on one.",
)
strawberry.input(
    playlist_items.AddPlaylistItemsInput,
    description="1 to 100 tracks and sounds, in their order, before an item or else last. Without `baseSnapshotId` they are added whatever stands there now. "
    "A playlist holds at most 10,000 items, and may hold a track twice.",
)
strawberry.input(playlist_items.RemovePlaylistItemsInput, description="1 to 100 items, by their `itemId`.")
strawberry.input(
    playlist_items.MovePlaylistItemsInput,
    description="1 to 100 items, by their `itemId`: in the order given they come to stand before an item, or else last.",
)


@strawberry.type
class CreatePlaylistPayload:
    is_type_of = tagged("CreatePlaylistPayload")

    playlist: Playlist


@strawberry.type
class EditPlaylistPayload:
    is_type_of = tagged("EditPlaylistPayload")

    playlist: Playlist = strawberry.field(description="As the edit left it, with the `snapshotId` for the next one.")


@strawberry.type
class DeletePlaylistPayload:
    is_type_of = tagged("DeletePlaylistPayload")

    deleted_playlist_id: strawberry.ID


CreatePlaylistResult = Annotated[
    CreatePlaylistPayload | InvalidInput | NotFound | IdempotencyRefused, strawberry.union("CreatePlaylistResult")
]
EditPlaylistResult = Annotated[
    EditPlaylistPayload | InvalidInput | NotFound | NotAllowed | SnapshotConflict | IdempotencyRefused,
    strawberry.union("EditPlaylistResult"),
]
DeletePlaylistResult = Annotated[
    DeletePlaylistPayload | NotFound | NotAllowed | InvalidInput | IdempotencyRefused,
    strawberry.union("DeletePlaylistResult"),
]
