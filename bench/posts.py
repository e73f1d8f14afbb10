"""Posted videos: `python -m bench.posts` says how many a second one process takes, beside the bare statement, and on one sound beside many."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import mean, median
from typing import Annotated, Any

import orjson
import typer

from bench.writes import (
    PEOPLE,
    SOUNDS,
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

POST = """mutation ($input: PostVideoInput!) { postVideo(input: $input) { __typename ... on PostVideoPayload { video { id caption } } } }"""
COUNT = "query ($id: ID!) { sound(id: $id) { community { videoCount } } }"
BARE = """with video as (
    insert into videos (sound_id, creator_id, caption, region, duration_ms, created_at, weight, trusted, new_creator)
    select sound_id, creator_id, '', 'DE', 8000, now(), 1, true, true from unnest($1::bigint[], $2::bigint[]) posted(sound_id, creator_id)
    returning sound_id, id, creator_id, region, created_at, weight, trusted, new_creator)
insert into outbox (type, occurred_at, body) select 'VIDEO_POSTED', created_at, jsonb_build_object('sound_id', sound_id, 'video_id', id,
    'creator_id', creator_id, 'region', region, 'niche_ids', '[]'::jsonb, 'hashtags', '[]'::jsonb, 'weight', weight, 'trusted', trusted, 'new_creator', new_creator)
from video"""
CLIENTS = 32
TOGETHER = 100  # rows of a bare statement
POSTS = 1_000
MANY, ONE, DRESSED = (
    "postVideo, over 1,000 sounds",
    "postVideo, on one sound",
    "postVideo with two niches and two hashtags",
)
ALONE, HUNDRED = "the bare statement", f"the bare statement, {TOGETHER} rows in each"
TARGETS = {"share": 0.25, "even": 0.9, "server_us": 550.0}
HEAD = """| | a second | p50 ms | p99 ms | CPU µs each: server | Postgres | worker |
|---|---:|---:|---:|---:|---:|---:|"""


async def bare(scene: Scene, rows: int) -> Row:
    """The statement without Chorus, from a process that has Chorus's core for so long: so many rows in each, of as many connections as there are clients."""
    opened = [await connect(scene.bare) for _ in range(CLIENTS)]
    statements = [await connection.prepare(BARE) for connection in opened]
    posts = max(POSTS, CLIENTS * rows)
    sounds = iter(range(1, posts + 1))
    work = [([next(sounds) for _ in range(rows)], [1 + n % PEOPLE for n in range(rows)]) for _ in range(posts // rows)]

    async def do(client: int, columns: Any) -> None:
        await statements[client].fetch(*columns)

    found: Row = {}
    with on_core(scene.place.server_core):
        async with charged(scene, found, lambda: len(work) * rows):
            spans = await taken_in_turn(CLIENTS, work, do)
    found["server_us"] = found["own_us"]
    for connection in opened:
        await connection.close()
    return found | latency(spans)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process, on this core for the time of the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def posted(scene: Scene, asking: list[Client], sounds: list[int], **about: Any) -> Row:
    """A thousand people post once each, on these sounds in turn. Every one that was acknowledged is there, with its event, and is counted."""
    work = []
    for person in range(1, PEOPLE + 1):
        wish = {
            "soundId": f"sound_{sounds[person % len(sounds)]}",
            "caption": f"by {person}",
            "durationMs": 8000,
        } | about
        work.append((person, orjson.dumps({"query": POST, "variables": {"input": wish}})))
    made: dict[str, int] = {}

    async def do(client: int, task: tuple[int, bytes]) -> None:
        person, body = task
        payload = (await asking[client].ask(scene.tokens[person], body))["postVideo"]
        made[payload["video"]["id"]] = person

    found: Row = {}
    async with charged(scene, found, lambda: len(work)):
        spans = await taken_in_turn(CLIENTS, work, do)
    found["shown_s"] = await _counted(scene, asking[0], sounds[0], made)
    await _check(scene, made)
    return found | latency(spans)


async def _counted(scene: Scene, client: Client, sound: int, made: dict[str, int]) -> float:
    wanted = sum(1 for video in made if video.startswith(f"video_{sound}_"))
    body = orjson.dumps({"query": COUNT, "variables": {"id": f"sound_{sound}"}})
    before = await _count_of_facts(scene, sound) - wanted

    async def look() -> bool:
        found: int = (await client.ask(scene.tokens[1], body))["sound"]["community"]["videoCount"]
        return found - before == wanted

    return await shown(look)


async def _count_of_facts(scene: Scene, sound: int) -> int:
    # The world's own video of each sound was never posted, so it is not counted.
    connection = await connect(scene.dsn)
    try:
        found: int = await connection.fetchval("select count(*) - 1 from videos where sound_id = $1", sound)
        return found
    finally:
        await connection.close()


async def _check(scene: Scene, made: dict[str, int]) -> None:
    keys = [[int(part) for part in video.split("_")[1:]] for video in made]
    connection = await connect(scene.dsn)
    try:
        there = await connection.fetch(
            """select v.sound_id, v.id, v.creator_id, (select count(*) from log where type = 'VIDEO_POSTED' and (body ->> 'sound_id')::bigint = v.sound_id
                and (body ->> 'video_id')::bigint = v.id) events
            from videos v join unnest($1::bigint[], $2::bigint[]) made(s, v) on v.sound_id = s and v.id = made.v""",
            [sound for sound, _ in keys],
            [video for _, video in keys],
        )
    finally:
        await connection.close()
    found = {f"video_{row['sound_id']}_{row['id']}": row["creator_id"] for row in there if row["events"] == 1}
    if len(made) != POSTS or found != made:
        raise AnswersWrong(
            f"{len(made)} of {POSTS} posts were acknowledged, and {len(found)} are there with their event"
        )


async def measure(scene: Scene, rounds: int) -> dict[str, list[Row]]:
    """All in turn, then again."""
    rows: dict[str, list[Row]] = {name: [] for name in (ALONE, HUNDRED, MANY, ONE, DRESSED)}
    lone = count(SOUNDS, -1)
    async with clients(scene, CLIENTS) as asking:
        await posted(scene, asking, [next(lone)])  # warms up
        for turn in range(rounds):
            spread = list(range(1 + turn * POSTS, 1 + (turn + 1) * POSTS))
            rows[ALONE].append(await bare(scene, 1))
            rows[MANY].append(await posted(scene, asking, spread))
            rows[ONE].append(await posted(scene, asking, [next(lone)]))
            dressed = {"nicheIds": ["niche_1", "niche_2"], "caption": "#one of #two"}
            rows[DRESSED].append(await posted(scene, asking, spread, **dressed))
            rows[HUNDRED].append(await bare(scene, TOGETHER))
    return rows


def tables(rows: dict[str, list[Row]], about: dict[str, Any]) -> str:
    """The figures, whether the targets were met, and where it was measured."""
    medians = {name: {what: median(row[what] for row in each) for what in each[0]} for name, each in rows.items()}
    lines = [_line(name, row) for name, row in medians.items()]
    share = medians[MANY]["per_second"] / medians[ALONE]["per_second"]
    even = median(one["per_second"] / many["per_second"] for one, many in zip(rows[ONE], rows[MANY], strict=True))
    cost, late = medians[MANY]["server_us"], max(row["shown_s"] for name in (MANY, ONE, DRESSED) for row in rows[name])
    words = (
        f"Through the API {share:.0%} of the bare statement's{missed(share >= TARGETS['share'], '25%')}, with {cost:,.0f} µs of the server's CPU"
        f"{missed(cost <= TARGETS['server_us'], '550', 'at most')}; on one sound {even:.2f} times as many as on many{missed(even >= TARGETS['even'], '0.9')}."
        f" Every post that was acknowledged was there with its event, and counted at the latest {late:.2f} s after the last."
    )
    return "\n".join([HEAD, *lines, "", words, "", in_words(about, rows)])


def _line(name: str, row: Row) -> str:
    costs = (row["server_us"], row["postgres_us"], row["worker_us"])
    return f"| {name} | {row['per_second']:,.0f} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {' | '.join(f'{cost:,.0f}' for cost in costs)} |"


def missed(met: bool, wanted: str, bound: str = "at least") -> str:
    """What was wanted, in words, where it was not met."""
    return "" if met else f" (missed: {bound} {wanted})"


def in_words(about: dict[str, Any], rows: dict[str, list[Row]]) -> str:
    """Where it was measured, and who else was there."""
    place, cores = about["machine"], about["cores"]
    names = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if name != "wrk")
    others = [row["others"] for each in rows.values() for row in each]
    return (
        f"{about['at'][:10]}, commit {about['commit']}, {max(map(len, rows.values()))} rounds: {place['cores']} cores of {place['processor']},"
        f" {place['memory_gib']} GiB, {place['kernel']}; {names}. The server had core {cores['server']}; Postgres, the worker and those who ask had core"
        f" {cores['postgres and wrk']}. Others took {mean(others):.0%} of the two."
    )


def main(rounds: Annotated[int, typer.Option(min=1, help="Fewer than five are only printed.")] = 5) -> None:
    """Measure."""
    run("posts", measure, tables, rounds)


if __name__ == "__main__":
    typer.run(main)
