"""Communities: everybody who used one sound."""

from typing import Any

import pytest

from tests.ask import Api
from tests.gathering import LOU, MIRA, arrange, nodes

VIDEOS = """query ($sort: VideoSort!, $niche: ID, $region: RegionCode) { sound(id: "sound_1") { community {
    videos(sort: $sort, niche: $niche, region: $region) { edges { node { caption } } } } } }"""


async def community(api: Api, fields: str, viewer: int | None = None, sound: int = 1, **variables: Any) -> Any:
    query = f'{{ sound(id: "sound_{sound}") {{ community {{ {fields} }} }} }}'
    return (await api.get(query, viewer=viewer, **variables))["sound"]["community"]


@pytest.mark.parametrize(
    ("niche", "region", "top", "recent"),
    [
        (None, None, "two five three one six", "six five three two one"),
        ("niche_1", None, "two five one", "five two one"),
        ("niche_2", None, "two three", "three two"),
        (None, "DE", "three one six", "six three one"),
        (None, "FR", "two five", "five two"),
        ("niche_1", "FR", "two five", "five two"),
        ("niche_1", "DE", "one", "one"),
        ("niche_2", "US", "", ""),
        ("niche_18", None, "", ""),
        (None, "ZZ", "", ""),
    ],
)
async def test_videos_come_in_three_orders_of_every_niche_and_region(
    gathering: Api, niche: str | None, region: str | None, top: str, recent: str
) -> None:
    for sort, expected in (("TOP", top.split()), ("RECENT", recent.split()), ("FIRST", recent.split()[::-1])):
        found = (await gathering.get(VIDEOS, sort=sort, niche=niche, region=region))["sound"]["community"]["videos"]
        assert nodes(found, "caption") == expected


@pytest.mark.parametrize("sort", ["TOP", "RECENT", "FIRST"])
@pytest.mark.parametrize(("niche", "region"), [(None, None), ("niche_1", None), (None, "FR"), ("niche_1", "FR")])
async def test_a_blocked_creators_videos_are_absent_from_every_list(
    gathering: Api, sort: str, niche: str | None, region: str | None
) -> None:
    answer = await gathering.get(VIDEOS, viewer=LOU, sort=sort, niche=niche, region=region)
    captions = nodes(answer["sound"]["community"]["videos"], "caption")
    assert "two" in captions
    assert "five" not in captions


async def test_creators_say_how_much_they_made_and_since_when(gathering: Api) -> None:
    found = await community(
        gathering,
        "most: creators { edges { videoCount firstPostedAt node { handle } } } earliest: creators(sort: EARLIEST) { edges { node { handle } } }",
    )
    assert found["most"]["edges"] == [
        {"videoCount": 2, "firstPostedAt": "2026-11-21T06:00:00Z", "node": {"handle": "ana"}},
        {"videoCount": 2, "firstPostedAt": "2026-11-20T10:00:00Z", "node": {"handle": "tom"}},
        {"videoCount": 1, "firstPostedAt": "2026-11-22T09:00:00Z", "node": {"handle": "kim"}},
    ]
    assert nodes(found["earliest"], "handle") == ["tom", "ana", "kim"]


async def test_members_are_listed_from_the_latest_and_the_viewer_knows_of_himself(gathering: Api) -> None:
    fields = "members { edges { node { handle } } } viewerIsMember"
    found = await community(gathering, fields)
    assert (nodes(found["members"], "handle"), found["viewerIsMember"]) == (["kim", "lou", "mira"], False)
    found = await community(gathering, fields, viewer=LOU)
    assert (nodes(found["members"], "handle"), found["viewerIsMember"]) == (["lou", "mira"], True)


async def test_membership_is_asked_once_for_all_and_never_for_a_stranger(gathering: Api) -> None:
    query = '{ nodes(ids: ["community_1", "community_2", "community_4"]) { ... on Community { viewerIsMember } } }'
    answer = await gathering.ask(query, viewer=MIRA)
    assert [node["viewerIsMember"] for node in answer.data["nodes"]] == [True, True, False]
    assert answer.statements == ["community_by_sound", "is_member"]
    assert (await gathering.ask(query)).statements == ["community_by_sound"]


async def test_niches_and_regions_divide_a_community(gathering: Api) -> None:
    found = await community(
        gathering,
        "niches { share videoCount firstSeenAt niche { slug } } regions { region share creatorCount firstSeenAt }",
    )
    assert found == {
        "niches": [
            {"share": 0.6, "videoCount": 3, "firstSeenAt": "2026-11-20T10:00:00Z", "niche": {"slug": "dance"}},
            {"share": 0.4, "videoCount": 2, "firstSeenAt": "2026-11-21T06:00:00Z", "niche": {"slug": "comedy"}},
        ],
        "regions": [
            {"region": "DE", "share": 1 / 3, "creatorCount": 1, "firstSeenAt": "2026-11-20T10:00:00Z"},
            {"region": "FR", "share": 2 / 3, "creatorCount": 2, "firstSeenAt": "2026-11-21T06:00:00Z"},
        ],
    }


async def test_shares_never_pass_one_where_the_whole_is_read_before_the_part(api: Api) -> None:
    await arrange(api)
    await api.sql("update sounds set video_count = 2, creator_count = 1 where id = 1")
    found = await community(api, "niches { share } regions { share }")
    assert found == {"niches": [{"share": 1.0}, {"share": 1.0}], "regions": [{"share": 1.0}, {"share": 1.0}]}


async def test_growth_has_a_point_for_every_interval_also_for_quiet_ones(gathering: Api) -> None:
    query = """{ nodes(ids: ["community_1", "community_2", "community_4"]) { ... on Community {
        growth(from: "2026-11-22T08:30:00Z", to: "2026-11-22T13:00:00+01:00") { at videoCount newCreatorCount } } } }"""
    answer = await gathering.ask(query)
    lines = [
        [(p["at"][11:16], p["videoCount"], p["newCreatorCount"]) for p in n["growth"]] for n in answer.data["nodes"]
    ]
    assert lines == [
        [("08:00", 0, 0), ("09:00", 1, 1), ("10:00", 0, 0), ("11:00", 1, 0)],
        [("08:00", 0, 0), ("09:00", 0, 0), ("10:00", 1, 1), ("11:00", 0, 0)],
        [("08:00", 0, 0), ("09:00", 0, 0), ("10:00", 0, 0), ("11:00", 0, 0)],
    ]
    assert answer.statements == ["community_by_sound", "growth_by_sound"]


@pytest.mark.parametrize(
    ("interval", "number", "first", "last"),
    [
        ("HOUR", 168, "2026-11-15T12:00:00Z", "2026-11-22T11:00:00Z"),
        ("DAY", 91, "2026-08-24T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("WEEK", 105, "2024-11-18T00:00:00Z", "2026-11-16T00:00:00Z"),
    ],
)
async def test_growth_without_bounds_ends_now(
    gathering: Api, interval: str, number: int, first: str, last: str
) -> None:
    points = (await community(gathering, f"growth(interval: {interval}) {{ at videoCount }}"))["growth"]
    assert (len(points), points[0]["at"], points[-1]["at"]) == (number, first, last)
    assert points[-1]["videoCount"] == {"HOUR": 1, "DAY": 2, "WEEK": 5}[interval]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('from: "2026-11-22T10:00:00Z", to: "2026-11-22T09:59:59Z"', "`from` must not be later than `to`."),
        ('from: "2026-11-23T10:00:00Z"', "`from` must not be later than `to`."),
        (
            'from: "2026-01-01T00:00:00Z", to: "2026-02-11T16:00:01Z"',
            "These are 1001 points of an interval of one hour; at most 1000 are allowed.",
        ),
        ('to: "0001-01-01T00:00:00Z"', "`to` must be between 2000 and 2200."),
        ('from: "9999-12-31T23:59:59Z"', "`from` must be between 2000 and 2200."),
    ],
)
async def test_growth_says_what_is_wrong_with_its_bounds(gathering: Api, arguments: str, message: str) -> None:
    answer = await gathering.ask(f'{{ sound(id: "sound_1") {{ community {{ growth({arguments}) {{ at }} }} }} }}')
    assert [(error["message"], error["original"].code) for error in answer.errors] == [(message, "INVALID_ARGUMENT")]


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        ('from: "2026-01-01T00:00:00Z", to: "2026-02-11T16:00:00Z"', 1000),
        ('from: "2026-11-22T10:00:00Z", to: "2026-11-22T10:00:00Z"', 0),
        ('from: "2026-11-22T10:00:01Z", to: "2026-11-22T10:00:01Z"', 1),
        ('interval: WEEK, from: "2000-01-01T00:00:00Z", to: "2019-01-01T00:00:00Z"', 993),
    ],
)
async def test_growth_answers_up_to_its_bounds(gathering: Api, arguments: str, number: int) -> None:
    assert len((await community(gathering, f"growth({arguments}) {{ at }}"))["growth"]) == number


async def test_neighbours_are_the_communities_that_share_most_creators(gathering: Api) -> None:
    fields = "neighbours { sharedCreatorCount overlap community { id sound { title status } } }"
    assert (await community(gathering, fields))["neighbours"] == [
        {"sharedCreatorCount": 2, "overlap": 0.5, "community": {"id": "community_4", "sound": {"title": "Fog", "status": "MUTED"}}},
        {"sharedCreatorCount": 1, "overlap": 0.25, "community": {"id": "community_2", "sound": {"title": "Wind", "status": "ACTIVE"}}},
    ]  # fmt: skip
    assert len((await community(gathering, fields.replace("neighbours", "neighbours(first: 1)")))["neighbours"]) == 1


EVERYTHING = """videoCount videos { edges { node { id } } } here: videos(sort: FIRST, niche: "niche_1", region: "DE") { edges { node { id } } }
    creators { edges { node { id } } } members { edges { node { id } } } niches { share } regions { share } growth { at }
    neighbours { overlap } firstVideo { id } founder { id } sound { status }"""


async def test_the_community_of_a_removed_sound_keeps_its_counts_and_shows_nothing(gathering: Api) -> None:
    nobody: dict[str, Any] = {"edges": []}
    assert await community(gathering, EVERYTHING, sound=3) == {
        "videoCount": 1, "videos": nobody, "here": nobody, "creators": nobody, "members": nobody, "niches": [], "regions": [], "growth": [],
        "neighbours": [], "firstVideo": None, "founder": None, "sound": {"status": "REMOVED"},
    }  # fmt: skip


async def test_a_cursor_of_a_sound_that_was_removed_since_leads_to_an_empty_page(api: Api) -> None:
    await arrange(api)
    query = 'query ($after: Cursor) { sound(id: "sound_1") { community { videos(first: 1, after: $after) { pageInfo { endCursor hasNextPage } } } } }'
    after = (await api.get(query))["sound"]["community"]["videos"]["pageInfo"]["endCursor"]
    await api.sql("update sounds set status = 'REMOVED' where id = 1")
    page = (await api.get(query, after=after))["sound"]["community"]["videos"]["pageInfo"]
    assert page == {"endCursor": None, "hasNextPage": False}


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("videos(first: 0) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("videos(last: 101) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("creators(first: 101) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("members(first: -1) { edges { cursor } }", "INVALID_PAGE_SIZE"),
        ("neighbours(first: 0) { overlap }", "INVALID_PAGE_SIZE"),
        ("neighbours(first: 101) { overlap }", "INVALID_PAGE_SIZE"),
        ('videos(niche: "sound_1") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "niche_0") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "niche_\\u0000") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "niche_19") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "niche_9999999") { edges { cursor } }', "INVALID_ID"),
        ('videos(niche: "niche_99999999999999999999") { edges { cursor } }', "INVALID_ID"),
        ('videos(after: "nonsense") { edges { cursor } }', "INVALID_CURSOR"),
        ('creators(after: "é") { edges { cursor } }', "INVALID_CURSOR"),
        ('members(after: "") { edges { cursor } }', "INVALID_CURSOR"),
    ],
)
async def test_an_argument_out_of_bounds_is_named_with_a_code(gathering: Api, field: str, code: str) -> None:
    answer = await gathering.ask(f'{{ sound(id: "sound_1") {{ community {{ {field} }} }} }}')
    assert [error["original"].code for error in answer.errors] == [code]
    assert answer.data == {"sound": None}


@pytest.mark.parametrize(
    "field",
    [
        'videos(region: "de") { edges { cursor } }',
        'videos(region: "DEU") { edges { cursor } }',
        'videos(region: "D\\u0000") { edges { cursor } }',
        "videos(sort: BEST) { edges { cursor } }",
        "creators(sort: LATEST) { edges { cursor } }",
        "creators(first: null) { edges { cursor } }",
        "growth(interval: MONTH) { at }",
        'growth(from: "2026-11-22") { at }',
        'growth(from: "0001-01-01T00:00:00+14:00") { at }',
        'growth(to: "2026-11-22T25:00:00Z") { at }',
    ],
)
async def test_an_argument_of_another_form_is_refused_before_anything_is_read(gathering: Api, field: str) -> None:
    answer = await gathering.ask(f'{{ sound(id: "sound_1") {{ community {{ {field} }} }} }}')
    assert len(answer.errors) == 1
    assert (answer.data, answer.statements) == (None, [])


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("videos(sort: RECENT, first: 1)", "videos(sort: FIRST, first: 1, after: $after)"),
        ("videos(sort: RECENT, first: 1)", "videos(sort: TOP, first: 1, after: $after)"),
        ("videos(sort: RECENT, first: 1)", 'videos(sort: RECENT, niche: "niche_1", first: 1, after: $after)'),
        ('videos(niche: "niche_1", first: 1)', 'videos(niche: "niche_2", first: 1, after: $after)'),
        ('videos(region: "DE", first: 1)', 'videos(region: "FR", first: 1, after: $after)'),
        ("creators(first: 1)", "creators(sort: EARLIEST, first: 1, after: $after)"),
        ("creators(first: 1)", "members(first: 1, after: $after)"),
    ],
)
async def test_a_cursor_belongs_to_its_sort_its_niche_and_its_region(gathering: Api, given: str, asked: str) -> None:
    cursor = (await community(gathering, f"page: {given} {{ pageInfo {{ endCursor }} }}"))["page"]["pageInfo"][
        "endCursor"
    ]
    query = f'query ($after: Cursor) {{ sound(id: "sound_1") {{ community {{ {asked} {{ edges {{ cursor }} }} }} }} }}'
    answer = await gathering.ask(query, after=cursor)
    assert [error["original"].code for error in answer.errors] == ["INVALID_CURSOR"]
