"""The rows of sounds: clips of tracks, people's own, lines of films that nobody shot, remixes and what they were made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dev.catalogue import MEDIA, Catalogue
from dev.people import Named
from dev.tables import Table, reference, rows
from dev.videos import Sounds, Videos
from dev.words import Voice, sections
from dev.world import DAY, HOUR, MINUTE, REGIONS, Integers, People

TRACK_CLIP, ORIGINAL, DIALOGUE, REMIX = range(4)
KINDS = ("TRACK_CLIP", "ORIGINAL", "DIALOGUE", "REMIX")
KIND_SHARES = (0.7, 0.14, 0.16)  # of the sounds without a track
SUNG_PARTS = ("", "", "", "", " (chorus)", " (bridge)", " (that part)", " (first verse)")
SPOKEN_PARTS = ("", " (clip)", " (that part)")


@dataclass(frozen=True)
class Made:
    """How each sound came about, and what it is called; -1 is nothing."""

    kind: Integers
    track: Integers
    source: Integers  # the sound that a remix was made from
    created: Integers
    creator: Integers
    title: list[str]


def draw_sounds(
    sounds: Sounds, videos: Videos, people: People, catalogue: Catalogue, named: Named,
    random: np.random.Generator, voice: Voice,
) -> Made:  # fmt: skip
    """Half of the sounds are clips of a track; the others are somebody's own."""
    count = len(sounds.first)
    kind = 1 + random.choice(3, count, p=KIND_SHARES)
    others = np.delete(np.arange(count), sounds.farmed)
    kind[random.choice(others, count // 2, replace=False)] = TRACK_CLIP
    kind[sounds.farmed] = ORIGINAL
    kind[0] = ORIGINAL if kind[0] == REMIX else kind[0]
    begun, founder = videos.time[sounds.first], videos.creator[sounds.first]
    waited = np.where(
        kind == TRACK_CLIP, random.uniform(HOUR, 3 * DAY, count), random.uniform(MINUTE, 20 * MINUTE, count)
    )
    created = np.where(kind == TRACK_CLIP, begun - waited, np.maximum(begun - waited, people.joined[founder]))
    created = created.astype(np.int64)
    source = np.where(kind == REMIX, (random.random(count) * np.arange(count)).astype(np.int64), -1)
    created = np.where(source >= 0, np.minimum(begun, np.maximum(created, created[source] + MINUTE)), created)
    track = np.where(kind == TRACK_CLIP, _draw_tracks(sounds, created, catalogue, random), -1)
    labels = (kind == TRACK_CLIP) & (random.random(count) < 0.85)
    made = Made(kind, track, source, created, np.where(labels, -1, founder), [])
    _entitle(made, sounds, catalogue, named, voice)
    return made


def _draw_tracks(sounds: Sounds, created: Integers, catalogue: Catalogue, random: np.random.Generator) -> Integers:
    """A track for each sound, out by then, in a language of its region where there is one."""
    known = np.where(catalogue.date < 0, 0, catalogue.date)
    # One episode in six has something that people repeat.
    quoted = ~catalogue.episode | (catalogue.position % 6 == 0)
    speaks = np.where(quoted, np.array(catalogue.language), "")
    found = np.full(len(created), -1)
    spoken = np.array([place.languages[0] for place in REGIONS])[sounds.region]
    for language in [*np.unique(spoken).tolist(), None]:
        fitting = np.flatnonzero(speaks == language if language else quoted)
        fitting = fitting[np.argsort(known[fitting], kind="stable")]
        asking = np.flatnonzero((found < 0) & (spoken == language) if language else found < 0)
        out = np.searchsorted(known[fitting], created[asking] // DAY)
        place = (random.random(len(asking)) * out).astype(np.int64)
        found[asking] = np.where(out > 0, fitting[place] if len(fitting) else -1, -1)
    return np.where(found < 0, 0, found)


def _entitle(made: Made, sounds: Sounds, catalogue: Catalogue, named: Named, voice: Voice) -> None:
    columns = (made.kind, made.track, made.source, sounds.region, made.creator)
    spoken = catalogue.episode.tolist()
    for number, (kind, track, source, place, creator) in enumerate(rows(*columns)):
        language = voice.pick(REGIONS[place].languages)
        if kind == TRACK_CLIP:
            parts = SPOKEN_PARTS if spoken[track] else SUNG_PARTS
            title = catalogue.title[track] + voice.pick(parts)
        elif kind == REMIX:
            base = made.title[source].split(" (", maxsplit=1)[0]
            title = f"{base} ({voice.pick(sections()['catalogue']['version'])})"
        elif kind == DIALOGUE:
            title = voice.title(language, "dialogue")
        elif voice.chance() < 0.45 or number == sounds.farmed:
            title = f"{sections()[language]['word'][0]} – {named.handles[creator]}"
        else:
            title = voice.title(language, "original")
        made.title.append(title[:200])


def sound_table(
    made: Made, sounds: Sounds, videos: Videos, catalogue: Catalogue, now: int, random: np.random.Generator
) -> Table:
    """Rows of sounds, the counts of their communities still 0."""
    count = len(made.kind)
    clip = (made.kind == TRACK_CLIP) & (catalogue.duration[made.track] > 62_000)
    duration = np.where(
        made.kind == TRACK_CLIP, random.integers(15_000, 60_000, count), random.integers(4_000, 58_000, count)
    )
    room = np.where(clip, catalogue.duration[made.track] - duration, 1)
    start = (random.random(count) * np.maximum(room, 1)).astype(np.int64)
    calm = np.ones(count, bool)
    calm[videos.sound[videos.wave >= 0]] = False
    calm[[0, sounds.farmed]] = False
    blamed = random.choice(np.flatnonzero(calm), max(4, count // 66), replace=False)
    status = np.full(count, "ACTIVE", object)
    status[blamed[::2]], status[blamed[1::2]] = "MUTED", "REMOVED"
    expires = np.where(sounds.cleared & (random.random(count) < 0.1), now + random.integers(20, 300, count) * DAY, -1)
    personal = random.random(count) < 0.995

    def make() -> Iterator[Sequence[Any]]:
        columns = (
            made.kind, status, duration, made.created, clip, start, sounds.cleared, personal, expires,
            reference(made.creator), reference(made.track), reference(made.source), made.title,
        )  # fmt: skip
        for number, row in enumerate(rows(*columns), start=1):
            kind, state, lasts, created, clipped, begins, cleared, allowed, until, creator, track, source, title = row
            yield (
                number, title, KINDS[kind], state, lasts, f"{MEDIA}/sounds/{number}.webp" if number % 7 else None, created,
                creator, track, begins if clipped else None, begins + lasts if clipped else None, source,
                allowed, cleared, until if until >= 0 else None, number * 31 % 97,
            )  # fmt: skip

    return Table(
        "sounds",
        "id title kind status duration_ms cover_url created_at creator_id track_id clip_start_ms clip_end_ms derived_from_id"
        " rights_personal rights_commercial rights_expires_at share_count",
        make(),
    )
