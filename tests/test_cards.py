"""A list that loads the cards of its rows answers every field that may be asked of them, each alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, is_leaf_type, is_required_argument
from graphql.type import get_named_type

from schema import build_schema
from tests.ask import Api

SCHEMA = build_schema()._schema
CHART = "trendingSounds(window: WEEK, kind: POPULAR, first: 5) { edges { node { % } } }"
COMMUNITY = 'sound(id: "sound_3") { community { videos(sort: RECENT, first: 5) { edges { node { % } } } } }'
LISTS = {
    "Sound": (CHART, COMMUNITY.replace("%", "sound { % }")),
    "Community": (CHART.replace("%", "community { % }"),),
    "Track": (
        CHART.replace("%", "track { % }"),
        'playlist(by: { id: "playlist_1" }) { items { edges { node { ... on Track { % } } } } }',
    ),
    "Video": (COMMUNITY,),
    "User": (COMMUNITY.replace("%", "creator { % }"), CHART.replace("%", "creator { % }")),
}


def fields(name: str) -> Iterator[str]:
    """Each field of the type that needs no argument, with something below it."""
    type_: Any = SCHEMA.type_map[name]
    for key, field in type_.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        named: Any = get_named_type(field.type)
        yield key if is_leaf_type(named) else f"{key} {{ {below(named)} }}"


def below(type_: Any) -> str:
    """Leaves of the type itself, so that nothing but the way there is asked."""
    if not isinstance(type_, GraphQLObjectType):
        return "__typename"
    leaves = [key for key, field in type_.fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args]
    return " ".join(leaves) or "__typename"


@pytest.mark.parametrize("name", LISTS)
async def test_each_field_of_a_row_is_answered_below_a_list(world: Api, name: str) -> None:
    for place in LISTS[name]:
        for field in fields(name):
            answer = await world.ask(f"{{ {place.replace('%', field)} }}", viewer=1)
            assert not answer.errors, f"{field}: {answer.errors}"
            assert answer.data
