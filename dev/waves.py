"""Waves of attention: sounds that break out right now, that peaked yesterday, last week, long ago; everywhere or in one region."""

from dataclasses import dataclass

import numpy as np

from dev.world import DAY, HOUR, MINUTE, REGIONS, SPAN, Integers, Scale

REGIONAL = 3  # one wave of so many stays in its region


@dataclass(frozen=True)
class Stage:
    """A kind of wave, in numbers of the small world: how many waves of how many videos, when they peaked, how fast they rose and fell."""

    waves: int
    least: int
    most: int
    peaked: tuple[int, int]  # before now; 0 is still rising
    rise: int
    fall: int
    trusted: float  # the share of their videos that come from accounts of 30 days and more


STAGES = (
    Stage(6, 16, 28, (0, 0), 24 * MINUTE, 0, 0.9),
    Stage(6, 36, 64, (0, 0), 8 * HOUR, 0, 0.85),
    Stage(5, 70, 120, (0, 0), 56 * HOUR, 0, 0.8),
    Stage(4, 50, 90, (20 * HOUR, 32 * HOUR), 4 * HOUR, 7 * HOUR, 0.8),
    Stage(4, 70, 130, (6 * DAY, 9 * DAY), 12 * HOUR, 30 * HOUR, 0.8),
    Stage(9, 60, 140, (14 * DAY, 110 * DAY), 2 * DAY, 5 * DAY, 0.8),
)


@dataclass(frozen=True)
class Wave:
    """One sound's wave; `fresh` if the sound begins with it."""

    stage: Stage
    videos: int
    peak: int  # microseconds before now
    region: int
    spread: float  # how much of it happens elsewhere
    fresh: bool

    @property
    def trusted(self) -> float:
        """The share of its videos from accounts of 30 days and more."""
        return self.stage.trusted

    def draw_times(self, now: int, random: np.random.Generator) -> Integers:
        """An instant for each of its videos, none after `now`."""
        rising = random.random(self.videos) < self.stage.rise / (self.stage.rise + self.stage.fall)
        away = random.exponential(1, self.videos)
        before = np.where(rising, self.peak + away * self.stage.rise, self.peak - away * self.stage.fall)
        # What would lie ahead is folded back: attention that is still to come is not in the world.
        return now - 1 - np.minimum(np.abs(before), SPAN - DAY).astype(np.int64)

    def draw_regions(self, random: np.random.Generator) -> Integers:
        """A region for each of its videos."""
        shares = np.array([region.share for region in REGIONS])
        elsewhere = random.choice(len(REGIONS), self.videos, p=shares / shares.sum())
        return np.where(random.random(self.videos) < self.spread, elsewhere, self.region)


def draw_waves(scale: Scale, random: np.random.Generator) -> list[Wave]:
    """The waves of a world of this scale: larger worlds have more of them, and larger ones."""
    shares = np.array([region.share for region in REGIONS])
    waves = []
    for stage in STAGES:
        for number in range(round(stage.waves * scale.growth**0.45)):
            anywhere = int(random.choice(len(REGIONS), p=shares / shares.sum()))
            regional = number % REGIONAL == 0
            waves.append(
                Wave(
                    stage=stage,
                    videos=round(random.uniform(stage.least, stage.most) * scale.growth**0.35),
                    peak=int(random.uniform(*stage.peaked)),
                    # The largest regions have one of each stage first.
                    region=number // REGIONAL % len(REGIONS) if regional else anywhere,
                    spread=0.06 if regional else 0.6,
                    fresh=bool(random.random() < 0.4),
                )
            )
    return waves
