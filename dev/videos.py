"""Which videos are made with which sound, by whom and when: a Yule–Simon process by region, waves of attention over it, and the weight of each video.

Source of the process: H. A. Simon, On a class of skew distribution functions, Biometrika 42 (1955): a new video begins a new sound with a constant chance, else it
takes the sound of an earlier video. Which earlier one is drawn half from all, half from the recent ones (Cattuto, Loreto, Pietronero, PNAS 104, 2007), so that sounds also fade.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dev.waves import Wave, draw_waves
from dev.world import DAY, HOUR, NICHES, REGIONS, SPAN, TRUSTED_AGE, Crowd, Flags, Floats, Integers, People, Scale

HALF_LIFE_OF_EARLIER = (
    1344 * HOUR
)  # trending.md: how long an earlier video of a creator on a sound lowers the weight of the next
SEEDS = 60  # sounds that regions begin with
MIGRATION = 0.08  # the chance that a video takes up a sound from anywhere in the world
RECENT, MEMORY = 0.5, 0.02  # how often the recent past is copied, and how much of the past that is
SERIES = 0.06  # the chance that a creator goes on with a sound himself
ONCE = 0.7  # of those who would use a sound again, so many do not
RESPONSES = 0.06  # duets and stitches
DOUBLING = 45 * DAY  # of the number of videos a day
FARMED = 1_000


@dataclass
class Videos:
    """One entry a video in the order of time; -1 is nothing."""

    time: Integers
    sound: Integers
    creator: Integers
    region: Integers
    niches: NDArray[np.int8]  # three columns, from 1; 0 where there are fewer
    response: Integers  # the video that it answers
    wave: Integers  # the wave of attention that it is part of

    @classmethod
    def begun(cls, time: Integers, sound: Integers, region: Integers) -> "Videos":
        """Videos of which no more is known yet than when, with what and where."""
        nothing = np.full(len(time), -1)
        return cls(time, sound, nothing, region, np.zeros((len(time), 3), np.int8), nothing, nothing)

    @classmethod
    def joined(cls, parts: list["Videos"]) -> "Videos":
        """All of them, one part after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def take(self, order: Integers) -> "Videos":
        """These of them, in this order."""
        return Videos(*(getattr(self, field.name)[order] for field in fields(self)))


@dataclass
class Sounds:
    """One entry a sound in the order of their first videos."""

    first: Integers  # its first video
    region: Integers  # where it began
    niches: Integers  # two columns, the first is what it leans to most
    cleared: Flags  # for commercial use
    farmed: int


def draw_videos(scale: Scale, people: People, now: int, random: np.random.Generator) -> tuple[Videos, Sounds]:
    """All videos of the world, and their sounds; the farmer's thousand among them."""
    waves = draw_waves(scale, random)
    videos, series = _draw_all(scale, people, waves, now, random)
    order = np.argsort(videos.time, kind="stable")
    sounds = _number_sounds(videos, order, random)
    _draw_creators(videos, sounds, people, waves, random)
    # A creator who goes on with a sound is the one of the video that began the series.
    videos.creator[: len(series)] = videos.creator[series]
    videos = videos.take(order)
    _give_to_commercial(videos, sounds, people, random)
    _draw_niches(videos, sounds, random)
    videos.response = draw_responses(videos, random)
    return videos, sounds


def _draw_all(
    scale: Scale, people: People, waves: list[Wave], now: int, random: np.random.Generator
) -> tuple[Videos, Integers]:
    begun = scale.sounds - sum(wave.fresh for wave in waves) - 1
    count = scale.videos - sum(wave.videos for wave in waves) - FARMED
    organic, series = _draw_organic(count, begun, now, random)
    return Videos.joined([organic, _ride(waves, organic, now, random), _farm(people, now, random)]), series


def _draw_organic(count: int, sounds: int, now: int, random: np.random.Generator) -> tuple[Videos, Integers]:
    shares = np.array([place.share for place in REGIONS])
    region = random.choice(len(REGIONS), count, p=shares / shares.sum())
    time = draw_times(region, now, random)
    order = np.argsort(time, kind="stable")
    region, time = region[order], time[order]
    copied, begins = copied_videos(region, sounds, random)
    goes_on = (random.random(count) < SERIES) & ~begins
    return Videos.begun(time, follow(copied), region), follow(np.where(goes_on, copied, np.arange(count)))


def draw_times(region: Integers, now: int, random: np.random.Generator) -> Integers:
    """An instant for each entry: more every day, most in the evening of its region, a fifth more at weekends."""
    hours = np.arange(SPAN // HOUR)  # before now, the newest first
    times = np.empty(len(region), np.int64)
    for number, place in enumerate(REGIONS):
        here = np.flatnonzero(region == number)
        local = (now - hours * HOUR) / HOUR + place.hours
        weekend = ((local // 24) % 7 < 2).astype(float)  # 2000-01-01 was a Saturday
        busy = (1 + 0.6 * np.cos((local % 24 - 20) * np.pi / 12)) * (1 + 0.2 * weekend)
        sums = np.cumsum(busy * 2.0 ** (-hours * HOUR / DOUBLING))
        place_in = np.searchsorted(sums, random.random(len(here)) * sums[-1], side="right")
        times[here] = now - place_in * HOUR - 1 - (random.random(len(here)) * (HOUR - 1)).astype(np.int64)
    return times


def copied_videos(region: Integers, sounds: int, random: np.random.Generator) -> tuple[Integers, Flags]:
    """For each video, in the order of time, the earlier one whose sound it takes, or itself where it begins one of `sounds`."""
    count = len(region)
    order = np.argsort(region, kind="stable")
    sizes = np.bincount(region, minlength=len(REGIONS))
    starts = np.cumsum(sizes) - sizes
    local = np.empty(count, np.int64)
    local[order] = np.arange(count) - np.repeat(starts, sizes)
    shares = np.array([place.share for place in REGIONS])
    begins = local < np.maximum(1, np.round(shares * min(SEEDS, sounds / 5)))[region]
    begins[random.choice(np.flatnonzero(~begins), sounds - int(begins.sum()), replace=False)] = True
    everywhere = np.arange(count)
    at_home = order[starts[region] + _earlier(local, random)]
    copied = np.where(random.random(count) < MIGRATION, _earlier(everywhere, random), at_home)
    return np.where(begins, everywhere, copied), begins


def _earlier(ranks: Integers, random: np.random.Generator) -> Integers:
    chance = random.random(len(ranks))
    memory = np.maximum(3, MEMORY * ranks)
    recent = ranks - 1 - np.floor(memory * ((1 + ranks / memory) ** chance - 1))
    drawn = np.where(random.random(len(ranks)) < RECENT, recent, np.floor(chance * ranks))
    return np.clip(drawn, 0, np.maximum(ranks - 1, 0)).astype(np.int64)


def follow(pointers: Integers) -> Integers:
    """The end of each chain of pointers, by doubling; a pointer never points forward."""
    while not np.array_equal(pointers, further := pointers[pointers]):
        pointers = further
    return pointers


def weigh(time: Integers, sound: Integers, creator: Integers, age: Floats) -> tuple[Floats, Flags]:
    """The weight of each video (trending.md) and whether its creator is new to the sound; `age` is the account's when it posted, in days."""
    count = len(time)
    order = np.lexsort((time, creator, sound))
    begins = np.ones(count, bool)
    begins[1:] = (np.diff(sound[order]) != 0) | (np.diff(creator[order]) != 0)
    starts = np.flatnonzero(begins)
    rank = np.arange(count) - np.repeat(starts, np.diff(np.append(starts, count)))
    earlier = np.zeros(count)
    at = np.flatnonzero(rank == 1)
    while len(at):
        apart = (time[order[at]] - time[order[at - 1]]) / HALF_LIFE_OF_EARLIER
        earlier[at] = (earlier[at - 1] + 1) * 2.0**-apart
        at = at[at + 1 < count] + 1
        at = at[~begins[at]]
    new = np.empty(count, bool)
    weight = np.empty(count)
    new[order], weight[order] = begins, 0.25**earlier
    return weight * (0.1 + 0.9 * (1 - np.exp(-age / 14))), new


def draw_responses(videos: Videos, random: np.random.Generator) -> Integers:
    """The video that each answers, an earlier one with the same sound, or -1 for most."""
    count = len(videos.time)
    order = np.argsort(videos.sound, kind="stable")
    sizes = np.bincount(videos.sound)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    answered = np.full(count, -1)
    rank = np.arange(count) - starts
    chosen = np.flatnonzero((random.random(count) < RESPONSES) & (rank > 0))
    pick = starts[chosen] + (random.random(len(chosen)) ** 2 * rank[chosen]).astype(np.int64)
    answered[order[chosen]] = order[pick]
    return answered


def _ride(waves: list[Wave], organic: Videos, now: int, random: np.random.Generator) -> Videos:
    """The videos of the waves, with a sound that is there already or, as -2, -3, …, with one that begins with its wave."""
    sizes = np.bincount(organic.sound, minlength=len(organic.sound))
    free = random.permutation(np.flatnonzero((sizes >= 3) & (sizes <= 60)))
    parts = []
    for number, wave in enumerate(waves):
        times = wave.draw_times(now, random)
        older = free[organic.time[free] < times.min() - DAY]
        there = older[0] if len(older) else free[np.argmin(organic.time[free])]
        sound = -2 - number if wave.fresh else int(there)
        free = free[free != sound]
        part = Videos.begun(times, np.full(wave.videos, sound), wave.draw_regions(random))
        part.region[np.argmin(times)] = wave.region  # whence it speaks
        part.wave = np.full(wave.videos, number)
        parts.append(part)
    return Videos.joined(parts)


def _farm(people: People, now: int, random: np.random.Generator) -> Videos:
    times = now - 1 - np.sort((random.random(FARMED) * 6 * DAY).astype(np.int64))
    farm = Videos.begun(times, np.full(FARMED, -1), np.full(FARMED, people.region[people.farmer]))
    farm.creator = np.full(FARMED, people.farmer)
    return farm


def _number_sounds(videos: Videos, order: Integers, random: np.random.Generator) -> Sounds:
    _, first, number = np.unique(videos.sound[order], return_index=True, return_inverse=True)
    by_age = np.argsort(first, kind="stable")
    rank = np.empty(len(first), np.int64)
    rank[by_age] = np.arange(len(first))
    farmed = int(rank[number[np.flatnonzero(videos.sound[order] == -1)[0]]])
    videos.sound[order] = rank[number]
    count = len(first)
    region = videos.region[order][first[by_age]]
    # Regions differ in taste: half of their sounds lean to a third of the niches.
    taste = (region + random.integers(len(NICHES) // 3, size=count)) % len(NICHES)
    main = np.where(random.random(count) < 0.5, taste, random.integers(len(NICHES), size=count))
    second = (main + 1 + random.integers(len(NICHES) - 1, size=count)) % len(NICHES)
    return Sounds(
        first=first[by_age],
        region=region,
        niches=np.column_stack([main, second]),
        cleared=random.random(count) < 0.35,
        farmed=farmed,
    )


def _draw_creators(
    videos: Videos, sounds: Sounds, people: People, waves: list[Wave], random: np.random.Generator
) -> None:
    wanted = np.flatnonzero(videos.creator < 0)
    wave = videos.wave[wanted]
    trusted = np.array([wave.trusted for wave in waves])
    settled = (wave >= 0) & (random.random(len(wanted)) < trusted[wave])
    until = videos.time[wanted] - np.where(settled, TRUSTED_AGE, 0)
    groups = videos.region[wanted] * len(NICHES) + sounds.niches[videos.sound[wanted], 0]
    creators = _ask(people, groups, until, random)
    sound = videos.sound[wanted]
    for _ in range(3):  # most people use a sound once, and in a wave nearly everybody is somebody else
        _, once = np.unique(sound << 32 | creators, return_index=True)
        again = np.delete(np.arange(len(wanted)), once)
        again = again[(wave[again] >= 0) | (random.random(len(again)) < ONCE)]
        creators[again] = _ask(people, groups[again], until[again], random)
    videos.creator[wanted] = creators


def _ask(people: People, groups: Integers, until: Integers, random: np.random.Generator) -> Integers:
    places = people.region * len(NICHES)
    circles = (
        (Crowd(people, places + people.niches[:, 0], people.ordinary), groups, 0.55),
        (Crowd(people, people.region, people.ordinary), groups // len(NICHES), 0.93),
        (Crowd(people, np.zeros_like(places), people.ordinary), np.zeros_like(groups), 1.0),
    )
    found = np.full(len(groups), -1)
    chance = random.random(len(groups))
    for crowd, keys, reach in circles:
        open_ = np.flatnonzero((found < 0) & (chance < reach))
        found[open_] = crowd.draw(keys[open_], until[open_], random)
    return found


def _give_to_commercial(videos: Videos, sounds: Sounds, people: People, random: np.random.Generator) -> None:
    """A commercial account may only use sounds that are cleared for it; it did not found them."""
    allowed = sounds.cleared[videos.sound] & (videos.wave < 0) & (videos.sound != sounds.farmed)
    allowed[sounds.first] = False
    places = np.flatnonzero(allowed)
    places = random.choice(places, min(len(places), len(videos.time) // 100), replace=False)
    crowd = Crowd(people, np.zeros_like(people.region), np.where(people.commercial, people.activity, 0))
    found = crowd.draw(np.zeros_like(places), videos.time[places], random)
    videos.creator[places] = np.where(found < 0, videos.creator[places], found)


def _draw_niches(videos: Videos, sounds: Sounds, random: np.random.Generator) -> None:
    for start in range(0, len(videos.time), 100_000):
        lean = sounds.niches[videos.sound[start : start + 100_000]]
        count = len(lean)
        chance = random.random(count)
        anything = random.integers(len(NICHES), size=(count, 3))
        first = np.where(chance < 0.68, lean[:, 0], np.where(chance < 0.88, lean[:, 1], anything[:, 0]))
        second = np.where(chance < 0.44, lean[:, 1], anything[:, 1])
        number = random.choice(4, count, p=[0.08, 0.62, 0.25, 0.05])
        niches = np.column_stack([first, second, anything[:, 2]]) + 1
        niches[:, 1] *= niches[:, 1] != niches[:, 0]
        niches[:, 2] *= (niches[:, 2] != niches[:, 0]) & (niches[:, 2] != niches[:, 1])
        videos.niches[start : start + count] = niches * (np.arange(3) < number[:, None])
