"""Addresses, as resolvers take them for an argument."""

from typing import NewType

Uri = NewType("Uri", str)
