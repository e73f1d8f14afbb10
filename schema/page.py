"""What all connections share."""

import strawberry

from resolvers.page import Cursor
from schema.field import end_cursor, itself


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: Cursor | None = end_cursor(0)
    end_cursor: Cursor | None = end_cursor(-1)


@strawberry.type
class Connection:
    page_info: PageInfo = itself()
