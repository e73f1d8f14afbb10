"""Track: a song or an episode, with everything that surrounds it."""

import strawberry

from db.rows import TrackRow
from resolvers import ids, track
from resolvers.page import Cursor
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import ArtistCredit, CommentConnection, Release, SoundConnection
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import LocalDate, Long, Uri

strawberry.input(track.TrackBy, one_of=True, description="By which of its keys to find a track.")
strawberry.enum(track.TrackKind, description="An episode belongs to a podcast.")
strawberry.enum(track.AudioVariant, description="A form in which the audio of a track exists.")
strawberry.enum(track.UnavailableReason, description="Why a track cannot be played.")


@strawberry.type(description="A line of lyrics.")
class LyricLine:
    start_ms: int | None = strawberry.field(description="When it is sung; null where the lyrics are not synced.")
    text: str


@strawberry.type(description="The words of a track.")
class Lyrics:
    language: str = strawberry.field(description="A language tag of BCP 47.")
    synced: bool = strawberry.field(description="Every line knows when it is sung.")
    lines: list[LyricLine]


@strawberry.type(description="A service on which a track can be heard.")
class ServiceLink:
    service: str
    url: Uri


@strawberry.type(description="Whether a track can be played in a region.")
class Availability:
    is_playable: bool
    reason: track.UnavailableReason | None = strawberry.field(description="Null where it can be played.")
    relinked_to: "Track | None" = batched(
        track.relinked_to, description="The same recording under another id that may play where this one does not."
    )


@strawberry.type(description="A song or an episode.")
class Track(Node):
    is_type_of = rows(TrackRow)

    id: strawberry.ID = global_id(ids.TRACK)
    title: str
    kind: track.TrackKind
    artists: list[ArtistCredit] = batched(track.artists, description="In the order in which they are printed.")
    release: Release | None = batched(track.release)
    isrc: str | None = strawberry.field(description="The International Standard Recording Code.")
    mbid: strawberry.ID | None = strawberry.field(description="The recording's identifier at MusicBrainz.")
    duration_ms: int
    explicit: bool
    genres: list[str]
    released_on: LocalDate | None = strawberry.field(description="Null where it is not known.")
    audio_variants: list[track.AudioVariant]
    lyrics: Lyrics | None = batched(track.lyrics)
    links: list[ServiceLink] = batched(track.links, description="Listen on.")
    availability: Availability = batched(track.availability, description="In this region, at this moment.")
    sounds: SoundConnection = batched(track.sounds, description="The sounds made of it, newest first.")
    comments: CommentConnection = batched(track.comments, description="Newest first.")
    play_count: Long
    save_count: Long
    share_url: Uri = batched(track.share_url, description="The address to pass it on by.")
    viewer_has_saved: bool = batched(track.viewer_has_saved)


@strawberry.type(description="A track in a page.")
class TrackEdge:
    cursor: Cursor = cursor()
    node: Track | None = itself()


@strawberry.type(description="A page of tracks.")
class TrackConnection(Connection):
    edges: list[TrackEdge] = edges()
