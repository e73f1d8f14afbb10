"""The conversation: comments on videos and tracks, hashtags, niches, and what a video says about itself."""

import sys
from typing import Any

from resolvers.video import HASHTAG, folded
from tests.ask import Api
from tests.catalogue.scene import arrange

COMMENT = "id text positionMs likeCount createdAt author { handle } replyTo { text } subject { ... on Video { id caption } ... on Track { id title } }"


async def test_comments_on_a_video_come_newest_first_without_the_hidden(scene: Api) -> None:
    query = f"""{{ nodes(ids: ["video_1_1", "video_1_2", "video_7_4"]) {{ ... on Video {{ comments {{ edges {{ node {{ {COMMENT} }} }} }} }} }} }}"""
    answer = await scene.ask(query)
    on_first, on_second, on_third = (
        [edge["node"] for edge in node["comments"]["edges"]] for node in answer.data["nodes"]
    )
    subject = {"id": "video_1_1", "caption": "Waves #tide #ocean"}
    assert on_first == [
        {
            "id": "videocomment_1_4", "text": "Third", "positionMs": None, "likeCount": 0, "createdAt": "2026-11-22T11:40:00Z",
            "author": {"handle": "tom"}, "replyTo": None, "subject": subject,
        },
        {
            "id": "videocomment_1_2", "text": "Second", "positionMs": None, "likeCount": 0, "createdAt": "2026-11-22T11:20:00Z",
            "author": {"handle": "lou"}, "replyTo": {"text": "First"}, "subject": subject,
        },
        {
            "id": "videocomment_1_1", "text": "First", "positionMs": 300, "likeCount": 7, "createdAt": "2026-11-22T11:10:00Z",
            "author": {"handle": "ana"}, "replyTo": None, "subject": subject,
        },
    ]  # fmt: skip
    assert [comment["text"] for comment in on_second] == ["Elsewhere"]
    assert on_third == []
    assert answer.statements == [
        "active_user_by_id", "comments_by_video", "video_by_key", "video_by_key", "video_comment_by_key",
    ]  # fmt: skip


async def test_comments_on_a_track_name_the_track_and_the_comment_that_they_answer(scene: Api) -> None:
    query = f"""{{ track(by: {{id: "track_1"}}) {{ comments(first: 1) {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {COMMENT} }} }} }} }} }}"""
    page = (await scene.get(query))["track"]["comments"]
    assert page["edges"] == [
        {
            "node": {
                "id": "trackcomment_1_2", "text": "Yes", "positionMs": None, "likeCount": 0, "createdAt": "2026-11-21T12:00:00Z",
                "author": {"handle": "ana"}, "replyTo": {"text": "The bridge!"}, "subject": {"id": "track_1", "title": "Low Tide"},
            }
        }
    ]  # fmt: skip
    query = 'query ($after: Cursor) { track(by: {id: "track_1"}) { comments(first: 1, after: $after) { pageInfo { hasNextPage } edges { node { text } } } } }'
    assert (await scene.get(query, after=page["pageInfo"]["endCursor"]))["track"]["comments"] == {
        "pageInfo": {"hasNextPage": False},
        "edges": [{"node": {"text": "The bridge!"}}],
    }


async def test_both_kinds_of_comment_are_found_by_their_ids_in_one_statement_each(scene: Api) -> None:
    ids = [
        "trackcomment_1_1",
        "videocomment_1_2",
        "trackcomment_2_3",
        "videocomment_1_3",
        "videocomment_4_1",
        "trackcomment_1_9",
    ]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Comment { replyTo { id } subject { __typename } } } }"
    answer = await scene.ask(query, ids=ids)
    assert answer.data["nodes"] == [
        {"__typename": "Comment", "id": "trackcomment_1_1", "replyTo": None, "subject": {"__typename": "Track"}},
        {"__typename": "Comment", "id": "videocomment_1_2", "replyTo": {"id": "videocomment_1_1"}, "subject": {"__typename": "Video"}},
        {"__typename": "Comment", "id": "trackcomment_2_3", "replyTo": None, "subject": {"__typename": "Track"}},
        None, None, None,
    ]  # fmt: skip
    assert answer.statements == [
        "track_by_id", "track_comment_by_key", "video_by_key", "video_comment_by_key", "video_comment_by_key",
    ]  # fmt: skip


async def test_people_who_blocked_each_other_do_not_hear_each_other(api: Api) -> None:
    await arrange(api)
    await api.sql("insert into blocks values (5, 3, $1)", api.now)
    await api.sql("insert into blocked_by values (3, 5)")
    query = """{ video(id: "video_1_1") { comments(first: 2) { pageInfo { hasNextPage } edges { node { text replyTo { text } } } } }
        track(by: {id: "track_1"}) { comments { edges { node { text } } } }
        nodes(ids: ["videocomment_1_1", "trackcomment_1_2", "video_1_2"]) { id } }"""
    blocker = await api.get(query, viewer=5)
    assert blocker["video"]["comments"] == {
        "pageInfo": {"hasNextPage": False},
        "edges": [{"node": {"text": "Third", "replyTo": None}}, {"node": {"text": "Second", "replyTo": None}}],
    }
    assert blocker["track"]["comments"]["edges"] == [{"node": {"text": "The bridge!"}}]
    assert blocker["nodes"] == [None, None, None]
    blocked = await api.get(query, viewer=3)
    assert [edge["node"]["text"] for edge in blocked["video"]["comments"]["edges"]] == ["Third", "First"]


async def test_a_comment_stays_where_its_subject_cannot_be_seen(api: Api) -> None:
    await arrange(api)
    await api.sql("update videos set hidden = true where sound_id = 1 and id = 1")
    query = '{ node(id: "videocomment_1_1") { ... on Comment { text subject { ... on Video { id } } } } }'
    assert (await api.get(query))["node"] == {"text": "First", "subject": None}


async def test_a_video_shows_its_hashtags_its_niches_its_address_and_whether_the_viewer_likes_it(scene: Api) -> None:
    query = """{ nodes(ids: ["video_1_1", "video_1_2", "video_7_4"]) { ... on Video { hashtags { id name videoCount } niches { id name slug }
        shareUrl viewerHasLiked } } }"""
    answer = await scene.ask(query, viewer=5)
    tide = {"id": "hashtag_tide", "name": "tide", "videoCount": 4}
    ocean = {"id": "hashtag_ocean", "name": "ocean", "videoCount": 2}
    dance = {"id": "niche_1", "name": "Dance", "slug": "dance"}
    comedy = {"id": "niche_2", "name": "Comedy", "slug": "comedy"}
    assert answer.data["nodes"] == [
        {"hashtags": [tide, ocean], "niches": [comedy, dance], "shareUrl": "http://127.0.0.1:8000/video/1/1", "viewerHasLiked": True},
        {"hashtags": [tide], "niches": [dance], "shareUrl": "http://127.0.0.1:8000/video/1/2", "viewerHasLiked": False},
        {"hashtags": [tide, ocean], "niches": [], "shareUrl": "http://127.0.0.1:8000/video/7/4", "viewerHasLiked": False},
    ]  # fmt: skip
    assert answer.statements == ["hashtag_by_name", "hidden_by_user", "is_video_liked", "niche_by_id", "video_by_key"]


async def test_every_database_has_its_niches_by_slug(api: Api) -> None:
    answer = await api.ask('{ niches { id slug } node(id: "niche_3") { ... on Niche { name } } }')
    slugs = ["art", "beauty", "books", "comedy", "cooking", "dance", "diy", "education", "family", "fashion", "fitness", "gaming", "gardening", "musicians",
             "pets", "science", "sport", "travel"]  # fmt: skip
    assert [niche["slug"] for niche in answer.data["niches"]] == slugs
    assert answer.data["niches"][slugs.index("dance")]["id"] == "niche_1"
    assert answer.data["node"] == {"name": "DIY"}
    assert answer.statements == ["niche_by_id", "niches"]


async def videos_tagged(scene: Api, arguments: str = "", **how: Any) -> list[str]:
    query = f'{{ hashtag(name: "tide") {{ videos{arguments} {{ edges {{ node {{ id }} }} }} }} }}'
    return [edge["node"]["id"] for edge in (await scene.get(query, **how))["hashtag"]["videos"]["edges"]]


async def test_the_videos_of_a_hashtag_come_in_each_order_without_the_hidden(scene: Api) -> None:
    assert await videos_tagged(scene) == ["video_1_2", "video_7_4", "video_1_1"]
    assert await videos_tagged(scene, "(sort: TOP)") == ["video_1_2", "video_7_4", "video_1_1"]
    assert await videos_tagged(scene, "(sort: RECENT)") == ["video_7_4", "video_1_2", "video_1_1"]
    assert await videos_tagged(scene, "(sort: FIRST)") == ["video_1_1", "video_1_2", "video_7_4"]
    assert await videos_tagged(scene, "(sort: RECENT, first: 1)") == ["video_7_4"]


async def test_the_videos_of_a_hashtag_leave_blocked_creators_out(api: Api) -> None:
    await arrange(api)
    await api.sql("insert into blocks values (2, 5, $1)", api.now)
    assert await videos_tagged(api, viewer=2) == ["video_1_2", "video_1_1"]


async def test_a_cursor_of_one_order_is_refused_by_another(scene: Api) -> None:
    query = 'query ($after: Cursor) { hashtag(name: "tide") { videos(sort: FIRST, after: $after) { pageInfo { endCursor } } } }'
    cursor = (await scene.get(query))["hashtag"]["videos"]["pageInfo"]["endCursor"]
    answer = await scene.ask(query.replace("FIRST", "RECENT"), after=cursor)
    assert answer.errors[0]["original"].code == "INVALID_CURSOR"


async def test_a_hashtag_is_found_as_people_write_it(scene: Api) -> None:
    query = "query ($name: String!) { hashtag(name: $name) { id name } }"
    for name in ("tide", "#tide", "TIDE", " #Tide ", "ｔｉｄｅ", "＃ｔｉｄｅ"):
        assert (await scene.get(query, name=name))["hashtag"] == {"id": "hashtag_tide", "name": "tide"}, name
    assert (await scene.get(query, name="STRAßE_1"))["hashtag"]["id"] == "hashtag_straße_1"
    assert (await scene.get('{ node(id: "hashtag_straße_1") { ... on Hashtag { videoCount } } }'))["node"] == {
        "videoCount": 0
    }


async def test_hashtags_are_folded_for_good_and_as_the_database_asks(scene: Api) -> None:
    every = " ".join(f"#a{character}b" for character in map(chr, range(sys.maxunicode + 1)))
    names = set(HASHTAG.findall(folded(every)))
    assert len(names) > 100_000
    assert [name for name in names if folded(name) != name] == []
    wrong = "select n from unnest($1::text[]) n where not (n = lower(n) and char_length(n) between 1 and 100)"
    assert await scene.sql(wrong, sorted(names)) == []
