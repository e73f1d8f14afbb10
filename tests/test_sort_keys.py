"""Fractional keys: always between their neighbours, always short where lists grow as lists do."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.sort_keys import DIGITS, keys_between

KEY = re.compile(r"[0-9A-Za-z]*[1-9A-Za-z]")  # as the table has it
keys = st.from_regex(KEY, fullmatch=True).filter(lambda key: len(key) < 80)


@settings(max_examples=200)
@given(ends=st.tuples(st.none() | keys, st.none() | keys), count=st.integers(1, 200))
def test_keys_stand_in_order_strictly_between_their_neighbours(ends: tuple[str | None, str | None], count: int) -> None:
    after, before = sorted(ends) if None not in ends else ends  # type: ignore[type-var]
    if after is not None and after == before:
        return
    found = keys_between(after, before, count)
    row = [key for key in (after, *found, before) if key is not None]
    assert len(found) == count
    assert row == sorted(set(row))
    assert all(KEY.fullmatch(key) for key in found)


@settings(max_examples=50)
@given(places=st.lists(st.floats(0, 1), max_size=60))
def test_any_order_of_insertions_keeps_the_list(places: list[float]) -> None:
    row: list[str] = []
    for place in places:
        index = round(place * len(row))
        after, before = [None, *row, None][index : index + 2]
        row[index:index] = keys_between(after, before, 1)
    assert row == sorted(set(row))


def test_a_list_that_grows_at_an_end_keeps_short_keys() -> None:
    last: str | None = None
    first: str | None = None
    for _ in range(20_000):
        (last,) = keys_between(last, None, 1)
        (first,) = keys_between(None, first, 1)
        assert max(len(last), len(first)) <= 3


def test_a_place_that_is_used_again_and_again_costs_a_digit_for_five() -> None:
    after, before = "V", "V001"
    for turn in range(1, 300):
        (before,) = keys_between(after, before, 1)
        assert len(before) <= 5 + turn / 5


def test_the_last_key_of_a_length_is_followed_by_a_longer_one() -> None:
    found = keys_between("yzz", None, 10_000)
    assert found == sorted(set(found))
    assert max(map(len, found)) == 4
    assert keys_between("zzz", None, 1) > ["zzz"]
    assert sorted(DIGITS) == list(DIGITS)
