"""Which communities share their creators: found in turns, from the newest creators of a sound and the newest videos of each."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from db.database import Database

CREATORS = 2000  # of a sound, the newest
VIDEOS = 50  # of a creator, the newest
CLOSEST = 50  # neighbours kept
LOOKED_AT = 500  # sounds a step
CONSIDERED = 3000  # creators a step, or one sound's
USERS = 1000  # a statement
DAY = timedelta(days=1)


class Neighbour(NamedTuple):
    """`overlap` is the share of the considered creators who also used the neighbour."""

    sound_id: int
    neighbour_id: int
    shared_creator_count: int
    overlap: float


class Neighbours:
    """The turn over all communities; one that is not due costs a row of a look."""

    def __init__(self) -> None:
        self._after = 0

    async def step(self, database: Database, now: datetime) -> bool:
        """Renews the next few that are due; False where the turn has come to its end."""
        rows = await database.neighbours_due(self._after, now - DAY, LOOKED_AT)
        due: dict[int, int] = {}
        considered = 0
        for row in rows:
            size = min(row["creator_count"], CREATORS) if row["due"] else 0
            if due and considered + size > CONSIDERED:
                break
            self._after, considered = row["sound_id"], considered + size
            if row["due"]:
                due[row["sound_id"]] = row["creator_count"]
        if due:
            await renew(database, due, now)
        if len(rows) == LOOKED_AT or (rows and self._after != rows[-1]["sound_id"]):
            return True
        self._after = 0
        return False


async def renew(database: Database, sizes: Mapping[int, int], now: datetime) -> None:
    """Finds the neighbours of these sounds, given with the sizes of their communities, and writes them."""
    sounds = sorted(sizes)
    creators = {
        row["sound_id"]: row["creator_ids"] for row in await database.newest_creators_by_sounds(sounds, CREATORS)
    }
    users = sorted({user for ids in creators.values() for user in ids})
    used: dict[int, list[int]] = {}
    for start in range(0, len(users), USERS):
        rows = await database.newest_sounds_by_users(users[start : start + USERS], VIDEOS)
        used |= {row["user_id"]: row["sound_ids"] for row in rows}
    found = await asyncio.to_thread(_closest, creators, used)
    async with database.transaction() as tx:
        await tx.mark_neighbours(sounds, [sizes[sound] for sound in sounds], now)
        await tx.drop_neighbours(sounds)
        if found:
            await tx.insert_neighbours(*zip(*found, strict=True))


def _closest(creators: Mapping[int, Sequence[int]], used: Mapping[int, Sequence[int]]) -> list[Neighbour]:
    found = []
    for sound, ids in creators.items():
        others = np.concatenate([np.array(used.get(user, ()), dtype=np.int64) for user in ids])
        neighbours, shared = np.unique(others[others != sound], return_counts=True)
        best = np.lexsort((neighbours, -shared))[:CLOSEST]
        found += [
            Neighbour(sound, neighbour, count, count / len(ids))
            for neighbour, count in zip(neighbours[best].tolist(), shared[best].tolist(), strict=True)
        ]
    return found
