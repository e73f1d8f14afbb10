"""Counts everything again from the facts, at any moment: what is committed and waits to be counted is counted beside what is stored."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db import recounts
from db.database import Database
from db.recounts import Rows
from trending import counting, plays
from trending.counters import Sums
from trending.tally import COUNTED, Key, Tally


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
        tracks, videos = _played(calls, "tracks"), _played(calls, "videos")
        touched = _touched(counts, sums, times, tracks, videos)
        # Videos last: other statements look in them for the first one that is left.
        for table in sorted(touched, key="videos".__eq__):
            await recounts.copy_rows(tx.connection, table, touched[table])
            await counting.add(tx, table, counts.get(table, {}))
        if sums is not None:
            await times.keep(tx)
            await counting.add_sums(tx, *sums, now)
        await recounts.copy_log(tx.connection, plays.RECORDED, [call["body"] for call in calls])
        await tx.add_track_plays(0, len(calls))
        await tx.add_video_plays(0, len(calls))
        return {table: await recounts.copied_rows(tx.connection, table) for table in touched}


def _played(calls: Sequence[Any], subjects: str) -> set[Key]:
    return {tuple(key) for call in calls for *key, _ in call["body"][subjects]}


def _touched(
    counts: Tally, sums: tuple[Sums, Sums] | None, times: counting.Times, tracks: set[Key], videos: set[Key]
) -> dict[str, set[Key]]:
    touched: dict[str, set[Key]] = {table: set(rows) for table, rows in counts.items()}
    for table, keys in (("tracks", tracks), ("videos", videos), ("sounds", {(sound_id,) for sound_id, _ in videos})):
        touched[table] = touched.get(table, set()) | keys
    if sums is not None:
        by_sound, by_scope = sums
        touched["trend_counters"] = set(
            zip(by_sound.sounds.tolist(), by_sound.regions, by_sound.niches.tolist(), strict=True)
        )
        touched["trend_scopes"] = set(zip(by_scope.regions, by_scope.niches.tolist(), strict=True))
        touched["videos_ahead"] = times.videos
    return touched
