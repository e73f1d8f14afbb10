"""Every list of communities, people, playlists and the viewer: a fixed number of statements, and everything once from either end."""

from typing import Any

import pytest

from resolvers.page import SLACK
from tests.ask import Api

# (parents, their type, the field with its arguments, what is asked of a node, how many there are)
NESTED = [
    ("sound", "Community", "videos(%)", "caption creator { handle } sound { title }", 130),
    ("sound", "Community", "videos(sort: RECENT, %)", "caption creator { handle }", 130),
    ("sound", "Community", "videos(sort: FIRST, %)", "caption creator { handle }", 130),
    ("sound", "Community", 'videos(niche: "niche_1", %)', "caption niches { slug }", 130),
    ("sound", "Community", 'videos(sort: RECENT, niche: "niche_1", %)', "caption", 130),
    ("sound", "Community", 'videos(region: "DE", %)', "caption", 130),
    ("sound", "Community", 'videos(sort: RECENT, region: "DE", %)', "caption", 130),
    ("sound", "Community", 'videos(niche: "niche_1", region: "DE", %)', "caption", 130),
    ("sound", "Community", 'videos(sort: FIRST, niche: "niche_1", region: "DE", %)', "caption", 130),
    ("sound", "Community", "creators(%)", "handle followers(first: 1) { edges { cursor } }", 130),
    ("sound", "Community", "creators(sort: EARLIEST, %)", "handle", 130),
    ("sound", "Community", "members(%)", "handle viewerIsFollowing viewerHasBlocked", 130),
    ("user", "User", "videos(%)", "caption sound { title }", 132),
    ("user", "User", "originalSounds(%)", "title community { videoCount viewerIsMember }", 130),
    ("user", "User", "playlists(%)", "title owner { handle } viewerRole viewerIsFollowing shareUrl", 130),
    ("user", "User", "communities(%)", "sound { title } viewerIsMember viewerUnseenVideoCount niches { share }", 131),
    ("user", "User", "followers(%)", "handle", 130),
    ("user", "User", "following(%)", "handle", 130),
    ("playlist", "Playlist", "items(%)", "... on Track { title } ... on Sound { title }", 130),
]
BOTH_WAYS = [row for row in NESTED if row[2].startswith(("videos(sort", "videos(n", "videos(r", "items")) and row[1] != "User"]  # fmt: skip
MINE = [
    ("savedSounds(%)", "title"),
    ("savedTracks(%)", "title"),
    ("playlists(%)", "title viewerRole"),
    ("communities(%)", "sound { title }"),
    ("following(%)", "caption creator { handle }"),
]


def asked(kind: str, field: str, arguments: str, fields: str) -> str:
    listed = f"{field.replace('%', arguments)} {{ pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {fields} }} }} }}"
    page = f"page: {listed}"
    return f"... on Sound {{ community {{ {page} }} }}" if kind == "Community" else f"... on {kind} {{ {page} }}"


def page_of(node: Any, kind: str) -> Any:
    return node["community"]["page"] if kind == "Community" else node["page"]


@pytest.mark.parametrize(("prefix", "kind", "field", "fields", "count"), NESTED)
async def test_pages_of_one_and_of_a_hundred_take_the_same_statements(
    crowd: Api, parents_a_call: dict[str, int], prefix: str, kind: str, field: str, fields: str, count: int
) -> None:
    query = (
        f"query ($ids: [ID!]!, $first: Int!) {{ nodes(ids: $ids) {{ {asked(kind, field, 'first: $first', fields)} }} }}"
    )
    ids = [f"{prefix}_1", f"{prefix}_2"]
    small, large = await crowd.ask(query, viewer=130, ids=ids, first=1), await crowd.ask(query, viewer=130, ids=ids, first=100)  # fmt: skip
    assert (small.errors, large.errors) == ([], [])
    assert set(small.statements) == set(large.statements)
    assert len(small.statements) == len(large.statements)
    assert [len(page_of(node, kind)["edges"]) for node in large.data["nodes"]] == [100, 100]
    name = {"originalSounds": "original_sounds"}.get(field.split("(")[0], field.split("(")[0])
    assert parents_a_call[f"resolvers.{kind.lower()}.{name}"] == 2


@pytest.mark.parametrize(("field", "fields"), MINE)
async def test_the_viewers_pages_of_one_and_of_a_hundred_take_the_same_statements(
    crowd: Api, field: str, fields: str
) -> None:
    query = f"query ($first: Int!) {{ viewer {{ {field.replace('%', 'first: $first')} {{ edges {{ node {{ {fields} }} }} }} }} }}"
    small, large = await crowd.ask(query, viewer=1, first=1), await crowd.ask(query, viewer=1, first=100)
    assert (small.errors, large.errors) == ([], [])
    assert small.statements == large.statements
    (found,) = large.data["viewer"].values()
    assert len(found["edges"]) == 100


@pytest.mark.parametrize(("prefix", "kind", "field", "fields", "count"), NESTED)
async def test_walking_forwards_meets_everything_once(
    crowd: Api, prefix: str, kind: str, field: str, fields: str, count: int
) -> None:
    query = f"query ($id: ID!, $after: Cursor) {{ node(id: $id) {{ {asked(kind, field, 'first: 43, after: $after', '__typename')} }} }}"
    cursors: list[str] = []
    after, more = None, True
    while more:
        page = page_of((await crowd.get(query, id=f"{prefix}_1", after=after))["node"], kind)
        cursors += [edge["cursor"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] == (after is not None)
        after, more = info["endCursor"], info["hasNextPage"]
    assert len(cursors) == len(set(cursors)) == count


@pytest.mark.parametrize(("prefix", "kind", "field", "fields", "count"), BOTH_WAYS)
async def test_walking_backwards_meets_the_same_in_the_same_order(
    crowd: Api, prefix: str, kind: str, field: str, fields: str, count: int
) -> None:
    forwards = f"query ($id: ID!) {{ node(id: $id) {{ {asked(kind, field, 'first: 100', '__typename')} }} }}"
    backwards = f"query ($id: ID!, $before: Cursor) {{ node(id: $id) {{ {asked(kind, field, 'last: 43, before: $before', '__typename')} }} }}"
    head = [edge["cursor"] for edge in page_of((await crowd.get(forwards, id=f"{prefix}_1"))["node"], kind)["edges"]]
    cursors: list[str] = []
    before, more = None, True
    while more:
        page = page_of((await crowd.get(backwards, id=f"{prefix}_1", before=before))["node"], kind)
        cursors = [edge["cursor"] for edge in page["edges"]] + cursors
        info = page["pageInfo"]
        assert info["hasNextPage"] == (before is not None)
        before, more = info["startCursor"], info["hasPreviousPage"]
    assert len(cursors) == len(set(cursors)) == count
    assert cursors[:100] == head


async def test_a_page_stays_full_where_more_than_its_slack_is_hidden(crowd: Api) -> None:
    # The viewer blocked 15 people, who stand at the places 91 to 105 of 130.
    assert SLACK < 15
    query = """query ($after: Cursor) { sound(id: "sound_2") { community { members(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { id } } } } } }"""
    page = (await crowd.get(query, viewer=1))["sound"]["community"]["members"]
    assert (len(page["edges"]), page["pageInfo"]["hasNextPage"]) == (100, True)
    after = page["pageInfo"]["endCursor"]
    last = (await crowd.get(query, viewer=1, after=after))["sound"]["community"]["members"]
    assert (len(last["edges"]), last["pageInfo"]["hasNextPage"]) == (15, False)
    assert len({edge["node"]["id"] for edge in page["edges"] + last["edges"]}) == 115


async def test_a_page_behind_thousands_of_hidden_ones_costs_a_few_looks(api: Api) -> None:
    await api.sql(
        "insert into users (handle, display_name, status, joined_at) select 'user' || n, 'User', case when n in (1, 5000) then 'ACTIVE' else 'SUSPENDED' end, $1"
        " from generate_series(1, 5000) n",
        api.now,
    )
    await api.sql(
        "insert into followers select 1, n, $1::timestamptz - n * interval '1 second' from generate_series(2, 5000) n",
        api.now,
    )
    query = (
        '{ user(by: { id: "user_1" }) { followers(first: 1) { pageInfo { hasNextPage } edges { node { handle } } } } }'
    )
    answer = await api.ask(query)
    assert answer.data["user"]["followers"] == {
        "pageInfo": {"hasNextPage": False},
        "edges": [{"node": {"handle": "user5000"}}],
    }
    assert answer.statements.count("followers_by_user") <= 15


async def test_neighbours_of_many_communities_are_one_statement(crowd: Api, parents_a_call: dict[str, int]) -> None:
    query = "query ($first: Int!) { nodes(ids: [\"community_1\", \"community_2\"]) { ... on Community { neighbours(first: $first) { overlap community { id } } } } }"  # fmt: skip
    small, large = await crowd.ask(query, first=1), await crowd.ask(query, first=100)
    assert [len(node["neighbours"]) for node in large.data["nodes"]] == [100, 100]
    assert small.statements == large.statements == ["community_by_sound", "listed_sound_by_id", "neighbours_by_sound"]
    assert parents_a_call["resolvers.community.neighbours"] == 2
