"""How many examples a property is tried with: few enough for every run, and fifty times as many with CHORUS_TEST_LONG=1."""

import os

from hypothesis import HealthCheck, settings

LONG = bool(os.environ.get("CHORUS_TEST_LONG"))


def examples(number: int) -> settings:
    """The settings of a property test."""
    return settings(
        max_examples=number * 50 if LONG else number,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
