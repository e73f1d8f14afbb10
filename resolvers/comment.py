"""Comments, on videos and on tracks. A row of the one kind has null where the other has its key."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids, node, visibility
from resolvers.context import Context, Rows
from resolvers.errors import Refusal
from resolvers.ids import Id, Kind
from resolvers.write import ResponseKey, attempt, fact, text, within
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


@dataclass
class AddCommentInput:
    subject_id: Id
    text: str
    reply_to_id: Id | None
    position_ms: int | None
    idempotency_key: str | None


async def add_comment(_: Rows, ctx: Context, input: AddCommentInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.subject_id, (ids.VIDEO, ids.TRACK))

    async def write(tx: Transaction) -> dict[str, Any]:
        author_id = (await writer(tx, ctx))["id"]
        row = await node.found(ctx, kind, key)
        if row is None:
            raise _not_found("subjectId")
        words = text(input.text, ["input", "text"], least=1, most=2000)
        if input.position_ms is not None:
            within(input.position_ms, ["input", "positionMs"], least=0, most=row["duration_ms"])
        reply_to_id = await _reply_to_id(ctx, input.reply_to_id, kind, row)
        said = (author_id, words, ctx.now, input.position_ms, reply_to_id)
        body = {"user_id": author_id, "reply_to_id": reply_to_id}
        if kind is ids.TRACK:
            comment_id = await tx.insert_track_comment(key, *said)
            body |= {"track_id": key, "comment_id": comment_id}
            made = ids.TRACK_COMMENT.write(key, comment_id)
        else:
            comment_id = await tx.insert_video_comment(*key, *said)
            body |= {"sound_id": key[0], "video_id": key[1], "comment_id": comment_id, "creator_id": row["creator_id"]}
            made = ids.VIDEO_COMMENT.write(key[0], comment_id)
        if comment_id is None:
            raise _not_found("subjectId")
        await outbox.publish(tx, f"{kind.prefix.upper()}_COMMENTED", ctx.now, body)
        return {"__typename": "AddCommentPayload", "subject_id": made}

    return [await fact(ctx, "addComment", input, response_key, write)]


async def _reply_to_id(ctx: Context, given: Id | None, kind: Kind, about: Any) -> int | None:
    # Answers are one level deep: who answers an answer answers the comment above it.
    if given is None:
        return None
    on_track = kind is ids.TRACK
    found = await node.found(ctx, *ids.one_of(given, (ids.TRACK_COMMENT if on_track else ids.VIDEO_COMMENT,)))
    if found is None or found["track_id" if on_track else "video_id"] != about["id"]:
        raise _not_found("replyToId")
    return found["reply_to_id"] or found["id"]  # type: ignore[no-any-return]


def _not_found(name: str) -> Refusal:
    return Refusal("NotFound", "There is no such thing, or not for you.", ["input", name])


@dataclass
class DeleteCommentInput:
    comment_id: Id


async def delete_comment(_: Rows, ctx: Context, input: DeleteCommentInput) -> Rows:
    kind, key = ids.one_of(input.comment_id, (ids.VIDEO_COMMENT, ids.TRACK_COMMENT))

    async def write(tx: Transaction) -> dict[str, Any]:
        viewer = (await writer(tx, ctx))["id"]
        comment = await node.found(ctx, kind, key)
        if comment is None or viewer not in (comment["author_id"], await _host(ctx, comment)):
            raise _not_found("commentId")
        body = {"user_id": viewer, "comment_id": comment["id"], "author_id": comment["author_id"]}
        if kind is ids.TRACK_COMMENT:
            gone, event = await tx.drop_track_comment(*key), "TRACK_COMMENT_REMOVED"
            body |= {"track_id": comment["track_id"]}
        else:
            gone, event = await tx.drop_video_comment(*key), "VIDEO_COMMENT_REMOVED"
            body |= {"sound_id": comment["sound_id"], "video_id": comment["video_id"]}
        if not gone:
            raise _not_found("commentId")
        await outbox.publish(tx, event, ctx.now, body)
        return {"__typename": "DeleteCommentPayload", "deleted_comment_id": input.comment_id}

    return [await attempt(ctx, write)]


async def _host(ctx: Context, comment: Any) -> int | None:
    # Whose video it stands under.
    video = comment["video_id"] and await node.found(ctx, ids.VIDEO, (comment["sound_id"], comment["video_id"]))
    return video and video["creator_id"]  # type: ignore[no-any-return]
