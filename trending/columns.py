"""Columns of numbers from Postgres as numpy has them, without a Python number in between: a hundred thousand rows take milliseconds.

A statement sends a column by `string_agg(float8send(x), '')`: its numbers one after another, in network order. They are not copied: arithmetic
turns them as it reads. Of no rows a statement sends null.
"""

import numpy as np
from numpy.typing import NDArray

from trending.score import Floats, Integers


def floats(sent: bytes | None) -> Floats:
    """By float8send, of a double precision."""
    return np.frombuffer(sent or b"", ">f8")


def integers(sent: bytes | None) -> Integers:
    """By int8send, of a bigint."""
    return np.frombuffer(sent or b"", ">i8")


def small(sent: bytes | None) -> NDArray[np.int32]:
    """By int4send, of an integer."""
    return np.frombuffer(sent or b"", ">i4")
