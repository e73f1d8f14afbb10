"""What the catalogue and the conversation answer to wrong input: an error that says what is allowed, or null; never a fault of ours."""

from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from resolvers.errors import Fault
from tests.ask import Answer, Api

HUGE = "9" * 100_000


def codes(answer: Answer) -> list[str]:
    """The codes of the errors; GRAPHQL for what GraphQL itself refuses, and the name of the exception for a fault of ours."""
    return [_code(error["original"]) for error in answer.errors]


def _code(original: Exception | None) -> str:
    if isinstance(original, Fault):
        return original.code
    return "GRAPHQL" if original is None or isinstance(original, GraphQLError) else type(original).__name__


FOREIGN = [
    "",
    "track",
    "track_",
    "track_0",
    "track_-1",
    "track_01",
    "track_1_2",
    f"track_{HUGE}",
    "track_9223372036854775808",
    "sound_1",
    "nothing_1",
]


@pytest.mark.parametrize("given_id", [*FOREIGN, "track_１", " track_1", "track_1\x00", "track_\ud800", "TRACK_1"])
async def test_an_id_that_is_not_a_tracks_is_refused(scene: Api, given_id: str) -> None:
    answer = await scene.ask("query ($id: ID!) { track(by: {id: $id}) { title } }", id=given_id)
    assert (answer.data, codes(answer)) == ({"track": None}, ["INVALID_ID"])
    assert len(answer.errors[0]["message"]) < 200
    assert answer.statements == []


@pytest.mark.parametrize(
    "field",
    [
        'artist(by: {id: "track_1"}) { name }',
        'release(by: {id: "artist_1"}) { title }',
        'track(by: {id: "release_1"}) { title }',
    ],
)
async def test_an_id_of_another_type_is_refused_with_the_type_that_is_needed(scene: Api, field: str) -> None:
    answer = await scene.ask(f"{{ {field} }}")
    assert codes(answer) == ["INVALID_ID"]
    assert f"the id of a {field.split('(')[0]} is needed here" in answer.errors[0]["message"]


@pytest.mark.parametrize(
    ("by", "allowed"),
    [
        ({"isrc": text}, "ISRC")
        for text in ("", "USRC1760783", "USRC176078399", "USRC1760783X", "ÜSRC17607839", "\x00", "\ud800", HUGE, "USRC17607839\x00", "USRC１７６０７８３９")
    ] + [({"mbid": text}, "MBID") for text in ("", "5b11f4ce", "track_1", "\x00", "\ud800", HUGE, "5b11f4cea62d471e81fca69a8278c7da")],
)  # fmt: skip
async def test_a_key_that_is_none_is_refused_with_an_example(scene: Api, by: dict[str, str], allowed: str) -> None:
    answer = await scene.ask("query ($by: TrackBy!) { track(by: $by) { title } }", by=by)
    assert codes(answer) == ["INVALID_ARGUMENT"]
    assert allowed in answer.errors[0]["message"]
    assert len(answer.errors[0]["message"]) < 200
    assert answer.statements == []


@pytest.mark.parametrize(
    "upc", ["", "60244579012", "602445790128123", "60244579012a", "６０２４４５７９０１２８", "\x00", HUGE]
)
async def test_a_bar_code_that_is_none_is_refused_with_an_example(scene: Api, upc: str) -> None:
    answer = await scene.ask("query ($upc: String!) { release(by: {upc: $upc}) { title } }", upc=upc)
    assert codes(answer) == ["INVALID_ARGUMENT"]
    assert "12 to 14 digits" in answer.errors[0]["message"]


@pytest.mark.parametrize(
    "by",
    [
        "{}",
        "{id: null}",
        '{id: "track_1", isrc: "USRC17607839"}',
        '{id: "track_1", mbid: null}',
        '{title: "Low Tide"}',
        '"track_1"',
    ],
)
async def test_exactly_one_key_is_named(scene: Api, by: str) -> None:
    answer = await scene.ask(f"{{ track(by: {by}) {{ title }} }}")
    assert answer.data is None
    assert answer.errors
    assert answer.statements == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "#",
        "##",
        "  ",
        "two words",
        "a-b",
        "\x00",
        "ti\x00de",
        "\ud800",
        "#" + "a" * 101,
        "a" * 1_000_000,
        "🌊",
        "no such tag",
    ],
)
async def test_a_name_that_no_hashtag_can_have_finds_nothing_and_asks_nothing(scene: Api, name: str) -> None:
    answer = await scene.ask("query ($name: String!) { hashtag(name: $name) { id } }", name=name)
    assert (answer.data, answer.errors, answer.statements) == ({"hashtag": None}, [], [])


@pytest.mark.parametrize("name", ["غروب", "東京", "naïve", "a" * 100, "_", "१२३"])
async def test_a_name_in_any_script_may_be_a_hashtag(api: Api, name: str) -> None:
    await api.sql("insert into hashtags values ($1, 1)", name)
    found = (await api.get("query ($name: String!) { hashtag(name: $name) { id } }", name=f"#{name}"))["hashtag"]
    assert (await api.get("query ($id: ID!) { node(id: $id) { id } }", id=found["id"]))["node"] == {
        "id": f"hashtag_{name}"
    }


@pytest.mark.parametrize("given_id", ["hashtag_", "hashtag_a b", "hashtag_a\x00", "hashtag_\udfff", "hashtag_" + "a" * 101, "niche_x", "niche_0", "videocomment_1",
                                      "trackcomment_1_0", "comment_1"])  # fmt: skip
async def test_a_malformed_node_is_an_error_in_its_place_and_spares_the_others(scene: Api, given_id: str) -> None:
    answer = await scene.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["niche_1", given_id, "track_1"])
    assert answer.data == {"nodes": [{"id": "niche_1"}, None, {"id": "track_1"}]}
    assert codes(answer) == ["INVALID_ID"]
    assert answer.errors[0]["path"] == ["nodes", 1]


@pytest.mark.parametrize(
    "given_id",
    [
        "niche_40000",
        "niche_9223372036854775807",
        "track_9223372036854775807",
        "videocomment_9223372036854775807_1",
        "hashtag_unused",
    ],
)
async def test_a_well_formed_id_that_nothing_has_finds_nothing(scene: Api, given_id: str) -> None:
    answer = await scene.ask("query ($id: ID!) { node(id: $id) { id } }", id=given_id)
    assert (answer.data, answer.errors) == ({"node": None}, [])


PAGED = [
    ("artist_1", "Artist", "tracks", "edges { cursor }"), ("artist_1", "Artist", "releases", "edges { cursor }"), ("artist_1", "Artist", "topSounds", "id"),
    ("release_1", "Release", "tracks", "edges { cursor }"), ("track_1", "Track", "sounds", "edges { cursor }"), ("track_1", "Track", "comments", "edges { cursor }"),
    ("sound_1", "Sound", "derivatives", "edges { cursor }"), ("hashtag_tide", "Hashtag", "videos", "edges { cursor }"),
    ("video_1_1", "Video", "comments", "edges { cursor }"),
]  # fmt: skip


@pytest.mark.parametrize(("parent", "kind", "field", "selection"), PAGED)
@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_a_page_size_out_of_range_is_refused(
    scene: Api, parent: str, kind: str, field: str, selection: str, first: int
) -> None:
    query = f'query ($first: Int!) {{ node(id: "{parent}") {{ ... on {kind} {{ {field}(first: $first) {{ {selection} }} }} }} }}'
    answer = await scene.ask(query, first=first)
    assert codes(answer) == ["INVALID_PAGE_SIZE"]
    assert answer.errors[0]["message"] == f"`first` is {first}; it must be between 1 and 100."


@pytest.mark.parametrize("first", [None, 2**31, 1.5, "10", True])
async def test_a_page_size_that_is_no_number_is_refused_before_anything_is_asked(scene: Api, first: Any) -> None:
    answer = await scene.ask(
        'query ($first: Int!) { track(by: {id: "track_1"}) { comments(first: $first) { edges { cursor } } } }',
        first=first,
    )
    assert answer.data is None
    assert codes(answer) == ["GRAPHQL"]
    assert answer.statements == []


@pytest.mark.parametrize(("parent", "kind", "field", "selection"), [row for row in PAGED if row[2] != "topSounds"])
@pytest.mark.parametrize("after", ["", "x", "%%%%", "\x00", "\ud800", "A" * 900, "é", "eyJhIjoxfQ=="])
async def test_a_cursor_that_no_list_gave_is_refused(
    scene: Api, parent: str, kind: str, field: str, selection: str, after: str
) -> None:
    query = f'query ($after: Cursor) {{ node(id: "{parent}") {{ ... on {kind} {{ {field}(after: $after) {{ {selection} }} }} }} }}'
    assert codes(await scene.ask(query, after=after)) == ["INVALID_CURSOR"]


@pytest.mark.parametrize("region", ["", "de", "DEU", "D", "1A", "ＤＥ", "D\x00", "\ud800\ud800", HUGE, 7, None])
async def test_a_region_that_is_none_is_refused(scene: Api, region: Any) -> None:
    answer = await scene.ask(
        'query ($region: RegionCode!) { track(by: {id: "track_1"}) { availability(region: $region) { reason } } }',
        region=region,
    )
    assert answer.data is None
    assert codes(answer) == ["GRAPHQL"]
    assert answer.statements == []


ARGUMENTS = [
    "query ($text: ID!) { artist(by: {id: $text}) { name } }", "query ($text: ID!) { artist(by: {mbid: $text}) { name } }",
    "query ($text: String!) { track(by: {isrc: $text}) { title } }", "query ($text: String!) { release(by: {upc: $text}) { title } }",
    "query ($text: String!) { hashtag(name: $text) { id videos { edges { node { id } } } } }", "query ($text: ID!) { nodes(ids: [$text]) { id } }",
    "query ($text: Cursor!) { hashtag(name: \"tide\") { videos(after: $text) { edges { cursor } } } }",
    "query ($text: RegionCode!) { track(by: {id: \"track_1\"}) { availability(region: $text) { reason } } }",
]  # fmt: skip
TEXT = st.one_of(
    st.text(st.characters(), max_size=60),  # surrogates and NUL included
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["track_", "hashtag_", "niche_", "videocomment_1_", "trackcomment_"]), st.text(max_size=30)
        ),
    ),
    st.integers().map(lambda number: f"videocomment_{number}_{number}"),
)


@settings(max_examples=60)
@given(text=TEXT)
@example(text="\x00")
@example(text="\ud800")
async def test_no_text_whatever_is_a_fault_of_ours(scene: Api, text: str) -> None:
    for query in ARGUMENTS:
        answer = await scene.ask(query, text=text)
        assert set(codes(answer)) <= {"GRAPHQL", "INVALID_ID", "INVALID_ARGUMENT", "INVALID_CURSOR"}, (
            query,
            answer.errors,
        )
