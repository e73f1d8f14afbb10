"""What happens in a community reaches who listens to it: over real sockets, in order, once."""

from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime

from events.fact_stream import LogWatch
from events.postgres import PostgresBus
from resolvers import activity
from resolvers.context import Context
from resolvers.ids import Id
from tests.ask import Api
from tests.events.listening import PLACE, listening
from tests.serving import serving
from tests.trending.scene import arrange, post

ACTIVITY = f"""subscription ($sound: ID!, $after: Cursor) {{ communityActivity(soundId: $sound, after: $after) {{
  __typename {PLACE}
  ... on VideoPosted {{ soundId videoId video {{ id creator {{ handle }} }} }}
  ... on VideoRemoved {{ soundId videoId }}
  ... on CommunityCounts {{ community {{ id videoCount memberCount }} }}
  ... on ResyncRequired {{ reason }} }} }}"""

DELETE = "mutation ($input: DeleteVideoInput!) { deleteVideo(input: $input) { __typename } }"
JOIN = "mutation ($input: SetMembershipInput!) { setMembership(input: $input) { __typename } }"


async def test_a_posted_video_is_told_and_then_counted(api: Api) -> None:
    api.now = datetime.now(UTC)
    await arrange(api)
    async with serving(api.database.dsn, worker=True) as site, listening(site, ACTIVITY, sound="sound_1") as listener:
        begin = await listener.next()
        assert (begin["__typename"], begin["sequence"]) == ("StreamCheckpoint", 0)
        await post(api, 2, 1)
        await post(api, 1, 7)
        posted = await listener.next()
        assert posted.items() >= {"__typename": "VideoPosted", "sequence": 2, "soundId": "sound_1"}.items()
        assert posted["video"] == {"id": posted["videoId"], "creator": {"handle": "user7"}}
        counts = await listener.next()
        assert (counts["__typename"], counts["sequence"]) == ("CommunityCounts", 2)
        assert counts["community"] == {"id": "community_1", "videoCount": 1, "memberCount": 0}


async def test_a_video_that_is_taken_away_and_a_member_who_joins_are_told_too(api: Api) -> None:
    api.now = datetime.now(UTC)
    await arrange(api)
    async with serving(api.database.dsn, worker=True) as site, listening(site, ACTIVITY, sound="sound_1") as listener:
        await listener.of("StreamCheckpoint")  # from here on all is told
        await post(api, 1, 7)
        posted = await listener.of("VideoPosted")
        assert (await listener.of("CommunityCounts"))["community"]["videoCount"] == 1
        taken = await api.get(DELETE, viewer=7, input={"videoId": posted["videoId"]})
        assert taken["deleteVideo"]["__typename"] == "DeleteVideoPayload"
        removed = await listener.of("VideoRemoved")
        assert (removed["soundId"], removed["videoId"]) == ("sound_1", posted["videoId"])
        assert (await listener.of("CommunityCounts"))["community"] == {
            "id": "community_1",
            "videoCount": 0,
            "memberCount": 0,
        }
        await api.get(JOIN, viewer=8, input={"soundId": "sound_1", "member": True})
        assert (await listener.of("CommunityCounts"))["community"]["memberCount"] == 1


async def test_where_somebody_listens_whoever_comes_too_costs_no_statement(api: Api) -> None:
    await arrange(api)
    async with PostgresBus(api.database) as bus, AsyncExitStack() as stack:
        ctx = Context(db=api.database, cursors=api.cursors, now=api.now, facts=LogWatch(bus, api.cursors))
        sent = api.database.statements = []
        for _ in range(3):
            stream = await stack.enter_async_context(aclosing(await activity.updates(ctx, Id("sound_1"))))
            assert (await anext(stream)).update["__typename"] == "StreamCheckpoint"
        api.database.statements = None
    assert sent.count("sound_by_id") == 1
