"""Loads the believable sample world, the same for the same seed, and wakes one that slept.

A world is loaded in one transaction: one that was interrupted has left nothing behind, and nothing ever doubles. Its facts are copied in, everything else is derived from
them by settle.sql. They are older than the log: no event tells of them, and views, plays and shares are counts without rows; likes, comments, saves and follows have theirs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
import numpy as np
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from db.errors import DomainError
from db.queries import QUERIES
from dev.catalogue import artist_names, catalogue_tables, draw_catalogue
from dev.people import name_people, people_table
from dev.playlists import playlist_tables
from dev.posts import draw_appeal, receive, video_table
from dev.social import (
    Society,
    comments_on_tracks,
    comments_on_videos,
    draw_likes,
    like_table,
    social_tables,
    track_comment_tables,
    video_comment_tables,
)
from dev.sounds import draw_sounds, sound_table
from dev.tables import Table, fill, open_session, own_tables, put_indexes_aside, put_keys_aside
from dev.videos import draw_videos
from dev.words import Voice
from dev.world import EPOCH, NICHES, SCALES, Scale, draw_people, instant

LOCK = 0x73616D706C65  # "sample": two loads at once come one after the other
Report = Callable[[str, float], None]  # what is being made, and how much of the whole is done, from 0 to 1


class SampleRefused(DomainError):
    """The sample world cannot be loaded here; the message is one line: why, and what is allowed."""


def silent(_: str, __: float) -> None:
    """Reports to nobody."""


async def load_sample(dsn: str, *, scale: str, seed: int, now: datetime, progress: Report = silent) -> str:
    """Fills an empty, migrated database, or leaves a finished world alone; returns a sentence that says what was done."""
    if scale not in SCALES:
        raise SampleRefused(f"There is no scale {scale!r}: allowed are {', '.join(SCALES)}.")
    if now.tzinfo is None or instant(now) < 0:
        raise SampleRefused(f"{now} cannot be the world's now: it is a time with an offset, from {EPOCH:%Y-%m-%d} on.")
    connection = await open_session(dsn)
    try:
        async with connection.transaction():
            there = await _find_world(connection)
            if there:
                return there
            meter = Meter(progress, SCALES[scale])
            await _load(connection, SCALES[scale], seed, instant(now), meter)
            await connection.execute(
                "insert into sample_worlds (scale, seed, world_now, finished_at) values ($1, $2, $3, current_timestamp)",
                *(scale, seed, instant(now)),
            )
        progress("vacuum", 0.98)
        # Index-only scans need the visibility map, and plans the statistics.
        await connection.execute(f"vacuum (analyze) {', '.join(await own_tables(connection))}")
        progress("done", 1)
    finally:
        await connection.close()
    return f"Loaded the {scale} sample world of seed {seed} as of {now:%Y-%m-%d %H:%M}."


class Meter:
    """Turns rows and statements into a share of the whole."""

    def __init__(self, report: Report, scale: Scale) -> None:
        self._report = report
        # A row that is copied in costs about one unit, what is derived from a video about ten.
        copied = scale.videos * (1.75 + scale.likes + 2 * scale.comments) + scale.users * (scale.follows + 17)
        self._whole = copied + 12 * scale.sounds + 10 * scale.videos
        self._done = 0.0
        self._step = ""

    def begin(self, step: str) -> None:
        """Names what is being made."""
        self._step = step
        self.advance(0)

    def advance(self, units: float) -> None:
        """So much more is done."""
        self._done += units
        self._report(self._step, min(0.97, self._done / self._whole))


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A bar in the terminal, as a Report."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("sample world", total=1.0)
        yield lambda step, done: bar.update(task, description=step.replace("_", " "), completed=done)


async def _find_world(connection: asyncpg.Connection) -> str | None:
    """A sentence about the finished world that is there, or None where one may be loaded; raises SampleRefused."""
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
    world = await connection.fetchrow("select scale, seed, finished_at from sample_worlds")
    if world and world["finished_at"]:
        return f"There is a {world['scale']} sample world of seed {world['seed']} already: nothing was loaded."
    await _require_niches(connection)
    if world:
        names = ", ".join(await own_tables(connection))
        await connection.execute(f"truncate sample_worlds, {names} restart identity cascade")
        return None
    for table in ("users", "artists", "tracks", "sounds", "videos", "playlists"):
        if await connection.fetchval(f"select exists (select from {table})"):  # noqa: S608
            raise SampleRefused(
                f"The database has {table} of its own, and the sample world is for an empty one: name another database."
            )
    return None


async def _require_niches(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("select slug from niches where id <= $1 order by id", len(NICHES))
    if tuple(row["slug"] for row in rows) != NICHES:
        raise SampleRefused(
            "The database has niches of its own, and the sample world is about those of a fresh one: name another database."
        )


async def _load(connection: asyncpg.Connection, scale: Scale, seed: int, now: int, meter: Meter) -> None:
    meter.begin("world")
    await connection.execute("create temporary table sample_videos (like videos including defaults) on commit drop")
    tables = await own_tables(connection)
    searched = [name for name in tables if name.startswith("search_")]
    copied = [name for name in tables if name not in searched]
    found_by = await put_indexes_aside(connection, searched)
    again = await put_indexes_aside(connection, copied) + await put_keys_aside(connection, copied)
    for table in sample_tables(scale, seed, now):
        meter.begin(table.name.removeprefix("sample_"))
        await fill(connection, table, meter.advance)
    steps = read_steps()
    for step, statement in steps:
        meter.begin(step)
        await connection.execute(statement, *((now,) if "$1" in statement else ()))
        meter.advance(scale.videos * 6 / len(steps))
    await _run(connection, meter, "indexes", again, scale.videos * 3)
    search = [QUERIES[name].sql for name in ("refresh_tiers", "index_everything", "mark_common_words")]
    await _run(connection, meter, "search", search + found_by, scale.videos)
    await _count_on(connection)


async def _run(connection: asyncpg.Connection, meter: Meter, step: str, statements: list[str], units: float) -> None:
    meter.begin(step)
    for statement in statements:
        await connection.execute(statement)
        meter.advance(units / len(statements))


async def _count_on(connection: asyncpg.Connection) -> None:
    """Identities go on behind the ids that were copied in."""
    numbered = await connection.fetch(
        """
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relname = any ($1) and a.attname = 'id' and a.attidentity <> ''
        """,
        await own_tables(connection),
    )
    for (name,) in numbered:
        sequence = f"pg_get_serial_sequence('{name}', 'id')"
        await connection.execute(f"select setval({sequence}, max(id)) from {name} having max(id) > 0")  # noqa: S608


def sample_tables(scale: Scale, seed: int, now: int) -> Iterator[Table]:
    """The facts of the world, table by table; each kind of fact has a random generator of its own, and so is the same whatever the others draw."""
    streams = iter(np.random.SeedSequence(seed).spawn(40))

    def random() -> np.random.Generator:
        return np.random.default_rng(next(streams))

    def voice() -> Voice:
        return Voice(random())

    people = draw_people(scale, now, random())
    videos, sounds = draw_videos(scale, people, now, random())
    catalogue = draw_catalogue(scale, people, now, random(), voice())
    acts = artist_names(catalogue, voice())
    named = name_people(people, catalogue, acts, voice())
    made = draw_sounds(sounds, videos, people, catalogue, named, random(), voice())
    yield people_table(people, catalogue, named, voice())
    yield from catalogue_tables(catalogue, acts, random(), voice())
    yield sound_table(made, sounds, videos, catalogue, now, random())
    society = Society(scale, people, now, random())
    yield from social_tables(society, made, videos, catalogue)
    yield from playlist_tables(society, catalogue, made, voice())
    yield from track_comment_tables(society, comments_on_tracks(society, catalogue), voice())
    appeal = draw_appeal(videos, people, now, random())
    likes, comments = draw_likes(society, videos, appeal), comments_on_videos(society, videos, appeal)
    yield from video_comment_tables(society, videos, comments, voice())
    yield like_table(videos, likes)
    reception = receive(
        appeal,
        np.bincount(likes.video, minlength=scale.videos),
        np.bincount(comments.about[~comments.hidden], minlength=scale.videos),
        random(),
    )
    del likes, comments, appeal
    yield video_table(videos, people, made.title, reception, random(), voice())


def read_steps() -> list[tuple[str, str]]:
    """The statements of settle.sql, in order, each with the name of its step."""
    text = (Path(__file__).parent / "settle.sql").read_text("utf-8")
    blocks = [block.partition("\n") for block in text.split("-- step: ")[1:]]
    return [(name.strip(), statement) for name, _, statement in blocks]
