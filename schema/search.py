"""Search: one list of everything that has a name."""

from typing import Annotated

import strawberry

from resolvers import search
from resolvers.page import Cursor
from schema.artist import Artist
from schema.field import cursor, edges
from schema.hashtag import Hashtag
from schema.page import Connection
from schema.playlist import Playlist
from schema.sound import Sound
from schema.track import Track
from schema.user import User

strawberry.enum(search.SearchKind, description="What may be searched for.")

SearchResult = Annotated[
    Sound | Track | Artist | User | Playlist | Hashtag,
    strawberry.union("SearchResult", description="What search finds: whatever is public and has a name."),
]


@strawberry.type(description="Something that was found, and how good a match it is.")
class SearchEdge:
    cursor: Cursor = cursor()
    node: SearchResult | None
    score: float = strawberry.field(
        description="What the order is by: match quality up to 1.1 (the whole name 1, its beginning 0.8, words 0.5, less where they were corrected), "
        "renown up to 0.6, and 0.15 for the region's own."
    )


@strawberry.type(
    description="A page of the best 200 matches, by score. Renown is renewed in turns, so a page may repeat or skip what moved in the meantime."
)
class SearchConnection(Connection):
    edges: list[SearchEdge] = edges()
