"""How many examples a property is tried with: few enough for every run, and fifty times as many with CHORUS_TEST_LONG=1."""

import os

from hypothesis import settings

LONG = bool(os.environ.get("CHORUS_TEST_LONG"))


def examples(number: int) -> settings:
    """The settings of a property test."""
    return settings(max_examples=number * 50 if LONG else number)
