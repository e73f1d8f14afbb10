"""Artists, their releases and the tracks on them: songs and episodes, credits, lyrics, links and restrictions."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from dev.tables import Table, identity, reference, rows
from dev.words import Voice, plain, sections
from dev.world import DAY, EPOCH, REGIONS, TRUSTED_AGE, Flags, Floats, Integers, People, Scale

ARTISTS, TRACKS = 0.3, 0.9  # a sound
ALBUM, SINGLE, EP, COMPILATION, PODCAST = range(5)
KINDS = ("ALBUM", "SINGLE", "EP", "COMPILATION", "PODCAST")
KIND_SHARES = (0.19, 0.53, 0.21, 0.04, 0.03)
LENGTHS = ((8, 15), (1, 2), (4, 7), (10, 17), (6, 31))  # tracks of a release of each kind, the last excluded
OLDEST = 6 * 365  # days before now
MEDIA = "https://media.chorus.example"
VARIANTS = (
    ["PREVIEW", "STANDARD"], ["PREVIEW", "STANDARD", "LOSSLESS"], ["PREVIEW", "STANDARD", "LOSSLESS", "HIRES_LOSSLESS"],
    ["STANDARD"], ["PREVIEW", "STANDARD", "LOSSLESS", "HIRES_LOSSLESS", "SPATIAL"],
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """One entry an artist, a release or a track; people who are artists have their number at `account`."""

    region: Integers  # of an artist
    account: Integers
    kind: Integers  # of a release, as in KINDS
    by: Integers  # its artist
    released: Integers  # in days since 2000, -1 where nobody knows
    release: Integers  # of a track
    position: Integers
    artist: Integers
    featured: Integers
    producer: Integers
    duration: Integers
    language: list[str]
    title: list[str]  # of a track
    popularity: Floats

    @property
    def episode(self) -> Flags:
        """Which tracks are episodes of a podcast."""
        return np.asarray(self.kind[self.release] == PODCAST)

    @property
    def date(self) -> Integers:
        """The day on which each track came out, -1 where nobody knows."""
        return self.released[self.release]


def draw_catalogue(scale: Scale, people: People, now: int, random: np.random.Generator, voice: Voice) -> Catalogue:
    """Releases of one main artist each, compilations of many; newer ones are more."""
    artists, tracks = round(scale.sounds * ARTISTS), round(scale.sounds * TRACKS)
    shares = np.array([place.share for place in REGIONS])
    region = random.choice(len(REGIONS), artists, p=shares / shares.sum())
    kind = random.choice(5, tracks, p=KIND_SHARES)
    bounds = np.array(LENGTHS)[kind]
    lengths = random.integers(bounds[:, 0], bounds[:, 1])
    kind, lengths = kind[: (last := int(np.searchsorted(np.cumsum(lengths), tracks)) + 1)], lengths[:last]
    lengths[-1] -= lengths.sum() - tracks
    fame = random.lognormal(0, 1, artists)
    by = random.choice(artists, last, p=fame / fame.sum())
    release = np.repeat(np.arange(last), lengths)
    several = kind[release] == COMPILATION
    anybody = random.integers(artists, size=(3, tracks))
    artist = np.where(several, anybody[0], by[release])
    featured = np.where(random.random(tracks) < 0.22, anybody[1], -1)
    producer = np.where(random.random(tracks) < 0.35, anybody[2], -1)
    featured[(featured == artist) | (kind[release] == PODCAST)] = -1
    days = now // DAY - 1 - (OLDEST * random.random(last) ** 2).astype(np.int64)
    sings = [voice.pick(REGIONS[place].languages) for place in region.tolist()]
    language = [sings[number] for number in artist.tolist()]
    spoken = kind[release] == PODCAST
    minutes = np.where(spoken, random.uniform(14, 70, tracks), random.normal(3.1, 0.7, tracks).clip(1.2, 7))
    return Catalogue(
        region=region,
        account=_draw_accounts(region, people, now, random),
        kind=kind,
        by=by,
        released=np.where(random.random(last) < 0.015, -1, days),
        release=release,
        position=np.arange(tracks) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1,
        artist=artist,
        featured=featured,
        producer=np.where(producer == artist, -1, producer),
        duration=(minutes * 60_000).astype(np.int64),
        language=language,
        title=_titles(voice, language, spoken.tolist()),
        popularity=fame[artist] * random.lognormal(0, 1.2, tracks),
    )


def _draw_accounts(region: Integers, people: People, now: int, random: np.random.Generator) -> Integers:
    account = np.full(len(region), -1)
    settled = (people.joined < now - 2 * TRUSTED_AGE) & ~people.commercial & ~people.suspended
    settled[:2] = False
    for place in np.unique(region).tolist():
        there = random.permutation(np.flatnonzero(settled & (people.region == place)))
        wanting = np.flatnonzero((region == place) & (random.random(len(region)) < 0.4))[: len(there) // 4]
        account[wanting] = there[: len(wanting)]
    return account


def _titles(voice: Voice, language: list[str], spoken: list[bool]) -> list[str]:
    titles, number = [], 0
    for tongue, is_episode in zip(language, spoken, strict=True):
        number = number + 1 if is_episode else 0
        if is_episode:
            said = voice.fill(voice.pick(sections()["catalogue"]["episode"]), "en")
            titles.append(f"Ep. {number}: {said[0].upper()}{said[1:]}")
        else:
            titles.append(voice.title(tongue))
    return titles


def _credits(catalogue: Catalogue, names: list[str]) -> Iterator[Sequence[Any]]:
    columns = (catalogue.artist, catalogue.featured, catalogue.producer, catalogue.episode)
    for track, (artist, featured, producer, spoken) in enumerate(rows(*columns), start=1):
        yield track, 1, artist + 1, names[artist], "HOST" if spoken else "MAIN"
        if featured >= 0:
            yield track, 2, featured + 1, names[featured], "REMIXER" if featured % 9 == 0 else "FEATURED"
        if producer >= 0:
            # People are often credited under another form of their name.
            credited = names[producer].upper() if producer % 5 == 0 else names[producer]
            yield track, 3 if featured >= 0 else 2, producer + 1, credited, "PRODUCER"


def catalogue_tables(
    catalogue: Catalogue, names: list[str], random: np.random.Generator, voice: Voice
) -> Iterator[Table]:
    """Rows of everything but what is copied from them; `names` are those of the artists."""
    yield Table("artists", "id name mbid user_id image_url", _artists(catalogue, names, random))
    yield Table("releases", "id title kind upc released_on cover_url", _releases(catalogue, random, voice))
    yield Table(
        "release_credits",
        "release_id position artist_id credited_as role",
        (
            (number, 1, artist + 1, names[artist], "HOST" if kind == PODCAST else "MAIN")
            for number, (artist, kind) in enumerate(rows(catalogue.by, catalogue.kind), start=1)
        ),
    )
    yield Table(
        "tracks",
        "id title kind release_id isrc mbid duration_ms explicit genres audio_variants released_on play_count",
        _tracks(catalogue, random, voice),
    )
    yield Table("track_credits", "track_id position artist_id credited_as role", _credits(catalogue, names))
    tracks = np.arange(len(catalogue.title))
    yield Table(
        "release_tracks",
        "release_id position track_id",
        rows(identity(catalogue.release), catalogue.position, identity(tracks)),
    )
    yield Table("track_links", "track_id service url", _links(catalogue, voice))
    yield Table("track_restrictions", "track_id region reason relinked_to_id", _restrictions(len(tracks), voice))
    yield Table("lyrics", "track_id language synced lines", _lyrics(catalogue, voice))


def artist_names(catalogue: Catalogue, voice: Voice) -> list[str]:
    """A name for each artist; two artists may share one, as in life."""
    return [voice.act(REGIONS[place].names) for place in catalogue.region.tolist()]


def _dates(days: Integers) -> list[date | None]:
    dates = (days + np.datetime64(EPOCH.date())).tolist()
    return [day if known else None for day, known in zip(dates, (days >= 0).tolist(), strict=True)]


def mbids(count: int, share: float, random: np.random.Generator) -> Iterable[uuid.UUID | None]:
    """As many ids as MusicBrainz gives, for a share of the rows."""
    known = random.random(count) < share
    for is_known in known.tolist():
        yield uuid.UUID(bytes=random.bytes(16), version=4) if is_known else None


def _artists(catalogue: Catalogue, names: list[str], random: np.random.Generator) -> Iterator[Sequence[Any]]:
    numbers = range(1, len(names) + 1)
    images = (f"{MEDIA}/artists/{number}.webp" if number % 4 else None for number in numbers)
    return zip(numbers, names, mbids(len(names), 0.7, random), reference(catalogue.account), images, strict=True)


def _releases(catalogue: Catalogue, random: np.random.Generator, voice: Voice) -> Iterator[Sequence[Any]]:
    first = np.searchsorted(catalogue.release, np.arange(len(catalogue.kind))).tolist()
    codes = random.random(len(first))
    for number, (kind, day, track) in enumerate(
        zip(catalogue.kind.tolist(), _dates(catalogue.released), first, strict=True)
    ):
        if kind == SINGLE:
            title = catalogue.title[track]
        elif kind == PODCAST:
            title = (
                voice.title("en", "album")
                if number % 5 == 0
                else voice.fill(voice.pick(sections()["catalogue"]["podcast"]), "en")
            )
        else:
            title = voice.title(catalogue.language[track], "album")
        code = f"{100_000_000_000 + number * 7919:013d}" if kind != PODCAST and codes[number] < 0.85 else None
        yield number + 1, title, KINDS[kind], code, day, f"{MEDIA}/covers/{number + 1}.webp"


def _tracks(catalogue: Catalogue, random: np.random.Generator, voice: Voice) -> Iterator[Sequence[Any]]:
    words = sections()["catalogue"]
    count = len(catalogue.title)
    chance = random.random(count).tolist()
    plays = (catalogue.popularity * 900 * random.lognormal(0, 0.5, count)).astype(np.int64)
    ids = mbids(count, 0.6, random)
    episode, days = catalogue.episode.tolist(), _dates(catalogue.date)
    columns = (catalogue.release, catalogue.duration, plays, catalogue.artist)
    for number, (release, duration, played, artist) in enumerate(rows(*columns)):
        spoken = episode[number]
        code = None if spoken or chance[number] < 0.1 else f"{REGIONS[catalogue.region[artist]].code}CHR{number:07d}"
        played_here = words["spoken"] if spoken else sections()[catalogue.language[number]]["genre"]
        genres = [played_here[artist % len(played_here)], voice.pick(played_here)][: 1 + number % 2]
        yield (
            number + 1, catalogue.title[number], "EPISODE" if spoken else "SONG", release + 1, code, next(iter(ids)),
            duration, chance[number] > 0.9, list(dict.fromkeys(genres)), VARIANTS[0 if spoken else voice.below(5)], days[number], played,
        )  # fmt: skip


def _links(catalogue: Catalogue, voice: Voice) -> Iterator[Sequence[Any]]:
    services = sections()["catalogue"]["service"]
    for number, title in enumerate(catalogue.title, start=1):
        for service in services[voice.below(4) :]:
            yield number, service, f"https://{service.lower()}.example/listen/{plain(title)[:40] or 'track'}-{number}"


def _restrictions(tracks: int, voice: Voice) -> Iterator[Sequence[Any]]:
    for number in range(1, tracks + 1):
        chance = voice.chance()
        if chance < 0.02:
            other = voice.below(tracks) + 1
            yield number, REGIONS[voice.below(9)].code, "REGION", other if other != number else None
        elif chance < 0.028:
            yield number, "ZZ", "TAKEN_DOWN", None
        elif chance < 0.034:
            yield number, "ZZ", "NOT_RELEASED", None


def _lyrics(catalogue: Catalogue, voice: Voice) -> Iterator[Sequence[Any]]:
    spoken = catalogue.episode.tolist()
    durations = catalogue.duration.tolist()
    for number, language in enumerate(catalogue.language):
        if not spoken[number] and voice.chance() < 0.6:
            synced = voice.chance() < 0.6
            yield number + 1, language, synced, voice.lyrics(language, durations[number], synced=synced)
