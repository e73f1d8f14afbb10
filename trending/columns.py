"""Columns of numbers from Postgres as numpy has them, without a Python number in between: a hundred thousand rows take milliseconds.

A statement sends them by array_send; the format is that of array_send in PostgreSQL's arrayfuncs.c: the number of dimensions, two more words,
two words a dimension, and each element with its length before it.
"""

import numpy as np
from numpy.typing import NDArray

from trending.score import Floats, Integers

WORD = 4
FLOATS = np.dtype([("length", ">i4"), ("value", ">f8")])
SMALL = np.dtype([("length", ">i4"), ("value", ">i4")])
INTEGERS = np.dtype([("length", ">i4"), ("value", ">i8")])


def floats(sent: bytes) -> Floats:
    """A double precision[]."""
    return np.frombuffer(sent, FLOATS, offset=_head(sent))["value"].astype(np.float64)


def columns(sent: bytes) -> Floats:
    """A double precision[][4], turned: a row a column, which is what is worked with."""
    return np.frombuffer(sent, FLOATS, offset=_head(sent))["value"].reshape(-1, 4).T.astype(np.float64, order="C")


def integers(sent: bytes) -> Integers:
    """A bigint[]."""
    return np.frombuffer(sent, INTEGERS, offset=_head(sent))["value"].astype(np.int64)


def small(sent: bytes) -> NDArray[np.int32]:
    """An integer[]."""
    return np.frombuffer(sent, SMALL, offset=_head(sent))["value"].astype(np.int32)


def _head(sent: bytes) -> int:
    dimensions = int.from_bytes(sent[:WORD], "big")
    return WORD * (3 + 2 * dimensions)
