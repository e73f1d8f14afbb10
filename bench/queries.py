"""The four queries, in Chorus's own schema, and the variables that they are asked with."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Variables = dict[str, Any]

Q1 = """query ($id: ID!) { sound(id: $id) {
  id title kind durationMs creator { id handle displayName }
  community { videoCount creatorCount videos(first: %d, sort: RECENT) {
    edges { node { id caption createdAt viewCount likeCount creator { id handle displayName avatarUrl verified } } }
    pageInfo { hasNextPage endCursor } } } } }"""
Q2 = """query { trendingSounds(window: WEEK, kind: POPULAR, first: %d) { edges {
  rank trend { score }
  node { id title creator { id handle displayName } track { id title artists { artist { id name } } } } } } }"""
Q3 = """query ($id: ID!) { playlist(by: { id: $id }) {
  id title owner { id handle }
  items(first: %d) { edges { addedAt node { __typename
    ... on Track { id title durationMs artists { artist { id name } } }
    ... on Sound { id title } } } } } }"""
Q4 = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Sound {
  id title community { videos(first: %d, sort: RECENT) { edges { node { id caption creator { id handle displayName } } } } } } } }"""


def number(name: str) -> int:
    """The number in an id: 12 of `sound_12`."""
    return int(name.rpartition("_")[2])


def numbered(variables: Variables) -> Variables:
    """The variables with numbers in the place of global ids, as text: a BigInt and an ID take that."""
    return {
        variable: [str(number(name)) for name in value] if isinstance(value, list) else str(number(value))
        for variable, value in variables.items()
    }


@dataclass(frozen=True)
class Keys:
    """The ids that are asked for, 200 of each kind."""

    sounds: list[int]
    playlists: list[int]


def of_sound(keys: Keys, _: random.Random) -> list[Variables]:
    """One request a sound."""
    return [{"id": f"sound_{key}"} for key in keys.sounds]


def of_nothing(_: Keys, __: random.Random) -> list[Variables]:
    """Everybody asks for the same."""
    return [{}]


def of_playlist(keys: Keys, _: random.Random) -> list[Variables]:
    """One request a playlist."""
    return [{"id": f"playlist_{key}"} for key in keys.playlists]


def of_ten_sounds(keys: Keys, chance: random.Random) -> list[Variables]:
    """A thousand draws of ten sounds, or of all where there are fewer."""
    most = min(10, len(keys.sounds))
    return [{"ids": [f"sound_{key}" for key in chance.sample(keys.sounds, most)]} for _ in range(1000)]


@dataclass(frozen=True)
class Query:
    """A query whose list has `first` entries."""

    name: str
    title: str
    text: str
    first: int
    choose: Callable[[Keys, random.Random], list[Variables]]

    @property
    def document(self) -> str:
        return self.text % self.first

    def variables(self, keys: Keys) -> list[Variables]:
        """What is drawn from, the same in each run."""
        return self.choose(keys, random.Random(1))


QUERIES = {
    query.name: query
    for query in (
        Query("Q1", "a sound's page: 20 videos and their creators", Q1, 20, of_sound),
        Query("Q2", "a chart of 50: sound, creator, track, artists", Q2, 50, of_nothing),
        Query("Q3", "a playlist, up to 100 entries: track, artists", Q3, 100, of_playlist),
        Query("Q4", "10 sounds, 10 videos each, and their creators", Q4, 10, of_ten_sounds),
    )
}
