"""Who may see what: hidden is absent, so each of these gives the row or None, in the keys' order.

Suspended and erased people are hidden from everybody, people who blocked each other from one another, private playlists from all but
those who work on them, unlisted ones from whoever does not hold their token. A removed sound is absent from lists, charts and search;
asked for by its id, or as the sound of a video, it still answers, so that its status can say why it is silent; its community keeps its
counts, but shows nobody and nothing. A muted one is only silent.
"""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

from db.loading import Loading, loading
from resolvers.context import Context, Reads, Rows


def users(ctx: Context, ids: Sequence[int | None], reads: Reads = None) -> Loading[Rows]:
    """The users of these ids; a statement for the users, and one a request for the viewer's blocks."""
    return loading(ctx.db.active_user_by_id(ids, reads=reads)).joined(ctx.hidden(), partial(_seen, ids))


def _seen(ids: Sequence[int | None], users: Rows, hidden: frozenset[int]) -> Rows:
    if hidden.isdisjoint(ids):
        return users
    return [None if key in hidden else user for key, user in zip(ids, users, strict=True)]


def videos(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Loading[Rows]:
    """The videos of these (sound_id, id); those of hidden people are absent."""
    return _by_others(ctx, ctx.db.video_by_key(keys), "creator_id")


def video_comments(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Loading[Rows]:
    """The comments on videos of these (sound_id, id); those of hidden people are absent."""
    return _by_others(ctx, ctx.db.video_comment_by_key(keys), "author_id")


def track_comments(ctx: Context, keys: Sequence[tuple[int, int] | None]) -> Loading[Rows]:
    """The comments on tracks of these (track_id, id); those of hidden people are absent."""
    return _by_others(ctx, ctx.db.track_comment_by_key(keys), "author_id")


def _by_others(ctx: Context, load: Awaitable[Rows], author: str) -> Loading[Rows]:
    return loading(load).joined(
        ctx.hidden(),
        lambda rows, hidden: [row if row is not None and row[author] not in hidden else None for row in rows],
    )


def listed_sounds(ctx: Context, ids: Sequence[int | None], reads: Reads = None) -> Loading[Rows]:
    """The sounds of these ids as a list shows them: without the removed."""
    return loading(ctx.db.listed_sound_by_id(ids, reads=reads))


def listed(sound: Any) -> Any:
    """The sound, or None where it is removed or missing."""
    return sound if sound is not None and sound["status"] != "REMOVED" else None


def gathered(sounds: Rows) -> list[int | None]:
    """The keys by which the communities of these sounds show their people and videos: None, which shows none, for a removed one."""
    return [None if listed(sound) is None else sound["id"] for sound in sounds]


def known(ctx: Context, users: Rows) -> Loading[list[int | None]]:
    """The keys by which these users show what is theirs: None, which shows nothing, across a block."""
    return ctx.hidden().then(lambda hidden: [None if user["id"] in hidden else user["id"] for user in users])


def blocked_users(ctx: Context, ids: Sequence[int | None]) -> Loading[Rows]:
    """The users of these ids, whom the viewer blocked: only the list of them shows who they are, so that a block can be lifted."""
    return loading(ctx.db.active_user_by_id(ids))


def playlists(ctx: Context, ids: Sequence[int | None]) -> Loading[Rows]:
    """The playlists of these ids that are public or that the viewer works on."""
    return _playlists(ctx, ids, {"PUBLIC"})


def shared_playlists(ctx: Context, ids: Sequence[int | None]) -> Loading[Rows]:
    """The playlists of these ids, whose share token the viewer holds."""
    return _playlists(ctx, ids, {"PUBLIC", "UNLISTED"})


def _playlists(ctx: Context, ids: Sequence[int | None], to_all: set[str]) -> Loading[Rows]:
    def shown(found: Rows) -> Loading[Rows]:
        closed = [row if row is not None and row["visibility"] not in to_all else None for row in found]
        owners = users(ctx, [row and row["owner_id"] for row in found])
        return owners.joined(
            playlist_roles(ctx, closed),
            lambda owners, roles: [
                row if row is not None and _shows(row, owner, role, ctx.viewer, to_all) else None
                for row, owner, role in zip(found, owners, roles, strict=True)
            ],
        )

    return loading(ctx.db.playlist_by_id(ids)).then(shown)


def _shows(playlist: Any, owner: Any, role: str | None, viewer: int | None, to_all: set[str]) -> bool:
    # A suspended viewer still has what is his; nobody else sees the playlists of somebody whom he may not see.
    seen = owner is not None or playlist["owner_id"] == viewer
    return seen and (role is not None or playlist["visibility"] in to_all)


def playlist_roles(ctx: Context, playlists: Rows) -> Loading[list[str | None]]:
    """OWNER, EDITOR or VIEWER where the viewer works on the playlist, else None; one statement for those that he does not own."""
    viewer = ctx.viewer
    asked = [row if viewer is not None and row is not None and row["owner_id"] != viewer else None for row in playlists]
    return loading(ctx.db.playlist_role([row and (row["id"], viewer) for row in asked])).then(
        lambda found: [
            "OWNER" if row is not None and row["owner_id"] == viewer else role and role["role"]
            for row, role in zip(playlists, found, strict=True)
        ]
    )
