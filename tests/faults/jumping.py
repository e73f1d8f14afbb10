"""`chorus` with a clock that jumps while it runs: `python -m tests.faults.jumping serve` is off by as many seconds as the file says, a double, that CHORUS_TEST_CLOCK names."""

import mmap
import os
import sys
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import jwt.api_jwt

import cli

FILE = Path(os.environ["CHORUS_TEST_CLOCK"])
HOUSE = Path(cli.__file__).parent
real = time.time
with FILE.open("rb") as file:  # mapped: to read it each time would be a tenth of what is measured
    OFF = memoryview(mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)).cast("d")


def jumped() -> float:
    """What the clock says, in seconds since 1970."""
    return real() + OFF[0]


class _Dates(type):
    """Every real datetime is one of these."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Jumped(datetime, metaclass=_Dates):
    """Stands in the place of `datetime` wherever somebody asks for the time; what it makes is as ever."""

    def __new__(cls, *parts: Any, **named: Any) -> Any:
        return datetime(*parts, **named)  # noqa: DTZ001  as it was asked for

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The time, jumps included."""
        return datetime.fromtimestamp(jumped(), tz)


def main() -> None:
    """Runs the command by this clock: all of the house, and what verifies tokens for it."""
    time.time = jumped
    for module in list(sys.modules.values()):
        ours = HOUSE in Path(getattr(module, "__file__", None) or "/").parents or module is jwt.api_jwt
        if ours and getattr(module, "datetime", None) is datetime and module.__name__ != __name__:
            module.datetime = Jumped  # type: ignore[attr-defined]
    cli.main()


if __name__ == "__main__":
    main()
