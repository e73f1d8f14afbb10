"""The shape of the sample world: how many, where people live, when they joined and what they are into; numbers only, no names yet.

Instants are whole microseconds since 2000-01-01 UTC, as Postgres keeps them; people, sounds and videos are numbered from 0, their ids from 1.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dev.words import sections

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
SPAN = 120 * DAY  # the videos of the world are at most so old
OLDEST_ACCOUNT = 420 * DAY
TRUSTED_AGE = 30 * DAY  # trending.md: trusted is an account that was so old when it posted
HOUSE, GUEST = 0, 1  # the account of the editors, and one to try everything with
PACE = 0.015  # posts a second at which the small world goes on: those of its own last day (docs/adr/0010)
YOUNG_SHARE, COMMERCIAL_SHARE, SUSPENDED_SHARE = 0.1, 0.01, 0.005

# The niches that the world is about, by their ids, which are those of the migrations.
NICHES = tuple(heading.removeprefix("niche ") for heading in sections() if heading.startswith("niche "))


@dataclass(frozen=True)
class Region:
    """Where people live: its share of them, its hours ahead of UTC, its set of names and what they speak there."""

    code: str
    share: float
    hours: float
    names: str
    languages: tuple[str, ...]


REGIONS = (
    Region("US", 0.16, -6, "en", ("en", "en", "en", "es")),
    Region("BR", 0.11, -3, "pt", ("pt",)),
    Region("IN", 0.1, 5.5, "hi", ("hi", "en")),
    Region("ID", 0.07, 7, "id", ("id",)),
    Region("MX", 0.07, -6, "es", ("es",)),
    Region("GB", 0.05, 0, "en", ("en",)),
    Region("NG", 0.05, 1, "ng", ("en",)),
    Region("JP", 0.05, 9, "ja", ("ja",)),
    Region("PH", 0.04, 8, "ph", ("en",)),
    Region("FR", 0.04, 1, "fr", ("fr",)),
    Region("DE", 0.035, 1, "de", ("de", "de", "en", "tr")),
    Region("TR", 0.035, 3, "tr", ("tr",)),
    Region("KR", 0.03, 9, "ko", ("ko",)),
    Region("EG", 0.03, 2, "ar", ("ar",)),
    Region("ES", 0.025, 1, "es", ("es",)),
    Region("IT", 0.02, 1, "it", ("it",)),
    Region("SA", 0.02, 3, "ar", ("ar",)),
    Region("VN", 0.02, 7, "vi", ("vi",)),
    Region("CO", 0.02, -5, "es", ("es",)),
    Region("AR", 0.02, -3, "es", ("es",)),
    Region("ZA", 0.015, 2, "za", ("en",)),
    Region("PL", 0.015, 1, "pl", ("pl",)),
    Region("CA", 0.015, -5, "en", ("en", "en", "fr")),
    Region("AU", 0.01, 10, "en", ("en",)),
    Region("UA", 0.01, 2, "uk", ("uk",)),
    Region("PT", 0.01, 0, "pt", ("pt",)),
    Region("SE", 0.005, 1, "sv", ("sv",)),
    Region("IL", 0.005, 2, "he", ("he",)),
    Region("ZZ", 0.005, 0, "en", ("en",)),
)


@dataclass(frozen=True)
class Scale:
    """How many of each; of likes, comments and the like per video or user, because a world of 2,000 users cannot like a video a million times."""

    users: int
    sounds: int
    videos: int
    likes: float
    comments: float
    follows: float

    @property
    def growth(self) -> float:
        """How many times the small world this one is, by videos."""
        return self.videos / 20_000


SCALES = {
    "small": Scale(users=2_000, sounds=400, videos=20_000, likes=3, comments=0.5, follows=12),
    "medium": Scale(users=50_000, sounds=20_000, videos=500_000, likes=2, comments=0.3, follows=10),
    "large": Scale(users=200_000, sounds=100_000, videos=3_000_000, likes=1, comments=0.15, follows=8),
}


def instant(time: datetime) -> int:
    """Microseconds since 2000-01-01 UTC."""
    return (time - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class People:
    """One entry a user, in the order in which they joined."""

    joined: Integers
    region: Integers
    niches: Integers  # two columns, the first is home
    activity: Floats
    commercial: Flags
    suspended: Flags
    farmer: int  # posts a thousand videos on one sound from a young account

    @property
    def ordinary(self) -> Floats:
        """The activity of those who post by themselves: neither commercial, nor the house, nor the farmer."""
        activity = np.where(self.commercial, 0, self.activity)
        activity[[HOUSE, self.farmer]] = 0
        return activity

    @property
    def free(self) -> Floats:
        """The activity of those who like, follow, save and join: nobody who is suspended, and not the farmer."""
        activity = np.where(self.suspended, 0, self.activity)
        activity[self.farmer] = 0
        return activity


def draw_people(scale: Scale, now: int, random: np.random.Generator) -> People:
    """A tenth of the accounts are younger than 30 days; how much they post has a heavy tail."""
    count = scale.users
    young = round(count * YOUNG_SHARE)
    ages = np.concatenate(
        [
            TRUSTED_AGE + (OLDEST_ACCOUNT - TRUSTED_AGE) * random.random(count - young) ** 1.3,
            TRUSTED_AGE * (0.002 + 0.99 * random.random(young)),
        ]
    )
    joined = np.sort(now - ages.astype(np.int64))
    shares = np.array([region.share for region in REGIONS])
    home = random.integers(len(NICHES), size=count)
    region = random.choice(len(REGIONS), count, p=shares / shares.sum())
    activity = random.lognormal(0, 1.1, count)
    region[GUEST], activity[GUEST] = [place.code for place in REGIONS].index("GB"), 8
    farmer = int(np.searchsorted(joined, now - 9 * DAY))
    several = np.setdiff1d(np.arange(count - young), (HOUSE, GUEST))
    picked = random.choice(several, round(count * (COMMERCIAL_SHARE + SUSPENDED_SHARE)), replace=False)
    commercial, suspended = np.zeros(count, bool), np.zeros(count, bool)
    commercial[picked[: round(count * COMMERCIAL_SHARE)]] = True
    suspended[picked[round(count * COMMERCIAL_SHARE) :]] = True
    return People(
        joined=joined,
        region=region,
        niches=np.column_stack([home, (home + 1 + random.integers(len(NICHES) - 1, size=count)) % len(NICHES)]),
        activity=activity,
        commercial=commercial,
        suspended=suspended,
        farmer=farmer,
    )


class Crowd:
    """Draws people out of groups by their activity, and only those who had joined by then."""

    def __init__(self, people: People, groups: Integers, activity: Floats) -> None:
        self._activity = activity
        self._order = np.argsort(groups, kind="stable")
        self._joined = groups[self._order] << 52 | people.joined[self._order]
        self._sums = np.concatenate([[0.0], np.cumsum(activity[self._order])])

    def draw(self, groups: Integers, times: Integers, random: np.random.Generator) -> Integers:
        """One number of a person for each group and time; -1 where nobody had joined."""
        first = np.searchsorted(self._joined, groups << 52)
        last = np.searchsorted(self._joined, groups << 52 | times)
        low, high = self._sums[first], self._sums[last]
        place = np.searchsorted(self._sums, low + (high - low) * random.random(len(groups)), side="right") - 1
        person = self._order[np.clip(place, 0, len(self._order) - 1)]
        # Rounding may step over the end by one, onto somebody who is not asked for.
        return np.where((high > low) & (place >= first) & (place < last) & (self._activity[person] > 0), person, -1)
