"""The header `Idempotency-Key`: every mutation obeys it, also those that take no key in their input."""

from typing import Any

from resolvers.context import Context
from schema import build_schema
from tests.ask import EXECUTOR, Api, schema_of
from tests.test_wishes import town  # noqa: F401

# What is done with a key, what undoes it, and what is asked with the same key and other input.
WISHES = {
    "setLike": ('subjectId: "video_1_1", liked: true', 'subjectId: "video_1_1", liked: false'),
    "setSaved": ('subjectId: "sound_1", saved: true', 'subjectId: "sound_1", saved: false'),
    "setFollowing": ('subjectId: "user_2", following: true', 'subjectId: "user_2", following: false'),
    "setMembership": ('soundId: "sound_1", member: true', 'soundId: "sound_1", member: false'),
    "setBlocked": ('userId: "user_4", blocked: true', 'userId: "user_4", blocked: false'),
}
ONCE = {
    "markCommunitySeen": ('soundId: "sound_1"', 'soundId: "sound_2"'),
    "deleteComment": ('commentId: "videocomment_1_1"', 'commentId: "trackcomment_1_1"'),
    "deletePlaylist": ('playlistId: "playlist_1"', 'playlistId: "playlist_2"'),
}


async def ask(
    api: Api, fields: dict[str, tuple[str, str]], *, viewer: int = 1, key: str | None = "k"
) -> dict[str, Any]:
    """The answers to these mutations, each (field, input) by its response key."""
    ctx = Context(
        db=api.database,
        cursors=api.cursors,
        now=api.now,
        viewer=viewer,
        subject=f"test|{viewer}",
        idempotency_key=key,
    )
    parts = [f"{name}: {field}(input: {{{wish}}}) {{ {SHOWN} }}" for name, (field, wish) in fields.items()]
    result: Any = await schema_of(EXECUTOR).execute(f"mutation {{ {' '.join(parts)} }}", context_value=ctx)
    assert not result.errors, result.errors
    return dict(result.data)


SHOWN = "__typename ... on IdempotencyRefused { reason } ... on InvalidInput { path }"


async def facts(api: Api) -> list[str]:
    return [row["type"] for row in await api.sql("select type from outbox order by id")]


async def test_a_wish_that_is_repeated_late_does_not_undo_a_newer_one(town: Api) -> None:  # noqa: F811
    for field, (wish, undone) in WISHES.items():
        first = await ask(town, {"a": (field, wish)}, viewer=3)
        await ask(town, {"a": (field, undone)}, viewer=3, key=None)
        told = await facts(town)
        assert await ask(town, {"a": (field, wish)}, viewer=3) == first
        assert first["a"]["__typename"].endswith("Payload")
        assert (await ask(town, {"a": (field, undone)}, viewer=3))["a"]["reason"] == "KEY_REUSED"
        assert await facts(town) == told
    assert len(await facts(town)) == 2 * len(WISHES)


async def test_what_is_done_once_is_answered_twice(town: Api) -> None:  # noqa: F811
    await ask(town, {"a": ("setMembership", 'soundId: "sound_1", member: true')}, key=None)
    for field, (wish, other) in ONCE.items():
        first = await ask(town, {"a": (field, wish)})
        told = await facts(town)
        assert await ask(town, {"a": (field, wish)}) == first
        assert first["a"]["__typename"].endswith("Payload")
        refused = await ask(town, {"a": (field, other)})
        assert refused["a"] == {"__typename": "IdempotencyRefused", "reason": "KEY_REUSED"}
        assert await facts(town) == told


async def test_a_header_holds_for_each_field_of_an_operation(town: Api) -> None:  # noqa: F811
    both = {"a": ("setLike", WISHES["setLike"][0]), "b": ("setLike", WISHES["setLike"][1])}
    first = await ask(town, both)
    assert {answer["__typename"] for answer in first.values()} == {"SetLikePayload"}
    told = await facts(town)
    assert await ask(town, both) == first
    assert await facts(town) == told
    long = await ask(town, {"a": both["a"]}, key="k" * 129)
    assert long["a"] == {"__typename": "InvalidInput", "path": []}


async def test_notifications_are_read_once_for_a_key(town: Api) -> None:  # noqa: F811
    await town.sql(
        "insert into notifications (user_id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at)"
        " values (1, 'FOLLOWED', 'USER', '{2}', 2, 1, 7, $1)",
        town.now,
    )
    seen = await town.get("{ viewer { notifications { edges { cursor } } } }", viewer=1)
    cursor = seen["viewer"]["notifications"]["edges"][0]["cursor"]
    read = {"a": ("markNotificationsRead", f'upTo: "{cursor}"')}
    first = await ask(town, read)
    await town.sql("update notifications set is_read = false")
    assert await ask(town, read) == first
    assert await town.sql("select from notifications where is_read") == []


def test_every_mutation_can_refuse_a_key() -> None:
    mutation: Any = build_schema()._schema.mutation_type
    results = {name: field.type.of_type.types for name, field in mutation.fields.items()}
    assert not {name for name, members in results.items() if "IdempotencyRefused" not in {one.name for one in members}}
