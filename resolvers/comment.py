"""Comments, on videos and on tracks. A row of the one kind has null where the other has its key."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, NamedTuple

from db.database import Transaction
from db.loading import loaded
from events import outbox
from resolvers import ids, node, visibility, wish
from resolvers.context import Context, Rows
from resolvers.errors import not_found
from resolvers.ids import Id, Kind
from resolvers.write import ByHeader, ResponseKey, Written, fact, fact_of_row, text, within
from resolvers.write import author as writer


def author(comments: Rows, ctx: Context) -> Awaitable[Rows]:
    return visibility.users(ctx, [comment["author_id"] for comment in comments])


async def reply_to(comments: Rows, ctx: Context) -> Rows:
    replies = [comment if comment["reply_to_id"] is not None else None for comment in comments]
    on_videos, on_tracks = await asyncio.gather(
        visibility.video_comments(
            ctx, [row and row["sound_id"] and (row["sound_id"], row["reply_to_id"]) for row in replies]
        ),
        visibility.track_comments(
            ctx, [row and row["track_id"] and (row["track_id"], row["reply_to_id"]) for row in replies]
        ),
    )
    return [on_video or on_track for on_video, on_track in zip(on_videos, on_tracks, strict=True)]


async def subject(comments: Rows, ctx: Context) -> Rows:
    videos, tracks = await asyncio.gather(
        visibility.videos(ctx, [row["video_id"] and (row["sound_id"], row["video_id"]) for row in comments]),
        ctx.db.track_by_id([row["track_id"] for row in comments]),
    )
    return [video or track for video, track in zip(videos, tracks, strict=True)]


class Said(NamedTuple):
    """How comments on one kind of subject come and go: by which queries, with which event they go, and what the parts of the subject's key are called."""

    insert: str
    drop: str
    dropped: str
    comment: Kind
    key: tuple[str, ...]


ABOUT = {
    ids.VIDEO: Said(
        "comment_on_videos",
        "drop_video_comment",
        "VIDEO_COMMENT_REMOVED",
        ids.VIDEO_COMMENT,
        ("sound_id", "video_id"),
    ),
    ids.TRACK: Said(
        "comment_on_tracks",
        "drop_track_comment",
        "TRACK_COMMENT_REMOVED",
        ids.TRACK_COMMENT,
        ("track_id",),
    ),
}
BY_COMMENT = {said.comment: said for said in ABOUT.values()}


@dataclass
class AddCommentInput:
    subject_id: Id
    text: str
    reply_to_id: Id | None
    position_ms: int | None
    idempotency_key: str | None


async def add_comment(_: Rows, ctx: Context, input: AddCommentInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.subject_id, ABOUT)
    said, columns = ABOUT[kind], ids.parts(key)

    async def written() -> tuple[Any, ...]:
        about = await node.found(ctx, kind, key)
        if about is None:
            raise not_found("subjectId")
        words = text(input.text, ["input", "text"], least=1, most=2000)
        if input.position_ms is not None:
            within(input.position_ms, ["input", "positionMs"], least=0, most=about["duration_ms"])
        return *columns, words, input.position_ms, await _reply_to_id(ctx, input.reply_to_id, said, columns)

    nothing = (*(None for _ in columns), "", None, None)
    result = await fact_of_row(ctx, "addComment", input, response_key, Written(said.insert, written, nothing))
    return [{"__typename": "AddCommentPayload", "comment": result["row"]} if "row" in result else result]


def added(payloads: Rows, ctx: Context) -> Awaitable[Rows]:
    """The comment as it was just written; as it is now, where the payload is that of an earlier call."""
    if all("comment" in payload for payload in payloads):
        return loaded([payload["comment"] for payload in payloads])
    return wish.subject(payloads, ctx)


async def _reply_to_id(ctx: Context, given: Id | None, said: Said, columns: tuple[int, ...]) -> int | None:
    # Answers are one level deep: who answers an answer answers the comment above it.
    if given is None:
        return None
    found = await node.found(ctx, *ids.one_of(given, (said.comment,)))
    if found is None or tuple(found[name] for name in said.key) != columns:
        raise not_found("replyToId")
    return found["reply_to_id"] or found["id"]  # type: ignore[no-any-return]


@dataclass
class DeleteCommentInput(ByHeader):
    comment_id: Id


async def delete_comment(_: Rows, ctx: Context, input: DeleteCommentInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.comment_id, BY_COMMENT)
    said = BY_COMMENT[kind]

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await writer(tx, ctx))["id"]
        comment = await node.found(ctx, kind, key)
        if comment is None or viewer not in (comment["author_id"], await _host(ctx, comment)):
            raise not_found("commentId")
        if not await getattr(tx, said.drop)(*key):
            raise not_found("commentId")
        body = {name: comment[name] for name in said.key}
        body |= {"user_id": viewer, "author_id": comment["author_id"], "comment_id": comment["id"]}
        await outbox.publish(tx, said.dropped, ctx.now, body)
        return {"__typename": "DeleteCommentPayload", "deleted_comment_id": input.comment_id}

    return [await fact(ctx, "deleteComment", input, response_key, write)]


async def _host(ctx: Context, comment: Any) -> int | None:
    # Whose video it stands under.
    video = comment["video_id"] and await node.found(ctx, ids.VIDEO, (comment["sound_id"], comment["video_id"]))
    return video and video["creator_id"]  # type: ignore[no-any-return]
