"""Artist: who is credited on tracks and releases."""

import strawberry

import resolvers.artist
from db.rows import ArtistRow
from resolvers import artist, ids
from schema.field import batched, global_id
from schema.lazy import ReleaseConnection, Sound, TrackConnection, User
from schema.node import Node, rows
from schema.scalars import Long, Uri

strawberry.input(artist.ArtistBy, one_of=True, description="By which of its keys to find an artist.")
strawberry.enum(artist.ArtistRole, description="What somebody did for a track or a release.")


@strawberry.type(description="Who is credited on tracks and releases: a person, a band, a host.")
class Artist(Node):
    is_type_of = rows(ArtistRow)

    id: strawberry.ID = global_id(ids.ARTIST)
    name: str
    mbid: strawberry.ID | None = strawberry.field(description="The artist's identifier at MusicBrainz.")
    user: User | None = batched(artist.user, description="The artist's own account here.")
    image_url: Uri | None
    tracks: TrackConnection = batched(artist.tracks, description="Newest release first.")
    releases: ReleaseConnection = batched(artist.releases, description="Newest first.")
    top_sounds: list[Sound] = batched(
        artist.top_sounds, description="The sounds made of this artist's tracks that do best now, at most 100."
    )
    follower_count: Long
    viewer_is_following: bool = batched(artist.viewer_is_following)


@strawberry.type(description="Who did what for a track or a release, as it is printed.")
class ArtistCredit:
    artist: Artist = batched(resolvers.artist.credited)
    credited_as: str = strawberry.field(description="The name as it is printed here.")
    role: resolvers.artist.ArtistRole
