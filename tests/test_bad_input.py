"""Whatever text a client sends gets an answer that says what is allowed, and never a fault of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Copy
from tests.serving import Site, serving, token

QUERIES = {
    "node": "query ($x: ID!) { node(id: $x) { id } }",
    "nodes": "query ($x: ID!) { nodes(ids: [$x, $x]) { id } }",
    "user": "query ($x: ID!) { user(by: { id: $x }) { handle } }",
    "handle": "query ($x: String!) { user(by: { handle: $x }) { handle } }",
    "artist": "query ($x: ID!) { artist(by: { mbid: $x }) { name } }",
    "isrc": "query ($x: String!) { track(by: { isrc: $x }) { title availability(region: \"DE\") { isPlayable } } }",
    "track": "query ($x: ID!) { track(by: { mbid: $x }) { title } }",
    "upc": "query ($x: String!) { release(by: { upc: $x }) { title } }",
    "region": "query ($x: RegionCode!) { track(by: { id: \"track_1\" }) { availability(region: $x) { reason } } trendingSounds(region: $x) { edges { rank } } }",
    "hashtag": "query ($x: String!) { hashtag(name: $x) { name } }",
    "playlist": "query ($x: String!) { playlist(by: { shareToken: $x }) { title } }",
    "search": "query ($x: String!) { search(query: $x) { edges { score node { __typename } } } }",
    "searchCursor": "query ($x: Cursor!) { search(query: \"love\", after: $x) { edges { score } } }",
    "cursor": "query ($x: Cursor!) { sound(id: \"sound_1\") { community { videos(after: $x) { edges { node { id } } } } } }",
    "before": "query ($x: Cursor!) { sound(id: \"sound_1\") { community { videos(last: 3, before: $x) { edges { node { id } } } } } }",
    "chartCursor": "query ($x: Cursor!) { trendingSounds(after: $x) { edges { rank } } }",
    "niche": "query ($x: ID!) { trendingSounds(niche: $x) { edges { rank } } sound(id: \"sound_1\") { community { videos(niche: $x) { edges { node { id } } } } } }",
    "time": "query ($x: DateTime!) { sound(id: \"sound_1\") { community { growth(from: $x) { at } } } }",
    "title": "mutation ($x: String!) { createSound(input: { title: $x, kind: ORIGINAL, durationMs: 1000 }) { __typename ... on UserError { message path } } }",
    "trackId": "mutation ($x: ID!) { createSound(input: { title: \"t\", kind: TRACK_CLIP, trackId: $x, clip: { startMs: 0, endMs: 9 } }) { __typename ... on UserError { message path } } }",
    "caption": "mutation ($x: String!) { postVideo(input: { soundId: \"sound_1\", caption: $x, durationMs: 1000 }) { __typename ... on UserError { message path } } }",
    "soundId": "mutation ($x: ID!) { postVideo(input: { soundId: $x, caption: \"\", durationMs: 1000 }) { __typename ... on UserError { message path } } }",
    "profile": "mutation ($x: String!) { createProfile(input: { handle: $x, displayName: $x, bio: $x }) { __typename ... on UserError { message path } } }",
    "key": "mutation ($x: String!) { postVideo(input: { soundId: \"sound_1\", caption: \"\", durationMs: 1000, idempotencyKey: $x }) { __typename ... on UserError { message path } } }",
}  # fmt: skip
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("\0\ud800\udfff\u202e\u200d👩🏽‍🚀עברית%_\\'\"--;/*\n\r\t&|!:()<>*"), max_size=40),
    st.sampled_from(["", " ", "x" * 5000, "é" * 2201, "👩🏽‍🚀" * 400, "sound_1\0", "sound_0", "sound_-1", "sound_01", "sound_99999999999999999999"]),
    st.sampled_from(["video_1", "user_1", "SOUND_1", "sound_1 ", "sound_١", "video_1_1_1", "hashtag_", "niche_0", "niche_99999", "_", "2026-13-45T00:00:00Z"]),
    st.sampled_from(["'; drop table users; --", "%", "a & b | !c", "\\", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "zz", "ZZ", "DE "]),
    st.builds(lambda text: text * 26_000, st.sampled_from(["🙂 all of it ", "lovelovelove "])),
)  # fmt: skip
LEAKS = (
    "Traceback",
    "asyncpg",
    "Error:",
    "codec",
    "invalid literal",
    "NoneType",
    "recursion",
    "psycopg",
    "syntax error at",
)


@pytest.fixture(scope="module")
async def site(copy: Copy, template_world: str) -> AsyncIterator[Site]:
    async with copy(template_world) as dsn, serving(dsn) as running:
        made = await running.ask(
            'mutation { createProfile(input: { handle: "hostile", displayName: "H" }) { __typename } }',
            subject="hostile",
        )
        assert made["data"]["createProfile"]["__typename"] == "CreateProfilePayload"
        yield running


async def send(site: Site, query: str, text: Any) -> tuple[int, str]:
    body = json.dumps({"query": query, "variables": {"x": text}}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token('hostile')}"}
    answer = await site.client.post(site.url, content=body, headers=headers)
    return answer.status_code, answer.text


@settings(max_examples=120)
@given(name=st.sampled_from(sorted(QUERIES)), text=HOSTILE)
async def test_every_text_is_answered_clearly(site: Site, name: str, text: str) -> None:
    status, answer = await send(site, QUERIES[name], text)
    assert status < 500, answer[:2000]
    body = json.loads(answer)
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] not in {"INTERNAL", "TIMEOUT"}, (name, text[:100], answer[:2000])
        assert error["message"]
    if "errors" in body:
        assert len(answer) < 4096, "an error repeats what was sent"
    assert not any(leak in answer for leak in LEAKS), answer[:2000]


@settings(max_examples=40)
@given(first=st.integers(-(2**31), 2**31 - 1), last=st.one_of(st.none(), st.integers(-5, 200)))
async def test_every_page_size_is_a_page_or_says_what_is_allowed(site: Site, first: int, last: int | None) -> None:
    answer = await site.ask(
        'query ($f: Int, $l: Int) { sound(id: "sound_1") { community { videos(first: $f, last: $l) { edges { node { id } } } } } }',
        f=first,
        l=last,
    )
    allowed = 1 <= first <= 100 and (last is None or 1 <= last <= 100)
    if allowed:
        assert "errors" not in answer
    else:
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_PAGE_SIZE"
        assert "between 1 and 100" in answer["errors"][0]["message"]


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["sound_1"], {"id": "sound_1"}])
async def test_a_value_that_is_no_text_is_refused(site: Site, value: Any) -> None:
    status, answer = await send(site, QUERIES["handle"], value)
    assert status == 422
    assert "errors" in json.loads(answer)


@pytest.mark.parametrize(
    ("field", "said", "column"),
    [
        ('trendingSounds(region: "de")', "'de' is not a RegionCode: two capital letters (ISO 3166-1 alpha-2), or ZZ for unknown.", 26),
        ("trendingSounds(region: 49)", "A RegionCode is a text: two capital letters (ISO 3166-1 alpha-2), or ZZ for unknown.", 26),
        ("trendingSounds(after: [1])", "A Cursor is a text that a list gave out.", 25),
    ],
)  # fmt: skip
async def test_a_wrong_literal_is_told_with_its_place_and_what_is_allowed(
    site: Site, field: str, said: str, column: int
) -> None:
    (error,) = (await site.ask(f"{{ {field} {{ edges {{ rank }} }} }}"))["errors"]
    assert error == {
        "message": said,
        "locations": [{"line": 1, "column": column}],
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
    }


@pytest.mark.parametrize("time", ["yesterday", "2026-11-22", "0001-01-01T00:00:00+14:00"])
async def test_a_wrong_time_is_told_with_its_place_and_what_is_allowed(site: Site, time: str) -> None:
    answer = await site.ask(f'{{ sound(id: "sound_1") {{ community {{ growth(from: "{time}") {{ at }} }} }} }}')
    (error,) = answer["errors"]
    assert error["message"].startswith(f"'{time}' ")
    assert "a DateTime" in error["message"]
    assert error["locations"] == [{"line": 1, "column": 51}]


@pytest.mark.parametrize("by", ["{}", '{ id: "user_1", handle: "ann" }', "{ id: null }"])
async def test_an_input_of_one_key_says_so(site: Site, by: str) -> None:
    answer = await site.ask(f"{{ user(by: {by}) {{ id }} }}")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
    assert "exactly one key" in error["message"] or "must be non-null" in error["message"]


async def test_a_page_of_this_machine_may_ask_in_development(site: Site) -> None:
    headers = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    headers["access-control-request-headers"] = "authorization,content-type"
    allowed = await site.client.options(site.url, headers=headers)
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    foreign = await site.client.options(site.url, headers=headers | {"origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in foreign.headers
