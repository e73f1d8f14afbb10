"""People who post, through the API, and a worker whose clock is the test's."""

from datetime import timedelta
from typing import Any

from db.recounts import differences
from events import log
from tests.ask import Api
from trending import counting, plays
from worker import Worker

POST = """mutation ($input: PostVideoInput!) { postVideo(input: $input) { __typename ... on PostVideoPayload { video { id } } } }"""
OLD, YOUNG = 60, 30  # accounts: 1 to 60 are a year old, 61 to 90 a week


async def arrange(api: Api, sounds: int = 5) -> None:
    """Accounts, and sounds 1 to `sounds`."""
    await api.sql(
        "with made as (insert into users (handle, display_name, region, joined_at) select 'user' || n, 'User', 'DE',"
        " $1::timestamptz - case when n <= $2::integer then interval '1 year' else interval '7 days' end from generate_series(1, $2 + $3::integer) n"
        " returning handle, id) insert into handles select handle, id from made",
        api.now,
        OLD,
        YOUNG,
    )
    await api.sql(
        "insert into sounds (title, kind, duration_ms, created_at) select 'Sound ' || n, 'ORIGINAL', 1000, $1::timestamptz - interval '1 year'"
        " from generate_series(1, $2::integer) n",
        api.now,
        sounds,
    )


async def post(
    api: Api, sound: int, creator: int, *, niches: tuple[int, ...] = (), region: str = "DE", caption: str = ""
) -> None:
    """Posts a video at the time of `api`."""
    wish: dict[str, Any] = {
        "soundId": f"sound_{sound}",
        "caption": caption,
        "durationMs": 1000,
        "region": region,
        "nicheIds": [f"niche_{niche}" for niche in niches],
    }
    made = await api.get(POST, viewer=creator, input=wish)
    assert made["postVideo"]["__typename"] == "PostVideoPayload", made


async def burst(api: Api, sound: int, creators: int = 15, **how: Any) -> None:
    """Accounts 1 to `creators` post with this sound, once each."""
    for creator in range(1, creators + 1):
        await post(api, sound, creator, **how)


async def assert_counts_are_the_facts(api: Api) -> None:
    """Every count, sum and copy is what the facts say."""
    async with api.database.transaction() as tx:
        found = await differences(tx.connection)
    assert not found, found


async def catch_up(api: Api) -> None:
    """Counts what waits, and does nothing else that a worker does."""
    more = True
    while more:
        moved = await log.move(api.database, api.now)
        counted = await counting.count(api.database, api.now)
        more = await plays.count(api.database) or moved > 0 or counted > 0


def worker(api: Api) -> Worker:
    """A worker whose time is that of `api`."""
    return Worker(api.database, clock=lambda: api.now)


async def settle(api: Api, by: Worker | None = None) -> None:
    """Lets the worker do all that is due now."""
    by = by or worker(api)
    while await by.step():
        pass


async def later(api: Api, by: Worker, *, seconds: float) -> None:
    """Passes time, and lets the worker do what is due by then."""
    api.now += timedelta(seconds=seconds)
    await settle(api, by)


async def chart(
    api: Api, kind: str = "BREAKOUT", window: str = "HOUR", region: str | None = None, niche: int | None = None
) -> list[int]:
    """The sounds of a chart by rank, as a client sees it."""
    answer = await api.get(
        """query ($kind: ChartKind!, $window: TrendWindow!, $region: RegionCode, $niche: ID) {
             trendingSounds(kind: $kind, window: $window, region: $region, niche: $niche, first: 100) { edges { rank node { id } } } }""",
        kind=kind,
        window=window,
        region=region,
        niche=f"niche_{niche}" if niche else None,
    )
    edges = answer["trendingSounds"]["edges"]
    assert [edge["rank"] for edge in edges] == list(range(1, len(edges) + 1))
    return [int(edge["node"]["id"].removeprefix("sound_")) for edge in edges]
