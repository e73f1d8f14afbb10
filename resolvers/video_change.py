"""What becomes of a video after it was posted: its creator changes what it says and is about, or takes it away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import not_found
from resolvers.ids import Id
from resolvers.video import caption_of, hashtags_in, niche_ids_of
from resolvers.write import ResponseKey, author, fact

MICROSECOND = timedelta(microseconds=1)
WEIGHED = ("region", "weight", "trusted", "new_creator")


@dataclass
class UpdateVideoInput:
    video_id: Id
    caption: str | None
    niche_ids: list[Id] | None
    idempotency_key: str | None


async def update_video(_: Rows, ctx: Context, input: UpdateVideoInput, response_key: ResponseKey) -> Rows:
    key = ids.VIDEO.read(input.video_id)

    async def write(tx: Transaction) -> dict[str, Any]:
        creator_id = (await author(tx, ctx))["id"]
        video = await tx.lock_video(*key, creator_id)
        if video is None:
            raise not_found("videoId")
        caption = video["caption"] if input.caption is None else caption_of(input.caption)
        niche_ids = video["niche_ids"] if input.niche_ids is None else await niche_ids_of(tx, input.niche_ids)
        if (caption, niche_ids) != (video["caption"], video["niche_ids"]):
            hashtags = hashtags_in(caption)
            gone = [name for name in video["hashtags"] if name not in hashtags]
            await tx.change_video(*key, caption, hashtags, niche_ids, gone)
            body = _body(ctx, key, creator_id, video) | {
                "niche_ids": niche_ids,
                "hashtags": hashtags,
                "before": {"niche_ids": video["niche_ids"], "hashtags": video["hashtags"]},
            }
            await outbox.publish(tx, "VIDEO_CHANGED", ctx.now, body)
        return {"__typename": "UpdateVideoPayload", "sound_id": key[0], "video_id": key[1]}

    return [await fact(ctx, "updateVideo", input, response_key, write)]


@dataclass
class DeleteVideoInput:
    video_id: Id
    idempotency_key: str | None


async def delete_video(_: Rows, ctx: Context, input: DeleteVideoInput, response_key: ResponseKey) -> Rows:
    key = ids.VIDEO.read(input.video_id)

    async def write(tx: Transaction) -> dict[str, Any]:
        creator_id = (await author(tx, ctx))["id"]
        await tx.lock_creator(key[0], creator_id)
        # A statement that had to wait for a change would not see the copies that came with it.
        if await tx.lock_video(*key, creator_id) is None:
            raise not_found("videoId")
        video = await tx.drop_video(*key, creator_id)
        left = await tx.creator_video_ids(key[0], creator_id) or []
        heir = await tx.settle_creator(key[0], creator_id, left)
        body = _body(ctx, key, creator_id, video) | {
            "niche_ids": video["niche_ids"],
            "hashtags": video["hashtags"],
            "view_count": video["view_count"],
            "heir": heir and {"region": heir["region"], "age": _age(ctx, heir)},
        }
        await outbox.publish(tx, "VIDEO_REMOVED", ctx.now, body)
        subject = ids.SOUND.write(key[0])
        return {"__typename": "DeleteVideoPayload", "deleted_video_id": input.video_id, "subject_id": subject}

    return [await fact(ctx, "deleteVideo", input, response_key, write)]


def _body(ctx: Context, key: tuple[int, int], creator_id: int, video: Any) -> dict[str, Any]:
    # What was added with the video, and when: the worker takes away the same.
    known = {"sound_id": key[0], "video_id": key[1], "creator_id": creator_id, "age": _age(ctx, video)}
    return known | {column: video[column] for column in WEIGHED}


def _age(ctx: Context, video: Any) -> int:
    since: datetime = video["created_at"]
    return (ctx.now - since) // MICROSECOND
