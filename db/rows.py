"""The row classes: a row is the object that GraphQL shows, so each concept has a class of its own to be told apart by.

A query names one of them in its header (`… Sound`) and its rows are instances of `SoundRow`. Columns are read by `row["title"]`,
never by attribute: a Python `__getattr__` costs fifteen times as much.
"""

from typing import Any

from asyncpg import Record


class UserRow(Record):
    """A person; columns of `users`."""


class ArtistRow(Record):
    """Who is credited on tracks and releases; columns of `artists`."""


class ReleaseRow(Record):
    """An album, single, EP, compilation or podcast; columns of `releases`."""


class TrackRow(Record):
    """A song or an episode; columns of `tracks`."""


class SoundRow(Record):
    """A sound with the counts of its community; columns of `sounds`."""


class CommunityRow(Record):
    """The same columns as `SoundRow`, for whoever asks for the community itself by its id."""


class VideoRow(Record):
    """A video; columns of `videos`, whose key is (sound_id, id)."""


class HashtagRow(Record):
    """A hashtag; columns of `hashtags`, whose key is its name."""


class CommentRow(Record):
    """A comment on a video (sound_id, video_id) or on a track (track_id); the columns of the other are null."""


class NicheRow(Record):
    """A niche; columns of `niches`."""


class PlaylistRow(Record):
    """A playlist; columns of `playlists`."""


class NotificationRow(Record):
    """What somebody is told of, as it is stored; columns of `notifications`. What is shown has its actor and its subject too (resolvers/notification.py)."""


class ChartRow(Record):
    """A part of a version of a chart; columns of `chart_versions`. `chart` is what was made of it: made once, for all who share the row."""

    chart: Any = None


ROWS: dict[str, type[Record]] = {
    cls.__name__.removesuffix("Row"): cls
    for cls in (
        UserRow,
        ArtistRow,
        ReleaseRow,
        TrackRow,
        SoundRow,
        CommunityRow,
        VideoRow,
        HashtagRow,
        CommentRow,
        NicheRow,
        PlaylistRow,
        NotificationRow,
        ChartRow,
    )
}

# A row that was changed since it was read: the same columns, in a class of its own by which it is told apart. Records cannot be made.
CHANGED: dict[type[Any], type[dict[str, Any]]] = {cls: type(cls.__name__, (dict,), {}) for cls in ROWS.values()}


def changed(row: Record, **columns: Any) -> dict[str, Any]:
    """The row with other values in these columns."""
    return CHANGED[type(row)](row, **columns)
