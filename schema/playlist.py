"""Playlist: what somebody put in order, alone or with others."""

from datetime import datetime
from typing import Annotated

import strawberry

from db.rows import PlaylistRow
from resolvers import ids, playlist
from resolvers.page import Cursor
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import User
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import Long, Uri
from schema.sound import Sound
from schema.track import Track

strawberry.input(playlist.PlaylistBy, one_of=True, description="By which of its keys to find a playlist.")
strawberry.enum(playlist.PlaylistKind, description="Who fills a playlist: people, editors, or a chart.")
strawberry.enum(
    playlist.Visibility,
    description="Who may see a playlist: everybody, whoever holds its share token, or only those who work on it.",
)
strawberry.enum(
    playlist.PlaylistRole, description="What somebody may do: everything, change the items and the words, or look."
)

PlaylistEntry = Annotated[Track | Sound, strawberry.union("PlaylistEntry", description="What a playlist holds.")]


@strawberry.type(description="Somebody who works on a playlist of somebody else.")
class PlaylistCollaborator:
    user: User | None
    role: playlist.PlaylistRole
    added_at: datetime


@strawberry.type(description="A playlist: tracks and sounds in the order that its makers gave them.")
class Playlist(Node):
    is_type_of = rows(PlaylistRow)

    id: strawberry.ID = global_id(ids.PLAYLIST)
    title: str
    description: str
    cover_url: Uri | None
    owner: User | None = batched(playlist.owner)
    kind: playlist.PlaylistKind
    visibility: playlist.Visibility
    collaborators: list[PlaylistCollaborator] = batched(
        playlist.collaborators, description="In the order in which they were added; the owner is not among them."
    )
    viewer_role: playlist.PlaylistRole | None = batched(
        playlist.viewer_role, description="Null for whoever does not work on it."
    )
    items: "PlaylistItemConnection" = batched(
        playlist.items, description="In the playlist's order; 20 unless `first` or `last` says otherwise."
    )
    item_count: Long
    duration_ms: Long = strawberry.field(description="Of all items together.")
    follower_count: Long
    viewer_is_following: bool = batched(playlist.viewer_is_following)
    snapshot_id: strawberry.ID = global_id(
        ids.SNAPSHOT, description="Changes with every edit; an edit names the one that it saw."
    )
    share_url: Uri | None = batched(
        playlist.share_url,
        description="The address to pass it on by. An unlisted one's holds its share token: only its owner and editors get it; null for a private one.",
    )
    created_at: datetime
    updated_at: datetime


@strawberry.type(description="A place in a playlist, and what stands there.")
class PlaylistItemEdge:
    cursor: Cursor = cursor()
    node: PlaylistEntry | None = batched(
        playlist.entry, description="Null where the sound was removed: its place stays, so that it can be taken out."
    )
    item_id: strawberry.ID = global_id(
        ids.PLAYLIST_ITEM, description="Names the place, not what stands there: a playlist may hold a track twice."
    )
    added_by: User | None = batched(playlist.added_by)
    added_at: datetime


@strawberry.type(description="A page of a playlist.")
class PlaylistItemConnection(Connection):
    edges: list[PlaylistItemEdge] = edges()


@strawberry.type(description="A playlist in a page.")
class PlaylistEdge:
    cursor: Cursor = cursor()
    node: Playlist | None = itself()


@strawberry.type(description="A page of playlists.")
class PlaylistConnection(Connection):
    edges: list[PlaylistEdge] = edges()
