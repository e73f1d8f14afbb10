"""How much the faults are tried with: little in the suite, what the promise says with CHORUS_TEST_LONG=1."""

from typing import NamedTuple

from tests.trending.examples import LONG


class Size(NamedTuple):
    """Facts a second, how many before and again after a fault, those who listen, the sockets that come back, and the seconds of a late commit and of an outage."""

    rate: int
    facts: int
    listeners: int
    sockets: int
    late: float
    away: float


SIZE = Size(1000, 15_000, 100, 10_000, 30.0, 5.0) if LONG else Size(400, 240, 12, 300, 0.0, 0.0)
