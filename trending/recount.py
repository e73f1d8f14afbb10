"""Counts everything again from the facts, at any moment: what is committed and waits to be counted is counted beside what is stored."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db import recounts
from db.database import Database
from db.recounts import Rows
from trending import counting, plays
from trending.counters import Sums
from trending.tally import COUNTED, Key, Tally

Played = Counter[tuple[int, ...]]  # plays by the key of a track, or of a video


async def differences(database: Database, now: datetime) -> dict[str, list[Any]]:
    """The rows whose counts are not what the facts say, by recount: the facts, what is stored and what waits are those of one snapshot.

    It changes nothing, and holds nobody up. The database needs two connections for writing.
    """
    async with database.transaction() as tx:
        await tx.read_one_snapshot()
        counted = await _counted(database, await tx.share_snapshot(), now)
        return await recounts.differences(tx.connection, counted=counted)


async def _counted(database: Database, snapshot: str, now: datetime) -> dict[str, Rows]:
    # The rows on which is to be counted, as the worker's own statements will leave them: on copies that nobody else sees. What writes holds
    # the log back for as long as it is open, so this is a transaction of its own, and a short one.
    async with database.transaction() as tx:
        await recounts.see_snapshot(tx.connection, snapshot)
        facts = await tx.facts_that_wait(counting.CONSUMER, COUNTED, now)
        calls = await tx.facts_that_wait(plays.CONSUMER, [plays.RECORDED], now)
        times = counting.Times(facts)
        await times.remember(tx)
        counts, sums = await asyncio.to_thread(counting.sums, facts, times)
        tracks, videos = _plays(calls, "tracks"), _plays(calls, "videos")
        touched = _touched(counts, sums, times, tracks, videos)
        # Videos last: other statements look in them for the first one that is left.
        for table in sorted(touched, key="videos".__eq__):
            await recounts.copy_rows(tx.connection, table, touched[table])
            await counting.add(tx, table, counts.get(table, {}))
        if sums is not None:
            await times.keep(tx)
            await counting.add_sums(tx, *sums, now)
        await tx.add_track_plays(*_columns(tracks, 2))
        await tx.add_video_plays(*_columns(videos, 3))
        return {table: await recounts.copied_rows(tx.connection, table) for table in touched}


def _plays(calls: Sequence[Any], subjects: str) -> Played:
    played: Played = Counter()
    for call in calls:
        for *key, number in call["body"][subjects]:
            played[tuple(key)] += number
    return played


def _columns(played: Played, number: int) -> list[list[int]]:
    rows = [(*key, plays) for key, plays in played.items()]
    return [[row[column] for row in rows] for column in range(number)]


def _touched(
    counts: Tally, sums: tuple[Sums, Sums] | None, times: counting.Times, tracks: Played, videos: Played
) -> dict[str, set[Key]]:
    touched: dict[str, set[Key]] = {table: set(rows) for table, rows in counts.items()}
    for table, keys in (("tracks", tracks), ("videos", videos), ("sounds", {(sound_id,) for sound_id, _ in videos})):
        touched[table] = touched.get(table, set()) | set(keys)
    if sums is not None:
        by_sound, by_scope = sums
        touched["trend_counters"] = set(
            zip(by_sound.sounds.tolist(), by_sound.regions, by_sound.niches.tolist(), strict=True)
        )
        touched["trend_scopes"] = set(zip(by_scope.regions, by_scope.niches.tolist(), strict=True))
        touched["videos_ahead"] = times.videos
    return touched
