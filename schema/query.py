"""Query: the ways in."""

import strawberry

import resolvers.artist
import resolvers.event
import resolvers.hashtag
import resolvers.niche
import resolvers.node
import resolvers.playlist
import resolvers.release
import resolvers.search
import resolvers.sound
import resolvers.track
import resolvers.trending
import resolvers.user
import resolvers.video
import resolvers.viewer
from schema.event import EventConnection
from schema.field import batched
from schema.lazy import Artist, Hashtag, Niche, Playlist, Release, Sound, Track, User, Video, Viewer
from schema.node import Node
from schema.search import SearchConnection
from schema.trending import ChartConnection


@strawberry.type
class Query:
    node: Node | None = batched(
        resolvers.node.node, description="Any object by its global id; null where there is none that you may see."
    )
    nodes: list[Node | None] = batched(
        resolvers.node.nodes, description="Up to 100 objects by their ids: same order and length, null for a miss."
    )
    viewer: Viewer | None = batched(
        resolvers.viewer.viewer, description="Whoever is signed in; null for a stranger, and before createProfile."
    )
    user: User | None = batched(resolvers.user.user)
    artist: Artist | None = batched(resolvers.artist.artist)
    track: Track | None = batched(resolvers.track.track)
    release: Release | None = batched(resolvers.release.release)
    sound: Sound | None = batched(resolvers.sound.sound)
    video: Video | None = batched(resolvers.video.video)
    hashtag: Hashtag | None = batched(
        resolvers.hashtag.hashtag,
        description="By its name, with or without the #, in any case; null for an unused one.",
    )
    playlist: Playlist | None = batched(resolvers.playlist.playlist)
    niches: list[Niche] = batched(resolvers.niche.niches, description="All of them, by their slugs.")
    trending_sounds: ChartConnection = batched(
        resolvers.trending.trending_sounds,
        description="A chart by rank. Its pages are pinned to the version of the first one; versions live an hour. `asOf` gives the chart as it was, in the "
        "last 400 days: behind that hour as it stood when the last 5 minutes, hour or day began, by the window and by how long ago that is (see `Chart`).",
    )
    search: SearchConnection = batched(
        resolvers.search.search,
        description="The best 200 matches among everything public, in titles, names, handles and hashtags; of tracks and their sounds the credited artists "
        "too. Case, accents and punctuation do not count, the last word may be a beginning, and where few have all the words, misspelled ones are corrected. "
        "What is at home in `region` (a person, or a sound most of whose creators live there) stands higher; nothing is left out for its region. "
        "`query` has 1 to 100 characters.",
    )
    events: EventConnection = batched(
        resolvers.event.events,
        description="The log that the subscription `events` reads: every public fact, in order, for 72 hours. Its cursors go on there, and the other way round.",
    )
