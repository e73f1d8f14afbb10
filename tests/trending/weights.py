"""What a video weighs (trending.md), as it is read best: db/write.sql `post_videos` is held to it."""

import numpy as np

from trending.score import HALF_LIVES

REPEAT = 0.25  # each earlier video of the same creator on the same sound leaves a quarter of the weight
LONGEST = float(
    HALF_LIVES[-1]
)  # earlier videos fade as slowly as the slowest counter: faster, and a patient account gathers four times its trust
NEWCOMER = 0.1  # the trust of an account in its first hour
TRUST_DAYS = 14.0
TRUSTED_DAYS = 30.0


def trust(account_age_days: float) -> float:
    """q: from 0.1 for a new account towards 1, two thirds of the way in two weeks."""
    return float(NEWCOMER + (1 - NEWCOMER) * -np.expm1(-max(account_age_days, 0.0) / TRUST_DAYS))


def is_trusted(account_age_days: float) -> bool:
    """Whether a video of an account of this age counts among the trusted ones, for good."""
    return account_age_days >= TRUSTED_DAYS


def weigh(earlier: float, hours_since: float, account_age_days: float) -> tuple[float, float]:
    """The weight of a creator's next video on a sound, and the `earlier` to store with the creator now.

    `earlier` is what was stored `hours_since` ago, 0 for a first video. The weights of one account, decayed in any counter, add up to at
    most 4/3 of its trust: the sum S stays below 4/3·(1 - 4^-earlier) as a video is added, and as both fade.
    """
    faded = earlier * float(np.exp2(-max(hours_since, 0.0) / LONGEST))
    return trust(account_age_days) * REPEAT**faded, faded + 1
