"""What was just done, shown at once: stored counts follow within a second, and a payload does not wait for them (docs/adr/0016)."""

from collections.abc import Awaitable, Callable
from typing import Any

from db.rows import ROWS, CommentRow, changed
from resolvers.context import Context, Rows
from trending.counting import CONSUMER
from trending.tally import COUNTED, Key, Tally, parts, tally

NEWEST = 2000  # facts that are looked through for the viewer's: as many as are counted at once
TABLES = {
    ROWS["Sound"]: ("sounds", ("id",)),
    ROWS["Community"]: ("sounds", ("id",)),
    ROWS["User"]: ("users", ("id",)),
    ROWS["Artist"]: ("artists", ("id",)),
    ROWS["Track"]: ("tracks", ("id",)),
    ROWS["Playlist"]: ("playlists", ("id",)),
    ROWS["Video"]: ("videos", ("sound_id", "id")),
}


async def shown(ctx: Context, load: Callable[[], Awaitable[Rows]]) -> Rows:
    """The rows that `load` gives, their counts with what the viewer did and the worker has not counted yet."""
    while True:
        done = await ctx.db.uncounted_by_user(str(ctx.viewer), NEWEST, COUNTED)
        rows = await load()
        # Had the worker come between the two, what was done would be in the rows already.
        if await ctx.db.consumer_position(CONSUMER) == done[0]["position"]:
            break
    added = tally(part for fact in done if fact["type"] for part in parts(fact))
    return [row and _with(row, added) for row in rows]


def _place(row: Any) -> tuple[str, Key]:
    if type(row) is CommentRow:
        on_track = row["sound_id"] is None
        return (
            ("track_comments", (row["track_id"], row["id"]))
            if on_track
            else ("video_comments", (row["sound_id"], row["id"]))
        )
    table, key = TABLES[type(row)]
    return table, tuple(row[column] for column in key)


def _with(row: Any, added: Tally) -> Any:
    table, key = _place(row)
    amounts = added.get(table, {}).get(key, {})
    columns = {column: row[column] + amount for column, amount in amounts.items() if amount}
    return changed(row, **columns) if columns else row
