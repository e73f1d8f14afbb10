"""Regions, as resolvers take them for an argument."""

from typing import NewType

RegionCode = NewType("RegionCode", str)
