"""Search: the best two hundred of everything public, by words, their beginnings and likeness."""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any

from resolvers import visibility
from resolvers.context import Context, Rows
from resolvers.errors import InvalidArgument
from resolvers.page import Arguments, Cursor, Listing, pages
from resolvers.regions import RegionCode

LONGEST = 100
NOWHERE = "ZZ"


class SearchKind(Enum):
    SOUND = "SOUND"
    TRACK = "TRACK"
    ARTIST = "ARTIST"
    USER = "USER"
    PLAYLIST = "PLAYLIST"
    HASHTAG = "HASHTAG"


# Documents are kept with the facts that they tell of; who may see what is still asked at every read, for blocks depend on who reads.
FIND: dict[str, Callable[[Context, Sequence[Any]], Awaitable[Rows]]] = {
    "SOUND": visibility.listed_sounds,
    "TRACK": lambda ctx, keys: ctx.db.track_by_id(keys),
    "ARTIST": lambda ctx, keys: ctx.db.artist_by_id(keys),
    "USER": visibility.users,
    "PLAYLIST": visibility.playlists,
    "HASHTAG": lambda ctx, keys: ctx.db.hashtag_by_name(keys),
}


def search(
    _: Rows,
    ctx: Context,
    query: str,
    kinds: list[SearchKind] | None = None,
    region: RegionCode | None = None,
    first: int = 20,
    after: Cursor | None = None,
) -> Awaitable[Rows]:
    if kinds == []:
        raise InvalidArgument("`kinds` is empty; name at least one, or leave it out to search everything.")
    wanted = None if kinds is None else tuple(sorted({kind.value for kind in kinds}))
    home = None if region == NOWHERE else region
    listing = Listing("search_documents", (wanted, home), nodes=_edges)
    return pages(ctx, listing, [read_query(query)], Arguments(first, after))


def read_query(text: str) -> str:
    """The query as it is asked for and as cursors are bound to it: NFC, single spaces; raises InvalidArgument."""
    text = text.strip()
    if not 1 <= len(text) <= LONGEST:
        raise InvalidArgument(f"`query` has {len(text)} characters; 1 to {LONGEST} are allowed.")
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidArgument("`query` holds a NUL or half of a surrogate pair, which no text may.")
    return unicodedata.normalize("NFC", " ".join(text.split()))


async def _edges(ctx: Context, documents: Rows) -> Rows:
    # One statement a kind; an edge whose node is gone, or hidden from this viewer, is None.
    places: dict[str, list[int]] = {}
    for index, document in enumerate(documents):
        places.setdefault(document["kind"], []).append(index)
    found = await asyncio.gather(
        *(
            FIND[kind](ctx, [_key(kind, documents[index]["key"]) for index in indexes])
            for kind, indexes in places.items()
        )
    )
    edges: Rows = [None] * len(documents)
    for indexes, rows in zip(places.values(), found, strict=True):
        for index, row in zip(indexes, rows, strict=True):
            if row is not None:
                edges[index] = {"__typename": "SearchEdge", "score": documents[index]["rank"] / 1000, "node": row}
    return edges


def _key(kind: str, key: str) -> int | str:
    return key if kind == "HASHTAG" else int(key)
