"""How much the faults are tried with: little in the suite, what the promise says with CHORUS_TEST_LONG=1."""

from typing import NamedTuple

from tests.trending.examples import LONG


class Size(NamedTuple):
    """How many write and listen, and how much they do.

    `facts` are written before a fault and again after it, offered at `rate` a second, which is a tenth more than what is promised; of `sockets` each tries to come back
    within `back` seconds; a late commit is `late` seconds late, and what was killed stays away for `away` seconds.
    """

    clients: int
    rate: int
    facts: int
    listeners: int
    sockets: int
    back: float
    late: float
    away: float


SMALL = Size(clients=4, rate=500, facts=200, listeners=10, sockets=200, back=0.5, late=0.0, away=0.0)
WHOLE = Size(clients=16, rate=1100, facts=10_000, listeners=100, sockets=10_000, back=4.0, late=30.0, away=5.0)
SIZE = WHOLE if LONG else SMALL
