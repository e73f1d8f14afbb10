"""Release: an album, a single, a podcast."""

import strawberry

from db.rows import ReleaseRow
from resolvers import ids, release
from resolvers.page import Cursor
from schema.field import batched, cursor, edges, global_id, itself
from schema.lazy import ArtistCredit, TrackConnection
from schema.node import Node, rows
from schema.page import Connection
from schema.scalars import LocalDate, Uri

strawberry.input(release.ReleaseBy, one_of=True, description="By which of its keys to find a release.")
strawberry.enum(release.ReleaseKind, description="What a release is.")


@strawberry.type(description="Tracks that came out together: an album, a single, a podcast.")
class Release(Node):
    is_type_of = rows(ReleaseRow)

    id: strawberry.ID = global_id(ids.RELEASE)
    title: str
    kind: release.ReleaseKind
    artists: list[ArtistCredit] = batched(release.artists, description="In the order in which they are printed.")
    upc: str | None = strawberry.field(description="The bar code: 12 to 14 digits.")
    released_on: LocalDate | None = strawberry.field(description="Null where it is not known.")
    cover_url: Uri | None
    tracks: TrackConnection = batched(release.tracks, description="In the order of the release.")


@strawberry.type(description="A release in a page.")
class ReleaseEdge:
    cursor: Cursor = cursor()
    node: Release | None = itself()


@strawberry.type(description="A page of releases.")
class ReleaseConnection(Connection):
    edges: list[ReleaseEdge] = edges()
