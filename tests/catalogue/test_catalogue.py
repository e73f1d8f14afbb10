"""The catalogue: artists, releases, tracks and what belongs to them."""

from typing import Any

import pytest

from tests.ask import Api
from tests.catalogue.scene import LOW_TIDE_MBID, MIRA_MBID


def nodes(connection: dict[str, Any], field: str = "title") -> list[Any]:
    return [edge["node"][field] for edge in connection["edges"]]


async def test_an_artist_answers_with_everything_that_is_hers(scene: Api) -> None:
    query = """{ artist(by: {id: "artist_1"}) { id name mbid imageUrl followerCount viewerIsFollowing user { handle artist { name } }
        tracks { edges { node { title } } } releases { edges { node { title } } } topSounds { title } } }"""
    artist = (await scene.get(query))["artist"]
    assert artist == {
        "id": "artist_1",
        "name": "Mira Solano",
        "mbid": MIRA_MBID,
        "imageUrl": "https://images.example/mira.jpg",
        "followerCount": 3_000_000_000,
        "viewerIsFollowing": False,
        "user": {"handle": "mira", "artist": {"name": "Mira Solano"}},
        "tracks": {"edges": [{"node": {"title": title}} for title in ("Undertow", "Low Tide", "Harbour", "Pilot")]},
        "releases": {"edges": [{"node": {"title": title}} for title in ("Low Tide", "Harbour")]},
        "topSounds": [{"title": "Low Tide, intro"}, {"title": "Low Tide, chorus"}],
    }


async def test_an_artists_suspended_account_is_absent(scene: Api) -> None:
    query = '{ nodes(ids: ["artist_2", "artist_3"]) { ... on Artist { user { handle } tracks { edges { node { title } } } topSounds { title } } } }'
    assert (await scene.get(query))["nodes"] == [
        {
            "user": None,
            "tracks": {"edges": [{"node": {"title": "Low Tide"}}, {"node": {"title": "Harbour"}}]},
            "topSounds": [{"title": "Low Tide, chorus"}],
        },
        {"user": None, "tracks": {"edges": []}, "topSounds": []},
    ]


async def test_top_sounds_stay_full_where_removed_ones_are_left_out(scene: Api) -> None:
    assert (await scene.get('{ artist(by: {id: "artist_1"}) { topSounds(first: 1) { title status } } }'))["artist"] == {
        "topSounds": [{"title": "Low Tide, intro", "status": "MUTED"}]
    }


async def test_a_release_lists_its_tracks_in_its_own_order(scene: Api) -> None:
    query = """{ nodes(ids: ["release_1", "release_3"]) { ... on Release { id title kind upc releasedOn coverUrl
        artists { creditedAs role artist { name } } tracks { edges { node { title kind } } } } } }"""
    answer = await scene.ask(query)
    assert answer.data["nodes"] == [
        {
            "id": "release_1",
            "title": "Low Tide",
            "kind": "ALBUM",
            "upc": "602445790128",
            "releasedOn": "2026-03-01",
            "coverUrl": None,
            "artists": [{"creditedAs": "Mira Solano", "role": "MAIN", "artist": {"name": "Mira Solano"}}],
            "tracks": {"edges": [{"node": {"title": t, "kind": "SONG"}} for t in ("Undertow", "Low Tide")]},
        },
        {
            "id": "release_3",
            "title": "Night Radio",
            "kind": "PODCAST",
            "upc": None,
            "releasedOn": None,
            "coverUrl": "https://images.example/radio.jpg",
            "artists": [{"creditedAs": "Kite", "role": "HOST", "artist": {"name": "Kite Parade"}}],
            "tracks": {"edges": [{"node": {"title": "Pilot", "kind": "EPISODE"}}]},
        },
    ]
    assert answer.statements == [
        "artist_by_id", "credits_by_release", "release_by_id", "track_by_id", "tracks_by_release",
    ]  # fmt: skip


LINES = [{"startMs": 1200, "text": "The tide is low"}, {"startMs": 4800, "text": "And so am I"}]


async def test_a_track_answers_with_everything_that_surrounds_it(scene: Api) -> None:
    query = """{ track(by: {id: "track_1"}) { id title kind isrc mbid durationMs explicit genres releasedOn audioVariants playCount saveCount
        shareUrl viewerHasSaved release { title } artists { creditedAs role artist { id } } lyrics { language synced lines { startMs text } }
        links { service url } sounds { edges { node { title } } } comments { edges { node { text } } } } }"""
    answer = await scene.ask(query)
    assert answer.data["track"] == {
        "id": "track_1",
        "title": "Low Tide",
        "kind": "SONG",
        "isrc": "USRC17607839",
        "mbid": LOW_TIDE_MBID,
        "durationMs": 200_000,
        "explicit": False,
        "genres": ["indie pop", "dream pop"],
        "releasedOn": "2026-03-01",
        "audioVariants": ["PREVIEW", "LOSSLESS"],
        "playCount": 5_000_000_000,
        "saveCount": 12,
        "shareUrl": "http://127.0.0.1:8000/track/1",
        "viewerHasSaved": False,
        "release": {"title": "Low Tide"},
        "artists": [
            {"creditedAs": "MIRA", "role": "MAIN", "artist": {"id": "artist_1"}},
            {"creditedAs": "Kite Parade", "role": "FEATURED", "artist": {"id": "artist_2"}},
        ],
        "lyrics": {"language": "en", "synced": True, "lines": LINES},
        "links": [
            {"service": "Bandcamp", "url": "https://band.example/1"},
            {"service": "Spotify", "url": "https://open.example/1"},
        ],
        "sounds": {"edges": [{"node": {"title": "Low Tide, intro"}}, {"node": {"title": "Low Tide, chorus"}}]},
        "comments": {"edges": [{"node": {"text": "Yes"}}, {"node": {"text": "The bridge!"}}]},
    }
    assert answer.statements == [
        "artist_by_id", "comments_by_track", "credits_by_track", "links_by_track", "listed_sound_by_id", "lyrics_by_track", "release_by_id",
        "sounds_by_track", "track_by_id",
    ]  # fmt: skip


async def test_a_track_without_anything_around_it_answers_with_nulls_and_empty_lists(scene: Api) -> None:
    query = """{ track(by: {id: "track_4"}) { release { id } isrc mbid genres lyrics { language } links { url } artists { role }
        sounds { pageInfo { hasNextPage startCursor } edges { cursor } } } }"""
    assert (await scene.get(query))["track"] == {
        "release": None,
        "isrc": None,
        "mbid": None,
        "genres": [],
        "lyrics": None,
        "links": [],
        "artists": [],
        "sounds": {"pageInfo": {"hasNextPage": False, "startCursor": None}, "edges": []},
    }


PLAYABLE = {"isPlayable": True, "reason": None, "relinkedTo": None}


@pytest.mark.parametrize(
    ("track", "region", "expected"),
    [
        ("track_1", "US", PLAYABLE),
        ("track_1", "ZZ", PLAYABLE),
        ("track_1", "DE", {"isPlayable": False, "reason": "REGION", "relinkedTo": {"id": "track_2"}}),
        ("track_2", "US", {"isPlayable": False, "reason": "TAKEN_DOWN", "relinkedTo": None}),
        ("track_2", "FR", {"isPlayable": False, "reason": "REGION", "relinkedTo": {"id": "track_1"}}),
        ("track_4", "US", {"isPlayable": False, "reason": "NOT_RELEASED", "relinkedTo": None}),
        ("track_5", "US", PLAYABLE),
    ],
)
async def test_a_region_of_its_own_comes_before_everywhere_and_the_day_of_release(
    scene: Api, track: str, region: str, expected: dict[str, Any]
) -> None:
    query = "query ($id: ID!, $region: RegionCode!) { track(by: {id: $id}) { availability(region: $region) { isPlayable reason relinkedTo { id } } } }"
    assert (await scene.get(query, id=track, region=region))["track"]["availability"] == expected


async def test_availability_of_many_tracks_is_one_statement_a_region(scene: Api) -> None:
    query = """{ nodes(ids: ["track_1", "track_2", "track_3"]) { ... on Track { de: availability(region: "DE") { isPlayable }
        jp: availability(region: "JP") { isPlayable } } } }"""
    answer = await scene.ask(query)
    assert [(node["de"]["isPlayable"], node["jp"]["isPlayable"]) for node in answer.data["nodes"]] == [
        (False, True), (False, False), (True, False),
    ]  # fmt: skip
    assert answer.statements == ["restrictions_by_track", "restrictions_by_track", "track_by_id"]


@pytest.mark.parametrize(
    ("by", "statement"),
    [
        ('{id: "track_1"}', None),
        ('{isrc: "USRC17607839"}', "track_id_by_isrc"),
        ('{isrc: " us-rc1-76-07839 "}', "track_id_by_isrc"),
        (f'{{mbid: "{LOW_TIDE_MBID.upper()}"}}', "track_id_by_mbid"),
    ],
)
async def test_a_track_is_found_by_each_of_its_keys(scene: Api, by: str, statement: str | None) -> None:
    answer = await scene.ask(f"{{ track(by: {by}) {{ title }} }}")
    assert (answer.data, answer.errors) == ({"track": {"title": "Low Tide"}}, [])
    assert answer.statements == sorted([statement, "track_by_id"] if statement else ["track_by_id"])


async def test_artists_and_releases_are_found_by_each_of_their_keys(scene: Api) -> None:
    query = f"""{{ a: artist(by: {{id: "artist_1"}}) {{ name }} b: artist(by: {{mbid: "{MIRA_MBID}"}}) {{ name }}
        c: release(by: {{id: "release_1"}}) {{ title }} d: release(by: {{upc: "602445790128"}}) {{ title }} }}"""
    assert await scene.get(query) == {
        "a": {"name": "Mira Solano"}, "b": {"name": "Mira Solano"}, "c": {"title": "Low Tide"}, "d": {"title": "Low Tide"},
    }  # fmt: skip


async def test_a_key_that_nothing_has_finds_nothing(scene: Api) -> None:
    query = f"""{{ a: artist(by: {{mbid: "{LOW_TIDE_MBID}"}}) {{ name }} b: track(by: {{mbid: "{MIRA_MBID}"}}) {{ title }}
        c: track(by: {{isrc: "DEAB12400001"}}) {{ title }} d: release(by: {{upc: "000000000000"}}) {{ title }} e: track(by: {{id: "track_99"}}) {{ title }} }}"""
    answer = await scene.ask(query)
    assert (answer.data, answer.errors) == (dict.fromkeys("abcde"), [])


async def test_a_sound_shows_its_track_its_variants_and_its_address(scene: Api) -> None:
    query = """{ nodes(ids: ["sound_1", "sound_4", "sound_7"]) { ... on Sound { track { title release { title } } derivedFrom { title }
        derivatives { edges { node { title creator { handle } } } } shareUrl viewerHasSaved } } }"""
    first, second, third = (await scene.get(query, viewer=5))["nodes"]
    assert first["track"] == {"title": "Low Tide", "release": {"title": "Low Tide"}}
    assert nodes(first["derivatives"]) == ["Low Tide slowed", "Low Tide sped up"]
    assert (first["shareUrl"], first["viewerHasSaved"]) == ("http://127.0.0.1:8000/sound/1", True)
    assert (second["track"], second["derivedFrom"], second["viewerHasSaved"]) == (
        None,
        {"title": "Low Tide, chorus"},
        False,
    )
    assert third == {
        "track": None, "derivedFrom": None, "derivatives": {"edges": []}, "shareUrl": "http://127.0.0.1:8000/sound/7", "viewerHasSaved": False,
    }  # fmt: skip


async def test_what_the_viewer_saved_and_follows_is_asked_once_for_all_and_never_for_a_stranger(scene: Api) -> None:
    query = """{ nodes(ids: ["track_1", "track_2", "artist_1", "artist_2"]) { ... on Track { viewerHasSaved } ... on Artist { viewerIsFollowing } } }"""
    answer = await scene.ask(query, viewer=5)
    assert answer.data["nodes"] == [
        {"viewerHasSaved": True}, {"viewerHasSaved": False}, {"viewerIsFollowing": True}, {"viewerIsFollowing": False},
    ]  # fmt: skip
    assert answer.statements == ["artist_by_id", "is_following_artist", "is_track_saved", "track_by_id"]
    assert (await scene.ask(query)).statements == ["artist_by_id", "track_by_id"]


LISTS = [
    ("artist_", "Artist", "tracks(first: $first) { edges { node { title } } }"),
    ("artist_", "Artist", "releases(first: $first) { edges { node { title } } }"),
    ("artist_", "Artist", "topSounds(first: $first) { title }"),
    ("release_", "Release", "tracks(first: $first) { edges { node { title artists { role } } } }"),
    ("track_", "Track", "sounds(first: $first) { edges { node { title track { title } } } }"),
    ("track_", "Track", "comments(first: $first) { edges { node { text author { handle } } } }"),
    ("sound_", "Sound", "derivatives(first: $first) { edges { node { title creator { handle } } } }"),
    ("hashtag_", "Hashtag", "videos(first: $first) { edges { node { hashtags { name } niches { name } } } }"),
    ("hashtag_", "Hashtag", "videos(first: $first, sort: RECENT) { edges { node { creator { handle } } } }"),
    ("video_", "Video", "comments(first: $first) { edges { node { text author { handle } replyTo { text } } } }"),
]
PARENTS = {"hashtag_": ["hashtag_one", "hashtag_two"], "video_": ["video_1_1", "video_2_2"]}


@pytest.mark.parametrize(("prefix", "kind", "field"), LISTS)
async def test_pages_of_one_and_of_a_hundred_take_the_same_statements(
    many: Api, parents_a_call: dict[str, int], prefix: str, kind: str, field: str
) -> None:
    ids = PARENTS.get(prefix, [f"{prefix}1", f"{prefix}2"])
    query = f"query ($ids: [ID!]!, $first: Int!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {field} }} }} }}"
    small, large = await many.ask(query, ids=ids, first=1), await many.ask(query, ids=ids, first=100)
    assert (small.errors, large.errors) == ([], [])
    assert small.statements == large.statements
    name = field.split("(")[0]
    lists = [node[name]["edges"] if "edges" in node[name] else node[name] for node in large.data["nodes"]]
    assert [len(found) for found in lists] == [100, 100]
    python_name = "top_sounds" if name == "topSounds" else name
    assert parents_a_call[f"resolvers.{kind.lower()}.{python_name}"] == 2


@pytest.mark.parametrize(("prefix", "kind", "field"), [row for row in LISTS if "topSounds" not in row[2]])
async def test_walking_a_list_meets_everything_once_in_order(many: Api, prefix: str, kind: str, field: str) -> None:
    (parent, _) = PARENTS.get(prefix, [f"{prefix}1", f"{prefix}2"])
    paged = field.split("{")[0].replace(")", ", after: $after)")
    name = field.split("(")[0]
    query = f"query ($id: ID!, $first: Int!, $after: Cursor) {{ node(id: $id) {{ ... on {kind} {{ {paged} {{ pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ id }} }} }} }} }} }}"
    whole = (await many.get(query, id=parent, first=100))["node"][name]
    met: list[str] = []
    after = None
    while True:
        page = (await many.get(query, id=parent, first=43, after=after))["node"][name]
        met += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(met) == 130 == len(set(met))
    assert met[:100] == [edge["node"]["id"] for edge in whole["edges"]]
