"""The simulator: what it posts, that its bursts rise by the method, that it outlives a server, and that it never floods one."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from app import build_app
from db.database import connect
from dev.client import AT_ONCE, Client, TokenRefused, Unanswered
from dev.sample import load_sample
from dev.scene import Account, Scene
from dev.simulate import (
    LARGEST_BURST,
    MEAN_BURST,
    RUSH,
    SMALLEST_BURST,
    Life,
    SimulatorRefused,
    burst_size,
    pauses,
    read_tokens,
    shares,
    simulate,
)
from dev.wake import refresh_sample
from dev.world import PACE
from server.listen import configuration
from settings import Settings
from tests.ask import SECRET
from tests.conftest import Copy
from tests.running import free_port
from tests.serving import serving, token
from tests.until import PATIENCE
from trending.score import DAY, HALF_LIVES, HOUR, RISING, WEEK, Floats, Window, breakouts, decay, score


async def tokens_for(dsn: str, *, count: int) -> list[dict[str, str]]:
    connection = await connect(dsn)
    rows = await connection.fetch(
        "select handle, subject from users join identities on user_id = id where status = 'ACTIVE' and kind = 'PERSONAL'"
        " order by joined_at limit $1",
        count,
    )
    await connection.close()
    return [{"handle": row["handle"], "token": token(row["subject"])} for row in rows]


@pytest.fixture(scope="module")
async def woken_world(copy: Copy, template: str) -> AsyncIterator[str]:
    """A world that was loaded a week ago, left alone and brought up to the present."""
    now = datetime.now(UTC)
    async with copy(template) as dsn:
        await load_sample(dsn, scale="small", seed=5, now=now - timedelta(days=7))
        await refresh_sample(dsn, now=now)
        yield dsn


async def test_a_burst_enters_the_hour_chart_of_a_world_that_was_left_alone(
    woken_world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dev.simulate.RUSH_PAUSE", (0.2, 0.3))  # which takes nothing from what they do
    said: list[str] = []
    async with serving(woken_world, worker=True) as site:
        activity = asyncio.create_task(
            simulate(site.url, await tokens_for(woken_world, count=80), rate=0.8, seed=11, report=said.append)
        )
        async with asyncio.timeout(600):
            while not any("of the hour's breakouts" in line for line in said):  # noqa: ASYNC110  it reports in lines
                await asyncio.sleep(0.2)
        activity.cancel()
        with pytest.raises(asyncio.CancelledError):
            await activity

    assert said[0] == f"80 people post 0.8 times a second at {site.url}."
    assert said[1].startswith("Burst: ")
    connection = await connect(woken_world)
    posted = await connection.fetch(
        "select * from videos where created_at > now() - interval '10 minutes' and caption <> ''"
    )
    assert len({row["creator_id"] for row in posted if row["trusted"]}) >= 5
    await connection.close()


@pytest.fixture(scope="module")
async def past(woken_world: str) -> Floats:
    """What the world did before the simulator came: its sums."""
    connection = await connect(woken_world)
    sums = await connection.fetchval("select trusted from trend_scopes where region = 'GLOBAL' and niche_id = 0")
    await connection.close()
    return np.array(sums)


def steady(rate: float, hours: float) -> Floats:
    """The sums of so many posts a second after so many hours."""
    return np.asarray(rate * 3600 * HALF_LIVES / np.log(2) * (1 - np.exp2(-hours / HALF_LIVES)))


@pytest.mark.parametrize(("window", "people"), [(HOUR, SMALLEST_BURST), (DAY, RUSH), (WEEK, 35)])
@pytest.mark.parametrize("hours", [0.02, 1, 6, 24, 48, 168])
def test_a_burst_breaks_out_under_any_tide_that_the_worlds_own_pace_makes(
    past: Floats, window: Window, people: int, hours: float
) -> None:
    burst = np.full((1, 4), people * 0.92)
    tide = decay(past, hours) + steady(PACE, hours) + burst[0]

    assert people >= window.creators
    assert score(window, burst, np.zeros((1, 4)), tide).z[0] >= RISING


@pytest.mark.parametrize("hours", [12, 24, 48, 96, 168, 336])
@pytest.mark.parametrize("seed", range(3))
def test_hours_and_weeks_at_the_worlds_own_pace_leave_no_chart_empty(past: Floats, seed: int, hours: int) -> None:
    luck = random.Random(seed)
    every, everyday = shares(PACE)
    ages = []  # hours, of the videos of each burst
    for begins in np.arange(0, hours, every / 3600):
        came = begins + np.cumsum(list(pauses(burst_size(luck), 1.6))) / 3600
        ages.append(hours - came[came < hours])
    bursts = np.array([decay(np.full((len(age), 4), 0.92), age).sum(axis=0) for age in ages])
    tide = decay(past, hours) + steady(everyday, hours) + bursts.sum(axis=0)

    for window, least in ((HOUR, 1), (DAY, 4), (WEEK, 1)):
        scores = score(window, bursts, np.zeros_like(bursts), tide)
        creators = np.array([(age < window.hours).sum() for age in ages])
        assert len(breakouts(window, scores, np.arange(len(ages)), creators)) >= least, window


def test_most_bursts_begin_among_trusted_people_of_one_region() -> None:
    luck = random.Random(1)
    life = Life(Scene(Client("http://nowhere.example", print, luck), luck), luck, PACE, print)
    life.scene.accounts = [
        Account(f"p{n}", "", region="US" if n % 3 else f"{n:02}", trusted=n % 7 > 0, commercial=n % 11 == 0)
        for n in range(300)
    ]

    crowds = [life._crowd() for _ in range(200)]

    assert all(SMALLEST_BURST <= len({one.handle for one in crowd}) == len(crowd) <= LARGEST_BURST for crowd in crowds)
    assert all(one.trusted and not one.commercial for crowd in crowds for one in crowd)
    at_home = [crowd for crowd in crowds if {one.region for one in crowd[:SMALLEST_BURST]} == {"US"}]
    assert 0.7 < len(at_home) / len(crowds) < 0.9
    assert np.mean([len(crowd) for crowd in crowds]) == pytest.approx(MEAN_BURST, rel=0.2)


def test_a_rush_is_over_in_seconds_and_the_last_of_a_large_crowd_come_after_hours() -> None:
    assert sum(pauses(SMALLEST_BURST, 1.5)) == 12
    large = np.cumsum(list(pauses(LARGEST_BURST, 1.5)))
    assert large[RUSH - 1] == 24
    assert 3 * 3600 < large[-1] < 12 * 3600


@pytest.mark.parametrize("rate", [0.01, PACE, 0.5, 2, 40])
def test_bursts_and_everyday_life_make_up_the_rate(rate: float) -> None:
    pause, everyday = shares(rate)

    assert pause >= 60
    assert everyday >= 0.19 * rate
    assert MEAN_BURST / pause + everyday == pytest.approx(rate)


async def test_no_token_that_is_accepted_is_one_line(woken_world: str) -> None:
    async with serving(woken_world) as site:
        with pytest.raises(SimulatorRefused, match=r"^No token is accepted at http.*: mint them anew"):
            await simulate(site.url, [{"handle": "x", "token": "x.y.z"}], rate=1, seed=1, report=lambda _: None)


async def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SimulatorRefused, match="begins with http:// or https://"):
        await simulate("localhost:8000", [], rate=1, seed=1, report=lambda _: None)


def test_tokens_are_read_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_text('{"handle": "ada", "token": "t"}\n\n{"handle": "bo", "token": "u", "more": 1}\n')
    assert read_tokens(path) == [{"handle": "ada", "token": "t"}, {"handle": "bo", "token": "u"}]


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"handle": "ada"}', "7", '"text"'])
def test_a_line_that_is_no_token_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_text(json.dumps({"handle": "ada", "token": "t"}) + f"\n{line}\n")
    with pytest.raises(ValueError, match=r"tokens\.jsonl, line 2: each line is an object"):
        read_tokens(path)


@asynccontextmanager
async def serving_at(
    port: int, dsn: str, *, secret: str = SECRET, around: Callable[[Starlette], ASGIApp] = lambda app: app
) -> AsyncIterator[None]:
    with socket.create_server(("127.0.0.1", port)) as listening:
        app = around(build_app(Settings(secret=(secret,), worker=False), dsn))
        server = uvicorn.Server(configuration(app, host="127.0.0.1", port=port))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                assert not task.done(), "the app did not start: uvicorn's log says why"
                await asyncio.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            await task


async def test_a_server_that_restarts_costs_two_lines_and_no_answer(woken_world: str) -> None:
    said: list[str] = []
    port = free_port()
    client = Client(f"http://127.0.0.1:{port}/graphql", said.append, random.Random(1))
    async with serving_at(port, woken_world):
        first = await client.ask("{ niches { slug } }")

    waiting = [asyncio.create_task(client.ask("{ niches { slug } }")) for _ in range(20)]
    await asyncio.sleep(1)
    assert not any(task.done() for task in waiting)
    async with serving_at(port, woken_world), asyncio.timeout(PATIENCE):
        again = await asyncio.gather(*waiting)

    assert all(answer == first for answer in again)
    assert len(said) == 2
    assert "does not answer" in said[0]
    assert "answers again" in said[1]
    await client.close()


async def test_it_ends_with_one_line_when_no_token_is_accepted_any_more(woken_world: str) -> None:
    said: list[str] = []
    port = free_port()
    tokens = await tokens_for(woken_world, count=3)
    async with serving_at(port, woken_world):
        url = f"http://127.0.0.1:{port}/graphql"
        activity = asyncio.create_task(simulate(url, tokens, rate=20, seed=2, report=said.append))
        while not said:  # noqa: ASYNC110  it reports in lines
            await asyncio.sleep(0.05)

    async with serving_at(port, woken_world, secret=SECRET[::-1]), asyncio.timeout(PATIENCE):
        with pytest.raises(SimulatorRefused, match="No token is accepted any more"):
            await activity


async def test_no_more_than_eight_requests_are_in_flight(woken_world: str) -> None:
    in_flight: set[int] = set()
    most = 0

    def counted(app: Starlette) -> ASGIApp:
        async def count(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal most
            in_flight.add(id(scope))
            most = max(most, len(in_flight))
            if scope["type"] == "http":  # each waits until there are as many as may be, and for whoever is too many
                async with asyncio.timeout(PATIENCE):
                    while most <= AT_ONCE:  # noqa: ASYNC110  they are counted
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.02)
            await app(scope, receive, send)
            in_flight.discard(id(scope))

        return count

    port = free_port()
    client = Client(f"http://127.0.0.1:{port}/graphql", lambda _: None, random.Random(1))
    async with serving_at(port, woken_world, around=counted):
        # The lifespan is one more that is in flight all the time.
        answers = await asyncio.gather(*(client.ask("{ niches { slug } }") for _ in range(60)))
        await client.close()

    assert len(answers) == 60
    assert most == AT_ONCE + 1


async def test_answers_that_are_errors_are_told_apart(woken_world: str) -> None:
    async with serving(woken_world) as site:
        client = Client(site.url, lambda _: None, random.Random(1))
        with pytest.raises(Unanswered, match="nonsense"):
            await client.ask("{ nonsense }")
        with pytest.raises(TokenRefused):
            await client.ask("{ niches { slug } }", "not a token")
        await client.close()


async def test_this_machine_is_reached_past_a_proxy(woken_world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with serving(woken_world) as site:
        client = Client(site.url, lambda _: None, random.Random(1))
        async with asyncio.timeout(PATIENCE):
            assert await client.ask("{ __typename }") == {"__typename": "Query"}
        await client.close()
