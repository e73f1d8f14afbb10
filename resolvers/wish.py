"""What somebody wishes: to like, save, follow or join something, or no longer. The state is the input, so it may be wished again and again."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from db.database import Transaction
from events import outbox
from resolvers import done, ids, node, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal, not_found
from resolvers.ids import Id, Kind
from resolvers.write import ByHeader, ResponseKey, author, fact


class Wish(NamedTuple):
    """How one kind of subject is given a state and rid of it: each a query, which answers whether anything changed, and an event."""

    begin: str
    begun: str
    end: str
    ended: str
    key: tuple[str, ...]  # what the parts of the subject's key are called in the event
    more: tuple[str, ...] = ()  # columns of the subject that stand in it too: whom it concerns


class Asked(NamedTuple):
    """A wish as a mutation's field asks it."""

    field: str
    input: Any
    subject_id: Id
    wished: bool
    path: str = "subjectId"


LIKED = {
    ids.VIDEO: Wish(
        "like_video", "VIDEO_LIKED", "unlike_video", "VIDEO_UNLIKED", ("sound_id", "video_id"), ("creator_id",)
    ),
    ids.VIDEO_COMMENT: Wish(
        "like_video_comment",
        "VIDEO_COMMENT_LIKED",
        "unlike_video_comment",
        "VIDEO_COMMENT_UNLIKED",
        ("sound_id", "comment_id"),
        ("video_id", "author_id"),
    ),
    ids.TRACK_COMMENT: Wish(
        "like_track_comment",
        "TRACK_COMMENT_LIKED",
        "unlike_track_comment",
        "TRACK_COMMENT_UNLIKED",
        ("track_id", "comment_id"),
        ("author_id",),
    ),
}
SAVED = {
    ids.SOUND: Wish("save_sound", "SOUND_SAVED", "unsave_sound", "SOUND_UNSAVED", ("sound_id",)),
    ids.TRACK: Wish("save_track", "TRACK_SAVED", "unsave_track", "TRACK_UNSAVED", ("track_id",)),
}
FOLLOWED = {
    ids.USER: Wish("follow_user", "USER_FOLLOWED", "unfollow_user", "USER_UNFOLLOWED", ("followed_id",)),
    ids.ARTIST: Wish("follow_artist", "ARTIST_FOLLOWED", "unfollow_artist", "ARTIST_UNFOLLOWED", ("artist_id",)),
    ids.PLAYLIST: Wish(
        "follow_playlist", "PLAYLIST_FOLLOWED", "unfollow_playlist", "PLAYLIST_UNFOLLOWED", ("playlist_id",)
    ),
}
JOINED = {ids.SOUND: Wish("join_community", "MEMBER_JOINED", "leave_community", "MEMBER_LEFT", ("sound_id",))}


@dataclass
class SetLikeInput(ByHeader):
    subject_id: Id
    liked: bool


@dataclass
class SetSavedInput(ByHeader):
    subject_id: Id
    saved: bool


@dataclass
class SetFollowingInput(ByHeader):
    subject_id: Id
    following: bool


@dataclass
class SetMembershipInput(ByHeader):
    sound_id: Id
    member: bool


async def set_like(_: Rows, ctx: Context, input: SetLikeInput, response_key: ResponseKey) -> Rows:
    asked = Asked("setLike", input, input.subject_id, input.liked)
    return [await _set(ctx, asked, LIKED, response_key)]


async def set_saved(_: Rows, ctx: Context, input: SetSavedInput, response_key: ResponseKey) -> Rows:
    asked = Asked("setSaved", input, input.subject_id, input.saved)
    return [await _set(ctx, asked, SAVED, response_key)]


async def set_following(_: Rows, ctx: Context, input: SetFollowingInput, response_key: ResponseKey) -> Rows:
    asked = Asked("setFollowing", input, input.subject_id, input.following)
    return [await _set(ctx, asked, FOLLOWED, response_key)]


async def set_membership(_: Rows, ctx: Context, input: SetMembershipInput, response_key: ResponseKey) -> Rows:
    asked = Asked("setMembership", input, input.sound_id, input.member, path="soundId")
    return [await _set(ctx, asked, JOINED, response_key)]


async def _set(ctx: Context, asked: Asked, wishes: dict[Kind, Wish], response_key: ResponseKey) -> dict[str, Any]:
    subject_id, wished, path = asked.subject_id, asked.wished, asked.path
    kind, key = ids.one_of(subject_id, wishes)
    wish, columns = wishes[kind], ids.parts(key)

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await author(tx, ctx))["id"]
        row = await _found(ctx, kind, key, path, wished=wished)
        if wished and wishes is FOLLOWED:
            _require_other(kind, row, viewer)
        if kind is ids.USER:
            await tx.lock_two_users(viewer, key)
        run, event = (wish.begin, wish.begun) if wished else (wish.end, wish.ended)
        if await getattr(tx, run)(viewer, *columns, *([ctx.now] if wished else [])):
            body = dict(zip(wish.key, columns, strict=True)) | {column: row[column] for column in wish.more}
            await outbox.publish(tx, event, ctx.now, {"user_id": viewer, **body})
        else:  # it is so already, unless the subject went away just now
            await _found(ctx, kind, key, path, wished=wished)
        return {"__typename": f"{asked.field[0].upper()}{asked.field[1:]}Payload", "subject_id": subject_id}

    return await fact(ctx, asked.field, asked.input, response_key, write)


async def _found(ctx: Context, kind: Kind, key: Any, path: str, *, wished: bool) -> Any:
    row = await node.found(ctx, kind, key)
    # A removed sound can be let go of.
    if row is None or (wished and kind is ids.SOUND and visibility.listed(row) is None):
        raise not_found(path)
    return row


def _require_other(kind: Kind, row: Any, viewer: int) -> None:
    path = ["input", "subjectId"]
    if kind is ids.USER and row["id"] == viewer:
        raise Refusal("InvalidInput", "Nobody can follow themselves.", path)
    if kind is ids.PLAYLIST and row["owner_id"] == viewer:
        raise Refusal("InvalidInput", "This playlist is yours: it is with you already.", path)
    if kind is ids.PLAYLIST and row["visibility"] == "PRIVATE":
        raise Refusal("InvalidInput", "A private playlist has no followers: you work on it.", path)


async def subject(payloads: Rows, ctx: Context) -> Rows:
    """What each payload is about, as it is now."""

    async def load() -> Rows:
        return [await node.found(ctx, *ids.read(payload["subject_id"])) for payload in payloads]

    return await done.shown(ctx, load)


def community(payloads: Rows, ctx: Context) -> Any:
    """The community of the sound that each payload is about."""
    sounds = [ids.SOUND.read(payload["subject_id"]) for payload in payloads]
    return done.shown(ctx, lambda: ctx.db.sound_by_id(sounds))
