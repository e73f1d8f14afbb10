"""Connections: cursors to keysets and back, by the rules of Relay (docs: protocols, Relay)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, NewType

from db.loading import loading, then
from db.queries import QUERIES, Slice
from events.cursor import BadCursor
from resolvers.context import Context, Reads, Rows
from resolvers.errors import InvalidCursor, InvalidPageSize

Cursor = NewType("Cursor", str)
Nodes = Callable[[Context, Rows], Awaitable[Rows]]
Found = tuple[Rows, Rows]  # the rows that cursors come from, and beside them the edges
Load = Callable[[Context, list[Any], Slice], Awaitable[Rows]]

LARGEST = 100
NOBODY: frozenset[int] = frozenset()
MOST_ROWS = 1000  # of one look: each further one is twice as long, so that 20,000 hidden ones in a row cost 55 statements instead of 6,669
SLACK = 4  # rows beyond the page at most, so that a few hidden ones seldom cost a second statement; the same for every viewer: one key


class Arguments(NamedTuple):
    """The four page arguments as they came."""

    first: int | None = None
    after: Cursor | None = None
    last: int | None = None
    before: Cursor | None = None

    @property
    def backwards(self) -> bool:
        """True where the page is cut from the end of the list."""
        return self.first is None and self.last is not None


class Listing(NamedTuple):
    """How one list is read: its query and further parameters, its order, and what hides an edge.

    `hides` names the column of the user whose edge disappears where viewer and user blocked each other. `nodes` gives an edge's node where it stands in another
    table; an edge whose node is None disappears, and the others are replaced by their nodes. `load` reads the rows where that takes more than the one query,
    whose keyset they then share. A key that is None has an empty list. `reads` is what is read of the rows.
    """

    query: str
    args: tuple[Any, ...] = ()
    descending: bool = True
    hides: str | None = None
    nodes: Nodes | None = None
    load: Load | None = None
    reads: Reads = None

    def rows(self, ctx: Context, keys: list[Any], part: Slice) -> Awaitable[Rows]:
        """The rows of this part of each key's list."""
        if self.load is not None:
            return self.load(ctx, keys, part)
        return getattr(ctx.db, self.query)(keys, part, *self.args, reads=self.reads)  # type: ignore[no-any-return]

    def slack(self, size: int) -> int:
        """How many rows beyond a page of this size are read at once, in case some of them are hidden."""
        return min(SLACK, 1 + size // 10) if self.hides or self.nodes else 0

    def scope(self, key: Any) -> str:
        """What a cursor of this list is bound to."""
        return f"{self.query}|{key}|{self.args}|{self.descending}"


def pages(
    ctx: Context, listing: Listing, keys: Sequence[Any], arguments: Arguments, default: int = 20
) -> Awaitable[Rows]:
    """A connection for each key; a key whose cursor is not its own has an InvalidCursor in its position."""
    size = check_size(arguments, default)
    if arguments.after is None and arguments.before is None:
        return _pages(ctx, listing, list(keys), (None, None), arguments, size)
    return _all_bounded(ctx, listing, keys, arguments, size)


async def _all_bounded(ctx: Context, listing: Listing, keys: Sequence[Any], arguments: Arguments, size: int) -> Rows:
    answers = await asyncio.gather(
        *(_bounded(ctx, listing, key, arguments, size) for key in keys), return_exceptions=True
    )
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, InvalidCursor):
            raise answer
    return list(answers)


def check_size(arguments: Arguments, default: int) -> int:
    """The number of edges to scan for; raises InvalidPageSize."""
    for name, value in (("first", arguments.first), ("last", arguments.last)):
        if value is not None and not 1 <= value <= LARGEST:
            raise InvalidPageSize(f"`{name}` is {value}; it must be between 1 and {LARGEST}.")
    return arguments.first or arguments.last or default


def read_cursor(ctx: Context, scope: str, cursor: str | None) -> tuple[Any, ...] | None:
    """The keyset values of this cursor; raises InvalidCursor where another list gave it."""
    if cursor is None:
        return None
    try:
        return tuple(ctx.cursors.read(scope, cursor))
    except BadCursor as error:
        raise InvalidCursor from error


async def _bounded(ctx: Context, listing: Listing, key: Any, arguments: Arguments, size: int) -> dict[str, Any]:
    scope = listing.scope(key)
    # A list that was closed since it gave the cursor is empty, not an error.
    after, before = (None, None) if key is None else (arguments.after, arguments.before)
    bounds = (read_cursor(ctx, scope, after), read_cursor(ctx, scope, before))
    (answer,) = await _pages(ctx, listing, [key], bounds, arguments, size)
    return answer  # type: ignore[no-any-return]


def _pages(
    ctx: Context,
    listing: Listing,
    keys: list[Any],
    bounds: tuple[tuple[Any, ...] | None, tuple[Any, ...] | None],
    arguments: Arguments,
    size: int,
) -> Awaitable[Rows]:
    start, stop = reversed(bounds) if arguments.backwards else bounds
    descending = listing.descending != arguments.backwards

    def connections(lists: list[Found]) -> Rows:
        return [_connection(ctx, listing, key, found, arguments, size) for key, found in zip(keys, lists, strict=True)]

    part = Slice(size + 1 + listing.slack(size), descending, start, stop)
    return then(_scan(ctx, listing, keys, part, size + 1), connections)


def _scan(ctx: Context, listing: Listing, keys: list[Any], part: Slice, wanted: int) -> Awaitable[list[Found]]:
    # At least `wanted` edges where the list has so many that may be seen.
    def whole(lists: Rows, kept: list[Found]) -> Any:
        short = [i for i, rows in enumerate(lists) if len(rows) == part.limit and len(kept[i][0]) < wanted]
        return _refilled(ctx, listing, keys, part, wanted, lists, kept, short) if short else kept

    def seen(lists: Rows, hidden: frozenset[int] = NOBODY) -> Any:
        hides, shown = listing.hides, lists
        if hides and not hidden.isdisjoint(map(itemgetter(hides), chain.from_iterable(lists))):
            shown = [[row for row in rows if row[hides] not in hidden] for rows in lists]
        if listing.nodes is None:
            return whole(lists, [(rows, rows) for rows in shown])
        nodes = listing.nodes(ctx, [row for rows in shown for row in rows])
        return then(nodes, lambda found: whole(lists, _paired(shown, found)))

    load = listing.rows(ctx, keys, part)
    return loading(load).joined(ctx.hidden(), seen) if listing.hides else then(load, seen)


def _paired(lists: Rows, nodes: Rows) -> list[Found]:
    # The rows that have a node, and beside them their nodes.
    ahead = iter(nodes)
    pairs = [[(row, node) for row, node in zip(rows, ahead, strict=False) if node is not None] for rows in lists]
    return [([row for row, _ in found], [node for _, node in found]) for found in pairs]


async def _refilled(
    ctx: Context,
    listing: Listing,
    keys: list[Any],
    part: Slice,
    wanted: int,
    lists: Rows,
    kept: list[Found],
    short: list[int],
) -> list[Found]:
    # Those that hid too many go on behind their last row.
    keyset = QUERIES[listing.query].keyset
    longer = min(2 * part.limit, MOST_ROWS)
    further = await asyncio.gather(
        *(
            _scan(
                ctx,
                listing,
                [keys[i]],
                Slice(longer, part.descending, tuple(lists[i][-1][column] for column in keyset), part.stop),
                wanted - len(kept[i][0]),
            )
            for i in short
        )
    )
    for i, ((anchors, edges),) in zip(short, further, strict=True):
        kept[i] = kept[i][0] + anchors, kept[i][1] + edges
    return kept


def _connection(
    ctx: Context,
    listing: Listing,
    key: Any,
    found: Found,
    arguments: Arguments,
    size: int,
) -> dict[str, Any]:
    more = len(found[0]) > size
    anchors, edges = found[0][:size], found[1][:size]
    before, after = arguments.after is not None, arguments.before is not None
    if arguments.backwards:
        anchors.reverse()
        edges.reverse()
        before = more
    else:
        after = more
        if arguments.last is not None and len(edges) > arguments.last:
            anchors, edges = anchors[-arguments.last :], edges[-arguments.last :]
            before = True
    keyset = QUERIES[listing.query].keyset

    def cursor(index: int) -> str:
        anchor = anchors[index]
        return ctx.cursors.sign(listing.scope(key), [anchor[column] for column in keyset])

    return connection(edges, cursor, has_next_page=after, has_previous_page=before)


def connection(
    edges: Rows, cursor: Callable[[int], str], *, has_next_page: bool, has_previous_page: bool, **fields: Any
) -> dict[str, Any]:
    """A connection as the schema reads it; `cursor(index)` makes the cursor of an edge, and only when it is asked for."""
    return {
        "edges": edges,
        "cursor": cursor,
        "has_next_page": has_next_page,
        "has_previous_page": has_previous_page,
        **fields,
    }
