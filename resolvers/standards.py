"""The identifiers that the music industry gave its works, as clients write them: ISRC, UPC, MBID."""

import re
from uuid import UUID

from resolvers.errors import InvalidArgument
from resolvers.ids import shown

ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
UPC = re.compile(r"[0-9]{12,14}")
MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_isrc(text: str) -> str:
    """The twelve characters of an ISRC (ISO 3901), which is often printed with hyphens; raises InvalidArgument."""
    code = text.strip().upper().replace("-", "")
    if not ISRC.fullmatch(code):
        raise InvalidArgument(f"{shown(text)} is not an ISRC: country, registrant, year and number, like USRC17607839.")
    return code


def read_upc(text: str) -> str:
    """The 12 to 14 digits of a UPC, an EAN or a GTIN; raises InvalidArgument."""
    code = text.strip()
    if not UPC.fullmatch(code):
        raise InvalidArgument(f"{shown(text)} is not a UPC: 12 to 14 digits, like 602445790128.")
    return code


def read_mbid(text: str) -> UUID:
    """A MusicBrainz identifier; raises InvalidArgument."""
    code = text.strip().lower()
    if not MBID.fullmatch(code):
        raise InvalidArgument(f"{shown(text)} is not an MBID, like 5b11f4ce-a62d-471e-81fc-a69a8278c7da.")
    return UUID(code)
