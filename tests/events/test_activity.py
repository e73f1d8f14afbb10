"""What happens in a community reaches who listens to it: over real sockets, in order, once."""

from datetime import UTC, datetime

from tests.ask import Api
from tests.events.listening import PLACE, listening
from tests.serving import serving
from tests.trending.scene import arrange, post

ACTIVITY = f"""subscription ($sound: ID!, $after: Cursor) {{ communityActivity(soundId: $sound, after: $after) {{
  __typename {PLACE}
  ... on VideoPosted {{ soundId videoId video {{ id creator {{ handle }} }} }}
  ... on VideoRemoved {{ soundId videoId }}
  ... on CommunityCounts {{ community {{ id videoCount }} }}
  ... on ResyncRequired {{ reason }} }} }}"""


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
        assert counts["community"] == {"id": "community_1", "videoCount": 1}
