"""The rows of playlists: of people, of the editors; what is on them, who works on them and who follows them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dev.catalogue import MEDIA, Catalogue
from dev.social import Society, out, pairs
from dev.sounds import Made
from dev.tables import Table, identity, rows
from dev.words import Voice
from dev.world import GUEST, HOUSE, REGIONS, Integers

PLAYLISTS = 0.35  # a user
EDITORIAL = 30
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order of the collation C
VISIBILITIES = ("PUBLIC", "UNLISTED", "PRIVATE")


def playlist_tables(society: Society, catalogue: Catalogue, made: Made, voice: Voice) -> Iterator[Table]:
    """Playlists with their entries, collaborators and followers; without what is counted from those."""
    random, people, now = society.random, society.people, society.now
    count = round(society.scale.users * PLAYLISTS)
    owner = society.somebody(count)
    owner[:EDITORIAL], owner[EDITORIAL : EDITORIAL + 4] = HOUSE, GUEST
    visibility = random.choice(3, count, p=(0.7, 0.12, 0.18))
    visibility[: EDITORIAL + 1] = 0
    visibility[EDITORIAL + 1 : EDITORIAL + 4] = (1, 2, 0)
    created = people.joined[owner] + ((now - people.joined[owner]) * random.random(count)).astype(np.int64)
    sizes = np.minimum(random.geometric(1 / 14, count) + 2, 200)
    sizes[:EDITORIAL] = random.integers(30, 100, EDITORIAL)
    entries = _draw_entries(society, catalogue, made, created, sizes)
    yield Table(
        "playlists",
        "id title description cover_url owner_id kind visibility share_token snapshot_id created_at updated_at",
        _playlists(society, owner, visibility, created, entries, voice),
    )
    playlist, user = pairs(random.integers(count, size=count // 3), society.somebody(count // 3))
    working = owner[playlist] != user
    playlist, user = playlist[working], user[working]
    edits = random.random(len(playlist)) < 0.6
    roles = np.where(edits, "EDITOR", "VIEWER").tolist()
    since = society.when(created[playlist], people.joined[user])
    yield Table(
        "playlist_collaborators",
        "playlist_id user_id role added_at",
        rows(identity(playlist), identity(user), roles, since),
    )
    yield _entry_table(society, owner, entries, (playlist[edits], user[edits], since[edits]))
    fame = np.where(owner == HOUSE, 40, 1) * random.lognormal(0, 1.2, count) * (visibility < 2)
    followed = random.choice(count, people.joined.size * 2, p=fame / fame.sum())
    followed, follower = pairs(followed, society.somebody(len(followed)))
    taken = np.concatenate([playlist << 32 | user, np.arange(count) << 32 | owner])
    other = ~np.isin(followed << 32 | follower, taken)
    followed, follower = followed[other], follower[other]
    since = society.when(created[followed], people.joined[follower])
    yield Table(
        "playlist_followers", "playlist_id user_id created_at", rows(identity(followed), identity(follower), since)
    )


class _Entries:
    """One entry a row of a playlist, in the order of the playlist."""

    def __init__(self, playlist: Integers, position: Integers, entry: Integers, added: Integers) -> None:
        self.playlist, self.position, self.added = playlist, position, added
        self.entry = entry  # a track, or -1 - a sound


def _draw_entries(society: Society, catalogue: Catalogue, made: Made, created: Integers, sizes: Integers) -> _Entries:
    random = society.random
    playlist = np.repeat(np.arange(len(sizes)), sizes)
    count = len(playlist)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    loved = catalogue.popularity / catalogue.popularity.sum()
    track = random.choice(len(loved), count, p=loved)
    sound = (random.random(count) ** 1.7 * len(made.kind)).astype(np.int64)
    is_track = random.random(count) < 0.62
    known = np.where(is_track, out(catalogue, track), made.created[sound])
    return _Entries(
        playlist,
        np.arange(count) - starts,
        np.where(is_track, track, -1 - sound),
        society.when(created[playlist], known),
    )


def _playlists(
    society: Society, owner: Integers, visibility: Integers, created: Integers, entries: _Entries, voice: Voice
) -> Iterator[Sequence[Any]]:
    updated = created.copy()
    np.maximum.at(updated, entries.playlist, entries.added)
    languages = society.people.region[owner]
    covers = society.random.random(len(owner)) < 0.5
    columns = (owner, visibility, created, updated, languages, covers)
    for number, (user, seen, since, changed, region, has_cover) in enumerate(rows(*columns), start=1):
        language = voice.pick(REGIONS[region].languages)
        described = voice.chance() < 0.4
        token = society.random.bytes(12).hex()
        yield (
            number, voice.title(language, "playlist"), voice.decorated(voice.say(language, "bio")) if described else "",
            f"{MEDIA}/playlists/{number}.webp" if has_cover else None, user + 1,
            "EDITORIAL" if user == HOUSE else "USER", VISIBILITIES[seen], token if VISIBILITIES[seen] == "UNLISTED" else None,
            1 + voice.below(40), since, changed,
        )  # fmt: skip


def _entry_table(
    society: Society, owner: Integers, entries: _Entries, helping: tuple[Integers, Integers, Integers]
) -> Table:
    playlist, user, since = helping
    first = np.searchsorted(playlist, entries.playlist)
    last = np.searchsorted(playlist, entries.playlist, side="right")
    colleague = np.minimum(first, max(len(playlist) - 1, 0))
    by_colleague = (last > first) & (since[colleague] <= entries.added) & (society.random.random(len(first)) < 0.5)
    added_by = np.where(by_colleague, user[colleague], owner[entries.playlist])

    def make(*parts: Any) -> Iterator[Sequence[Any]]:
        for number, playlist_number, position, entry, adder, added in zip(*parts, strict=True):
            kind, key = ("TRACK", entry + 1) if entry >= 0 else ("SOUND", -entry)
            yield playlist_number + 1, number + 1, sort_key(position), kind, key, adder + 1, added

    columns = (np.arange(len(first)), entries.playlist, entries.position, entries.entry, added_by, entries.added)
    return Table(
        "playlist_items",
        "playlist_id id sort_key kind entry_id added_by_id added_at",
        rows(*columns, make=make),
    )


def sort_key(position: int) -> str:
    """A key that leaves room before and after it and never ends in 0, from 0 to 3,720."""
    return DIGITS[1 + position // 61 % 61] + DIGITS[1 + position % 61]
