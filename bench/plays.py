"""Recorded plays: `python -m bench.plays` says how many a second one process takes, and how soon counts and charts show what was committed meanwhile."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, chain, count
from statistics import median
from typing import Annotated, Any

import orjson
import typer

from bench.posts import POST, in_words, missed, on_core
from bench.writes import (
    PEOPLE,
    SOUNDS,
    TRACKS,
    AnswersWrong,
    Client,
    Row,
    Scene,
    charged,
    clients,
    latency,
    run,
    shown,
    taken_in_turn,
)
from db.database import connect

RECORD = """mutation ($input: RecordPlaysInput!) { recordPlays(input: $input) { __typename
    ... on RecordPlaysPayload { accepted duplicates refused { message path } } } }"""
COUNT = "query ($id: ID!) { track(by: {id: $id}) { playCount } }"
CHART = "{ trendingSounds(window: HOUR, first: 100) { edges { node { id } } } }"
BARE = """insert into plays (listener_id, played_at, event_id, subject_kind, subject_id, duration_ms)
select $1, played_at, event_id, 'TRACK', subject_id, 1000 from unnest($2::text[], $3::bigint[], $4::timestamptz[]) play(event_id, subject_id, played_at)"""
CLIENTS = 16
EACH = 500  # plays of a call
CALLS = 120  # of a round
WANTED = 30_000  # plays a second
STEADY_SECONDS = 20
BURST = 40  # people who post with a sound at once
CHARTS = 4
ALONE, API, STEADY = "the bare statement", "recordPlays", f"recordPlays, {WANTED:,} a second"
TARGETS = {"count_s": 1.0, "chart_s": 5.0}
HEAD = """| | plays a second | p50 ms a call | p99 ms | CPU µs a play: server | Postgres | worker |
|---|---:|---:|---:|---:|---:|---:|"""


class Plays:
    """Calls that were never made before, by everybody in turn. What is played follows Zipf: the nth of its kind a nth as often as the first."""

    def __init__(self) -> None:
        self._names = count(1)
        self._random = random.Random(1)

    @staticmethod
    @cache
    def _shares(subjects: int) -> list[float]:
        return list(accumulate(1 / (1 + place // 3) for place in range(subjects)))

    def call(self, subjects: Sequence[str]) -> tuple[int, bytes]:
        """Who calls, and what: plays of some of these subjects within the last hour."""
        name, now = next(self._names), datetime.now(UTC)
        plays = [
            {
                "eventId": f"bench-{name}-{place}",
                "subjectId": subject,
                "playedAt": (now - timedelta(seconds=7 * place)).isoformat(),
                "durationMs": 30_000 + place,
            }
            for place, subject in enumerate(
                self._random.choices(subjects, cum_weights=self._shares(len(subjects)), k=EACH)
            )
        ]
        return 1 + name % PEOPLE, orjson.dumps({"query": RECORD, "variables": {"input": {"plays": plays}}})


async def bare(scene: Scene) -> Row:
    """The statement without Chorus and without an event, from a process that has Chorus's core for so long."""
    opened = [await connect(scene.bare) for _ in range(CLIENTS)]
    statements = [await connection.prepare(BARE) for connection in opened]
    now = datetime.now(UTC)
    times = [now - timedelta(seconds=7 * place) for place in range(EACH)]
    work = [([f"{call}-{n}-{now.timestamp()}" for n in range(EACH)], list(range(1, EACH + 1))) for call in range(CALLS)]

    async def do(client: int, columns: tuple[list[str], list[int]]) -> None:
        await statements[client].fetch(1 + client, *columns, times)

    found: Row = {}
    with on_core(scene.place.server_core):
        async with charged(scene, found, lambda: len(work) * EACH):
            spans = await taken_in_turn(CLIENTS, work, do)
    found["server_us"] = found["own_us"]
    for connection in opened:
        await connection.close()
    return found | latency(spans)


class Listening:
    """Everybody's plays, and how many of them were acknowledged."""

    def __init__(self, scene: Scene, asking: list[Client], subjects: Sequence[str]) -> None:
        self._scene = scene
        self._asking = asking
        self._plays = Plays()
        self._subjects = subjects
        self.accepted = 0

    async def call(self, client: int, call: tuple[int, bytes]) -> None:
        """One call; raises AnswersWrong where not all of it is accepted."""
        person, body = call
        payload = (await self._asking[client].ask(self._scene.tokens[person], body))["recordPlays"]
        if payload.get("accepted") != EACH:
            raise AnswersWrong(f"of {EACH} plays, {payload} was said")
        self.accepted += EACH

    async def flood(self) -> Row:
        """As many as it takes."""
        work = [self._plays.call(self._subjects) for _ in range(CALLS)]
        found: Row = {}
        async with charged(self._scene, found, lambda: CALLS * EACH):
            spans = await taken_in_turn(CLIENTS, work, self.call)
        return found | latency(spans)

    async def steady(self) -> Row:
        """So many a second for a while, and meanwhile how soon a count and a chart show what was committed."""
        work = [self._plays.call(self._subjects) for _ in range(STEADY_SECONDS * WANTED // EACH)]
        found: Row = {}
        begun = time.perf_counter()
        due = iter(range(len(work)))

        async def paced(client: int, call: tuple[int, bytes]) -> None:
            await asyncio.sleep(max(0.0, begun + next(due) * EACH / WANTED - time.perf_counter()))
            await self.call(client, call)

        async with charged(self._scene, found, lambda: len(work) * EACH):
            looking = asyncio.create_task(self._look())
            await taken_in_turn(CLIENTS, work, paced)
        looked = await looking
        return found | looked | {"p50_ms": float("nan"), "p99_ms": float("nan")}

    async def _look(self) -> Row:
        counts, charts = [], []
        async with clients(self._scene, BURST) as asking:
            for turn in range(CHARTS):
                counts += [await self._count(asking[0], TRACKS - 2 * turn - more) for more in (0, 1)]
                charts.append(await self._chart(asking, SOUNDS - turn))
        return {"count_s": max(counts), "chart_s": max(charts)}

    async def _count(self, client: Client, track: int) -> float:
        # Of a track that nobody else plays.
        person, body = self._plays.call([f"track_{track}"])
        await client.ask(self._scene.tokens[person], body)
        asked = orjson.dumps({"query": COUNT, "variables": {"id": f"track_{track}"}})

        async def look() -> bool:
            found: int = (await client.ask(self._scene.tokens[person], asked))["track"]["playCount"]
            return found == EACH

        self.accepted += EACH
        return await shown(look)

    async def _chart(self, asking: list[Client], sound: int) -> float:
        # Of a sound that nobody used for long, until many take it up at once.
        wish = {"soundId": f"sound_{sound}", "caption": "", "durationMs": 8000}
        post, asked = orjson.dumps({"query": POST, "variables": {"input": wish}}), orjson.dumps({"query": CHART})

        async def look() -> bool:
            edges = (await asking[0].ask(self._scene.tokens[1], asked))["trendingSounds"]["edges"]
            return f"sound_{sound}" in [edge["node"]["id"] for edge in edges]

        if await look():
            raise AnswersWrong(f"sound_{sound} is on the chart before anybody used it")
        await asyncio.gather(*(asking[n].ask(self._scene.tokens[n + 1], post) for n in range(BURST)))
        return await shown(look, every=0.1)


async def _check(scene: Scene, accepted: int) -> None:
    connection = await connect(scene.dsn)
    try:
        there = await connection.fetchval("select count(*) from plays")

        async def counted() -> bool:
            tracks = await connection.fetchval("select sum(play_count) from tracks")
            videos = await connection.fetchval("select sum(view_count) from videos")
            facts = await connection.fetchval("select count(*) from plays where subject_kind <> 'SOUND'")
            return bool(tracks + videos == facts)

        await shown(counted, every=0.2)
    finally:
        await connection.close()
    if there != accepted:
        raise AnswersWrong(f"{accepted} plays were acknowledged, and {there} are there")


async def measure(scene: Scene, rounds: int) -> dict[str, list[Row]]:
    """All in turn, then again; at last as many as are wanted, for longer."""
    rows: dict[str, list[Row]] = {name: [] for name in (ALONE, API, STEADY)}
    spared = 2 * CHARTS
    subjects = list(chain(*((f"track_{n}", f"sound_{n}", f"video_{n}_{n}") for n in range(1, TRACKS - spared + 1))))
    async with clients(scene, CLIENTS) as asking:
        listening = Listening(scene, asking, subjects)
        await listening.flood()  # warms up
        for _ in range(rounds):
            rows[ALONE].append(await bare(scene))
            rows[API].append(await listening.flood())
        rows[STEADY].append(await listening.steady())
        await _check(scene, listening.accepted)
    return rows


def tables(rows: dict[str, list[Row]], about: dict[str, Any]) -> str:
    """The figures, whether the targets were met, and where it was measured."""
    medians = {name: {what: median(row[what] for row in each) for what in each[0]} for name, each in rows.items()}
    steady, most = medians[STEADY], medians[API]["per_second"]
    words = (
        f"One process takes {most:,.0f} plays a second{missed(most >= WANTED, f'{WANTED:,}')}, in calls of {EACH}. While {steady['per_second']:,.0f} a second were"
        f" recorded, a count was shown at the latest {steady['count_s']:.2f} s after the commit{missed(steady['count_s'] <= TARGETS['count_s'], '1 s', 'at most')},"
        f" and a chart {steady['chart_s']:.2f} s after the last of {BURST} posts{missed(steady['chart_s'] <= TARGETS['chart_s'], '5 s', 'at most')}."
        " Every play that was acknowledged was there, once, and counted."
    )
    return "\n".join([HEAD, *[_line(name, row) for name, row in medians.items()], "", words, "", in_words(about, rows)])


def _line(name: str, row: Row) -> str:
    costs = " | ".join(f"{row[who]:,.1f}" for who in ("server_us", "postgres_us", "worker_us"))
    late = " | ".join("" if row[part] != row[part] else f"{row[part]:,.1f}" for part in ("p50_ms", "p99_ms"))
    return f"| {name} | {row['per_second']:,.0f} | {late} | {costs} |"


def main(rounds: Annotated[int, typer.Option(min=1, help="Fewer than five are only printed.")] = 5) -> None:
    """Measure."""
    run("plays", measure, tables, rounds)


if __name__ == "__main__":
    typer.run(main)
