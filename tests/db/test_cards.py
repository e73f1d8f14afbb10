"""Cards: who needs little of each row gets little, and shares a statement with who needs all."""

import asyncio

import pytest

from db.queries import QUERIES, Query, Slice
from tests.db.loads import Loads

LITTLE, MORE = frozenset({"handle", "edges"}), frozenset({"handle", "bio"})


async def test_the_card_has_what_is_read_and_the_row_the_rest(loads: Loads) -> None:
    (card,) = await loads.ask("user_by_id", [1], LITTLE)
    assert set(card.keys()) == {"id", "handle", "display_name", "avatar_url", "verified"}
    (row,) = await loads.ask("user_by_id", [1], MORE)
    assert dict(card) == {name: row[name] for name in card.keys()}  # noqa: SIM118  a Record's own iteration is over its values
    assert QUERIES["user_by_id"].lacks == set(row.keys()) - set(card.keys())


@pytest.mark.parametrize("order", [(LITTLE, None), (None, LITTLE), (LITTLE, MORE), (LITTLE, LITTLE, MORE)])
async def test_who_needs_more_gets_it_in_the_same_statement(
    loads: Loads, order: tuple[frozenset[str] | None, ...]
) -> None:
    loads.sql.clear()
    await asyncio.gather(*(loads.ask("user_by_id", [key], reads) for key, reads in enumerate(order, start=1)))
    assert loads.sql == [QUERIES["user_by_id"].sql]


async def test_who_comes_while_the_batch_waits_for_a_connection_still_gets_all(loads: Loads) -> None:
    async with loads.held():
        users = await loads.occupied()
        sounds = [loads.ask("sound_by_id", [1], frozenset({"title"})), loads.ask("sound_by_id", [2])]
    assert (await sounds[1])[0]["founder_id"] is None
    await asyncio.gather(*users, sounds[0])
    assert loads.keys("sound_by_id") == [[1, 2]]


@pytest.mark.parametrize("query", [query for query in QUERIES.values() if query.card], ids=lambda query: query.name)
def test_a_card_holds_what_rows_are_handed_back_and_paged_by(query: Query) -> None:
    assert query.lacks.isdisjoint({*query.keys, *query.keyset})


def test_a_page_has_a_card_too_and_only_where_the_concept_has_one() -> None:
    page, part = QUERIES["videos_by_sound"], Slice(3, descending=True)
    whole, card = page.text_for(part)[0], page.text_for(part, frozenset({"caption"}))[0]
    assert "hashtags" in whole
    assert "hashtags" not in card
    artists = QUERIES["artist_by_id"]
    assert artists.text_for(None, frozenset({"name"})) == artists.text_for(None)
