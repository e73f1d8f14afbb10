"""Search: what is found, by what, in which order, and what never is."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from tests.ask import Answer, Api
from tests.conftest import NOW, Copy
from tests.until import until
from trending.renown import Renown
from worker import Worker

MIA, KELLER, GONE, RITA = range(2, 6)
SCENE = (
    """insert into users (handle, display_name, region, status, follower_count, joined_at) values
        ('queen.b', 'Beyoncé Fan', 'FR', 'ACTIVE', 0, $1), ('mia', 'M.I.A.', 'GB', 'ACTIVE', 100000, $1), ('mia.k', 'Mia Keller', 'DE', 'ACTIVE', 0, $1),
        ('mia.gone', 'Mia Gone', 'DE', 'SUSPENDED', 0, $1), ('rita', 'Rita', 'US', 'ACTIVE', 0, $1), ('mia.u', 'Mia Keller', 'US', 'ACTIVE', 0, $1)""",
    "insert into artists (name, follower_count) values ('The Weeknd', 1000000), ('Beyoncé', 5000000), ('Sigur Rós', 1000)",
    "insert into tracks (title, duration_ms, play_count) values ('Blinding Lights', 200000, 1000000), ('Ágætis byrjun', 400000, 10)",
    "insert into track_credits values (1, 1, 1, 'The Weeknd', 'MAIN'), (2, 1, 3, 'Sigur Rós', 'MAIN')",
    """insert into sounds (title, kind, status, duration_ms, created_at, creator_id, track_id, creator_count) values
        ('Blinding Lights', 'TRACK_CLIP', 'ACTIVE', 1000, $1, null, 1, 50), ('Love Again', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 4),
        ('Love Removed', 'ORIGINAL', 'REMOVED', 1000, $1, 3, null, 400), ('愛の歌', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1),
        ('ねこ 🔥', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1), ('방탄소년단 노래', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1),
        ('Love Muted', 'ORIGINAL', 'MUTED', 1000, $1, 3, null, 0), ('Ёлка', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1),
        ('أُحِبُّك', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1), ('!!!', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 1),
        ('Glove Box', 'ORIGINAL', 'ACTIVE', 1000, $1, 3, null, 0)""",
    "insert into community_regions values (2, 'DE', 3, 3, $1), (2, 'FR', 9, 1, $1)",
    """insert into playlists (title, owner_id, visibility, share_token, created_at, updated_at) values
        ('Night Drive', 3, 'PUBLIC', null, $1, $1), ('Night Secret', 3, 'PRIVATE', null, $1, $1), ('Night Quiet', 3, 'UNLISTED', 'c', $1, $1),
        ('Night of Gone', 4, 'PUBLIC', null, $1, $1)""",
    "insert into hashtags values ('nightdrive', 500), ('love', 5)",
)
FIND = """query ($text: String!, $kinds: [SearchKind!], $region: RegionCode, $first: Int! = 20, $after: Cursor) {
  search(query: $text, kinds: $kinds, region: $region, first: $first, after: $after) {
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor score node { __typename ... on Node { id } ... on Sound { title } ... on Track { title } ... on Artist { name } ... on User { displayName }
      ... on Playlist { title } ... on Hashtag { name } } } } }"""


@pytest.fixture(scope="session")
async def scene(copy: Copy, template: str) -> AsyncIterator[Api]:
    """A few things with names, to be read only."""
    async with copy(template) as dsn:
        database = Database(dsn)
        yield await arrange(Api(database, NOW), *SCENE)
        await database.close()


async def arrange(api: Api, *statements: str) -> Api:
    for statement in statements:
        await api.sql(statement, *([api.now] if "$1" in statement else []))
    await api.database.refresh_tiers()
    await api.database.index_everything()
    return api


async def find(api: Api, query: str, *, viewer: int | None = None, **arguments: Any) -> list[str]:
    """The ids of what is found, best first."""
    page = (await api.get(FIND, viewer=viewer, text=query, **arguments))["search"]
    return [edge["node"]["id"] for edge in page["edges"]]


def code(answer: Answer) -> str:
    (error,) = answer.errors
    found: str = error["original"].code
    return found


async def test_everything_with_a_name_is_found_and_answers_as_what_it_is(scene: Api) -> None:
    page = (await scene.get(FIND, text="blinding lights"))["search"]
    assert [edge["node"] for edge in page["edges"]] == [
        {"__typename": "Track", "id": "track_1", "title": "Blinding Lights"},
        {"__typename": "Sound", "id": "sound_1", "title": "Blinding Lights"},
    ]
    assert await find(scene, "night drive") == ["hashtag_nightdrive", "playlist_1"]
    assert await find(scene, "the weeknd", kinds=["ARTIST"]) == ["artist_1"]
    assert await find(scene, "rita") == [f"user_{RITA}"]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("bey", "artist_2"),
        ("BEYONCE", "artist_2"),
        ("beyonce\u0301", "artist_2"),
        ("agaetis by", "track_2"),
        ("AGÆTIS", "track_2"),
        ("mia", "user_2"),
        ("blindinglights", "track_1"),
        ("blinding-lights", "track_1"),
        ("weeknd blinding", "track_1"),
        ("愛", "sound_4"),
        ("歌", "sound_4"),
        ("ねこ", "sound_5"),
        ("🔥", "sound_5"),
        ("방", "sound_6"),
        ("바", "sound_6"),
        ("елка", "sound_8"),
        ("احبك", "sound_9"),
        ("!!!", "sound_10"),
        ("@mia.k", f"user_{KELLER}"),
        ("#nightdrive", "hashtag_nightdrive"),
    ],
)
async def test_accents_case_scripts_and_beginnings_do_not_matter(scene: Api, query: str, best: str) -> None:
    assert (await find(scene, query))[0] == best


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("lvoe again", "sound_2"),
        ("loove again", "sound_2"),
        ("beyonse", "artist_2"),
        ("blidning lihgts", "track_1"),
        ("weekend", "artist_1"),
        ("sigurr ros", "artist_3"),
        ("blindinng", "track_1"),
        ("zzxqy mia", "user_2"),
    ],
)
async def test_misspelled_words_are_corrected(scene: Api, query: str, best: str) -> None:
    assert best in (await find(scene, query))[:2]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("bli lights", "track_1"),
        ("blin ligh", "track_1"),
        ("wee bli lig", "track_1"),
        ("mia kel", "user_6"),
        ("nig dri", "playlist_1"),
        ("sig ros", "artist_3"),
    ],
)
async def test_every_word_may_be_a_beginning(scene: Api, query: str, best: str) -> None:
    assert best in (await find(scene, query))[:2]


async def test_the_best_known_word_that_begins_so_is_meant(api: Api) -> None:
    people = [f"('tess{n}', 'Tess Monroe', $1)" for n in range(3)] + [
        f"('tes{c}', 'Tes{c} Monroe', $1)" for c in "abcdefgh"
    ]
    await arrange(api, f"insert into users (handle, display_name, joined_at) values {', '.join(people)}")
    await api.sql("update search_vocabulary set common = true where word = 'tess'")
    found = await find(api, "tes monroe")
    assert {"user_1", "user_2", "user_3"} < set(found)
    assert len(found) == 3 + 3  # and of three others that begin so: no more are asked for


async def test_two_letters_begin_no_word_but_the_last(scene: Api) -> None:
    assert await find(scene, "bl lights") == []
    assert (await find(scene, "lights bl"))[0] == "track_1"


async def test_what_is_only_spelled_alike_stands_below_what_has_the_word(scene: Api) -> None:
    assert await find(scene, "love", kinds=["SOUND"]) == ["sound_2", "sound_7", "sound_11"]


async def test_the_whole_name_and_renown_come_first_and_a_region_lifts_its_own(scene: Api) -> None:
    assert await find(scene, "mia keller") == ["user_6", "user_3"]
    assert await find(scene, "mia keller", region="DE") == ["user_3", "user_6"]
    assert await find(scene, "mia keller", region="ZZ") == ["user_6", "user_3"]
    assert await find(scene, "mia") == ["user_2", "user_6", "user_3"]
    page = (await scene.get(FIND, text="love again", region="DE", kinds=["SOUND"]))["search"]
    # The whole name 1, all of it asked for 0.1, four creators of a million 6 × 0.12, and the region's own 0.15.
    assert [edge["score"] for edge in page["edges"]] == [1 + 0.1 + 0.072 + 0.15]


async def test_what_is_not_public_is_never_found(scene: Api) -> None:
    assert await find(scene, "night", kinds=["PLAYLIST"], viewer=KELLER) == ["playlist_1"]
    assert await find(scene, "gone") == []
    assert "sound_3" not in await find(scene, "love removed")
    assert await find(scene, "quiet") == await find(scene, "secret") == []


async def test_people_who_blocked_each_other_do_not_find_each_other(api: Api) -> None:
    await arrange(api, *SCENE, "insert into blocks values (5, 3, $1)", "insert into blocked_by values (3, 5)")
    assert await find(api, "mia keller", viewer=RITA) == ["user_6"]
    assert await find(api, "rita", viewer=KELLER) == []
    assert await find(api, "night drive", viewer=RITA) == ["hashtag_nightdrive"]
    assert await find(api, "mia keller") == ["user_6", "user_3"]


async def test_a_page_takes_one_statement_a_kind_however_long_it_is(world: Api) -> None:
    small, large = [await world.ask(FIND, text="a", first=first) for first in (30, 100)]
    assert small.errors == large.errors == []
    assert len(large.data["search"]["edges"]) == 100
    assert large.statements.count("search_documents") == 1
    assert len(large.statements) <= 8  # one a kind, and the owners of playlists
    assert set(small.statements) <= set(large.statements)


async def test_walking_meets_two_hundred_best_once_by_falling_score(world: Api) -> None:
    seen: list[tuple[float, str]] = []
    after, more = None, True
    while more:
        page = (await world.get(FIND, text="a", first=30, after=after))["search"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        seen += [(edge["score"], edge["node"]["id"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert len(seen) == len({found for _, found in seen}) == 200
    assert [score for score, _ in seen] == sorted((score for score, _ in seen), reverse=True)


@pytest.mark.parametrize("other", [{"text": "mia k"}, {"kinds": ["USER"]}, {"region": "DE"}])
async def test_a_cursor_belongs_to_its_query_kinds_and_region(scene: Api, other: dict[str, Any]) -> None:
    first = (await scene.get(FIND, text="mia", first=1))["search"]["pageInfo"]["endCursor"]
    assert code(await scene.ask(FIND, **({"text": "mia", "after": first} | other))) == "INVALID_CURSOR"
    assert await find(scene, " mia ", after=first) == ["user_6", "user_3"]


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        ({"text": "  "}, "INVALID_ARGUMENT", "`query` has 0 characters; 1 to 100 are allowed."),
        ({"text": "x" * 101}, "INVALID_ARGUMENT", "`query` has 101 characters; 1 to 100 are allowed."),
        ({"text": "é" * 1_000_000}, "INVALID_ARGUMENT", "`query` has 1000000 characters"),
        ({"text": "a\x00b"}, "INVALID_ARGUMENT", "`query` holds a NUL"),
        ({"text": "a\ud800b"}, "INVALID_ARGUMENT", "half of a surrogate pair"),
        ({"text": "a", "kinds": []}, "INVALID_ARGUMENT", "`kinds` is empty"),
        ({"text": "a", "first": 0}, "INVALID_PAGE_SIZE", "between 1 and 100"),
        ({"text": "a", "first": 101}, "INVALID_PAGE_SIZE", "between 1 and 100"),
        ({"text": "a", "after": "nonsense"}, "INVALID_CURSOR", "not given out by this list"),
    ],
)
async def test_wrong_arguments_are_errors_that_say_what_is_allowed(
    scene: Api, arguments: dict[str, Any], expected: str, message: str
) -> None:
    answer = await scene.ask(FIND, **arguments)
    assert code(answer) == expected
    assert message in answer.errors[0]["message"]


@pytest.mark.parametrize(
    "query", ["' | 'x':*", "a & | ! <-> (:*", "%_\\", "'); drop table users; --", "\\", "''", "=SOUND", "~mia", ":*", "‏שלום‏", "\u200d"]
)  # fmt: skip
async def test_no_sign_of_a_query_means_anything_to_the_database(scene: Api, query: str) -> None:
    answer = await scene.ask(FIND, text=query)
    assert answer.errors == []
    assert len(answer.data["search"]["edges"]) < 20


@settings(max_examples=60)
@given(text=st.text(min_size=1, max_size=120))
async def test_any_text_is_answered_or_refused_by_name(scene: Api, text: str) -> None:
    answer = await scene.ask(FIND, text=text)
    assert answer.errors == [] or code(answer) == "INVALID_ARGUMENT"


@settings(max_examples=60)
@given(title=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60))
async def test_whatever_a_thing_is_called_finds_it(own_sound: Api, title: str) -> None:
    await own_sound.sql("update sounds set title = $1 where id = 1", title)
    await own_sound.database.index_documents("SOUND", ["1"])
    if title.strip() and await own_sound.sql("select where cardinality(search_words($1)) > 0", title):
        assert await find(own_sound, title) == ["sound_1"]
    else:
        assert await own_sound.sql("select from search_documents") == []


@pytest.fixture(scope="session")
async def own_sound(copy: Copy, template: str) -> AsyncIterator[Api]:
    """One sound, to be renamed."""
    async with copy(template) as dsn:
        database = Database(dsn)
        yield await arrange(
            Api(database, NOW),
            "insert into sounds (title, kind, duration_ms, created_at) values ('Rain', 'ORIGINAL', 1000, $1)",
        )
        await database.close()


async def test_a_profile_and_a_sound_are_found_as_soon_as_they_are_there(api: Api) -> None:
    profile = 'mutation { createProfile(input: {handle: "wanda", displayName: "Wánda Wolf"}) { __typename } }'
    await api.get(profile, subject="test|wanda")
    sound = 'mutation { createSound(input: {title: "Kettle Song", kind: ORIGINAL, durationMs: 1000}) { __typename } }'
    await api.get(sound, viewer=1, subject="test|wanda")
    assert await find(api, "wanda wolf") == ["user_1"]
    assert await find(api, "ketle") == ["sound_1"]


async def test_a_new_hashtag_is_found_once_the_worker_has_counted_it(api: Api) -> None:
    await arrange(api, *SCENE)
    post = 'mutation { postVideo(input: {soundId: "sound_2", caption: "tea #kettlecore #love", durationMs: 1000}) { __typename } }'
    assert (await api.get(post, viewer=RITA))["postVideo"]["__typename"] == "PostVideoPayload"
    assert await find(api, "kettlecore") == []
    worker = Worker(api.database, lambda: api.now)

    async def counted() -> bool:
        await worker.step()
        return await find(api, "kettlecore") == ["hashtag_kettlecore"]

    await until(counted)


async def test_a_fact_that_failed_leaves_no_document(api: Api) -> None:
    async with api.database.transaction() as tx:
        within = tx.connection.transaction()
        await within.start()
        await tx.connection.execute("insert into hashtags values ('ghost', 1)")
        await tx.index_documents("HASHTAG", ["ghost"])
        await within.rollback()
    assert await find(api, "ghost") == []


async def test_what_is_no_longer_public_is_forgotten_and_what_is_renamed_is_found_by_its_new_name(api: Api) -> None:
    await arrange(api, *SCENE)
    await api.sql("update sounds set status = 'REMOVED' where id = 2")
    await api.sql("update playlists set title = 'Dawn Drive' where id = 1")
    await api.database.index_documents("SOUND", ["2"])
    await api.database.index_documents("PLAYLIST", ["1"])
    assert "sound_2" not in await find(api, "love again")
    assert "playlist_1" not in await find(api, "night")
    assert await find(api, "dawn", kinds=["PLAYLIST"]) == ["playlist_1"]


async def test_the_worker_renews_renown_in_turns(api: Api) -> None:
    await arrange(api, *SCENE)
    await api.sql("update users set follower_count = 9000000 where id = 3")
    await api.sql("delete from hashtags where name = 'love'")
    assert await find(api, "mia keller") == ["user_6", "user_3"]
    renown = Renown()
    while await renown.step(api.database):
        pass
    assert await find(api, "mia keller") == ["user_3", "user_6"]
    assert await find(api, "love", kinds=["HASHTAG"]) == []


async def test_a_round_of_the_worker_writes_nothing_where_nothing_moved(own_world: Api) -> None:
    before = await own_world.sql("select kind, key, xmin::text from search_documents order by kind, key")
    renown = Renown()
    while await renown.step(own_world.database):
        pass
    assert await own_world.sql("select kind, key, xmin::text from search_documents order by kind, key") == before


async def test_the_known_stand_in_the_first_tiers_of_their_kind(world: Api) -> None:
    rows = await world.sql(
        """select kind, tier, min(popularity) least, max(popularity) most, count(*) number, sum(count(*)) over (partition by kind) of
        from search_documents group by kind, tier order by kind, tier"""
    )
    for row, following in pairwise(rows):
        if row["kind"] == following["kind"]:
            assert row["least"] > following["most"]
    assert all(row["number"] <= row["of"] / 4 ** (3 - row["tier"]) for row in rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Beyoncé & Jay-Z", ["beyonce", "jay", "z"]),
        ("  Don't  STOP ", ["dont", "stop"]),
        ("blink182", ["blink", "182"]),
        ("Øresund ßtraße ŁÓDŹ", ["oresund", "sstrasse", "lodz"]),
        ("İstanbul ışık", ["istanbul", "isik"]),
        ("愛の歌", ["愛", "の", "歌"]),
        ("ｆｕｌｌｗｉｄｔｈ", ["fullwidth"]),
        ("👩🏽‍🎤fire", ["👩", "🎤", "fire"]),
        ("naïve\\''", ["naive"]),
        ("?!", ["?!"]),
        (" \u200d ", []),
    ],
)
async def test_words_are_folded(scene: Api, text: str, words: list[str]) -> None:
    assert (await scene.sql("select search_words($1)", text))[0][0] == words
