"""Comments and shares that come together share a statement, and each is judged, answered and refused for itself."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.ask import Api
from tests.test_remarks import town  # noqa: F401

DAY = timedelta(days=1)
# The columns of each, about what is there or, where such a thing can go away, about what is not; and where it is written.
KINDS: dict[str, tuple[Callable[[int], tuple[Any, ...]], str]] = {
    "comment_on_videos": (lambda video: (1, video, "so good", None, None), "video_comments"),
    "comment_on_tracks": (lambda _: (1, "so good", None, None), "track_comments"),
    "record_shares": (lambda video: (f"video_1_{video}", "VIDEO", video, 1, "link", '{"video_id": 1}'), "shares"),
}
REMOVABLE = ["comment_on_videos", "record_shares"]


async def write(
    api: Api, query: str, user: int, *, video: int = 1, key: str | None = None, valid: bool = True
) -> dict[str, Any]:
    """What is answered to one of them."""
    row = ("somebody", key, key and b"hash", api.now - DAY, user, api.now, valid, *KINDS[query][0](video))
    apart = frozenset() if key is None else frozenset([("somebody", key)])
    return await getattr(api.database, query)(row, apart)  # type: ignore[no-any-return]


async def sent(api: Api, *writes: Any) -> tuple[list[str], list[str]]:
    """What came of all these at once, and which statements were sent for them."""
    names: list[str] = []
    api.database.statements = names
    answers = await asyncio.gather(*writes)
    api.database.statements = None
    return [answer["outcome"] for answer in answers], names


@pytest.mark.parametrize("query", KINDS)
async def test_many_share_a_statement_and_what_is_refused_leaves_the_others(town: Api, query: str) -> None:  # noqa: F811
    await town.sql("update users set status = 'SUSPENDED' where id = 4")
    several = [write(town, query, user, key=f"k{user}", valid=user != 5) for user in range(3, 23)]
    outcomes, names = await sent(town, *several)
    assert outcomes == ["DONE", "SUSPENDED", "INVALID", *["DONE"] * 17]
    assert names == [query]
    rows = await town.sql(f"select * from {KINDS[query][1]} order by id")
    assert [row.get("author_id") or row.get("user_id") for row in rows] == [3, *range(6, 23)]
    assert (
        len(await town.sql("select from outbox where type in ('VIDEO_COMMENTED', 'TRACK_COMMENTED', 'VIDEO_SHARED')"))
        == 18
    )
    assert len(await town.sql("select from idempotency_results where caller = 'somebody'")) == 18


@pytest.mark.parametrize("query", REMOVABLE)
async def test_what_is_about_a_video_that_is_gone_is_refused_alone(town: Api, query: str) -> None:  # noqa: F811
    outcomes, names = await sent(town, *(write(town, query, 3, video=video) for video in (1, 99, 1)))
    assert (outcomes, names) == (["DONE", "GONE", "DONE"], [query])
    assert len(await town.sql(f"select from {KINDS[query][1]}")) == 2


@pytest.mark.parametrize("query", KINDS)
async def test_a_key_is_used_once_and_one_that_another_process_holds_is_in_progress(town: Api, query: str) -> None:  # noqa: F811
    field = "recordShare" if query == "record_shares" else "addComment"
    async with town.database.transaction() as elsewhere:
        assert await elsewhere.try_idempotency_key(f"somebody\x1f{field}\x1fk1")
        outcomes, _ = await sent(town, *(write(town, query, 3, key=key) for key in ("k1", "k2")))
    assert outcomes == ["IN_PROGRESS", "DONE"]
    again = [await write(town, query, 3, key=key) for key in ("k1", "k1", "k2")]
    assert [answer["outcome"] for answer in again] == ["DONE", "KEY_USED", "KEY_USED"]
    assert len(await town.sql(f"select from {KINDS[query][1]}")) == 2
