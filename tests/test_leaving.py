"""Who deletes the account: gone with all they posted and said when the mutation answers, and their words are in no search any more."""

from typing import Any

import pytest

from resolvers import account
from tests.ask import Api
from tests.test_remarks import say
from tests.test_wishes import count
from tests.trending.scene import arrange, assert_counts_are_the_facts, post
from trending import erasure
from trending.renown import Renown

DELETE = 'mutation { deleteAccount(input: {confirmHandle: "user1"}) { __typename } }'
SEEN = """{ nodes(ids: ["video_1_1", "video_2_2", "videocomment_3_1"]) { id } sound(id: "sound_1") { community { videos { edges { node { id } } } } }
    search(query: "zanzibar", kinds: [USER]) { edges { node { ... on User { id } } } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """User 1 is called as nobody else, but for one word; two videos and a comment are theirs, one video somebody's."""
    await arrange(api)
    for sound, creator in ((1, 1), (2, 1), (3, 2)):
        await post(api, sound, creator)
    await say(api, viewer=1, subjectId="video_3_3")
    await api.sql("update users set display_name = 'Zanzibar Quixote' where id = 1")
    await api.sql("update users set display_name = 'Quixote Two' where id = 2")
    await api.database.index_documents("USER", ["1", "2"])
    await count(api)
    return api


async def words(api: Api) -> list[str]:
    rows = await api.sql("select word from search_vocabulary where word in ('zanzibar', 'quixote') order by word")
    return [row["word"] for row in rows]


async def test_nothing_of_who_leaves_is_seen_when_the_mutation_has_answered(town: Api) -> None:
    before = await town.get(SEEN)
    assert [node["id"] for node in before["nodes"]] == ["video_1_1", "video_2_2", "videocomment_3_1"]
    assert await town.get(DELETE, viewer=1) == {"deleteAccount": {"__typename": "DeleteAccountPayload"}}
    after: Any = await town.get(SEEN)
    assert after == {
        "nodes": [None, None, None],
        "sound": {"community": {"videos": {"edges": []}}},
        "search": {"edges": []},
    }
    await count(town)
    await assert_counts_are_the_facts(town)


async def test_what_could_not_be_hidden_in_time_is_hidden_by_the_worker(
    town: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "HIDING", -1.0)
    await town.get(DELETE, viewer=1)
    assert [node and node["id"] for node in (await town.get(SEEN))["nodes"]] == [
        "video_1_1",
        "video_2_2",
        "videocomment_3_1",
    ]
    await erasure.step(town.database, town.now)
    assert (await town.get(SEEN))["nodes"] == [None, None, None]


async def test_the_words_of_a_name_go_with_the_last_who_had_them(town: Api) -> None:
    assert await words(town) == ["quixote", "zanzibar"]
    await town.get(DELETE, viewer=1)
    while await erasure.step(town.database, town.now):
        await count(town)
        await town.sql("update consumers set position = (select sequence from log_head)")  # told, too
    assert await town.sql("select from users where id = 1") == []
    assert await words(town) == ["quixote"]
    await town.sql("update users set display_name = 'Plain' where id = 2")
    await town.database.index_documents("USER", ["2"])
    renown = Renown()
    while await renown.step(town.database):
        pass
    assert await words(town) == []
    assert await town.sql("select from search_vocabulary where word = 'plain'")
