"""Global ids: opaque to clients, and carrying what routes them (a video's holds its sound's)."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NewType

from resolvers.errors import InvalidId

Id = NewType("Id", str)

NUMBER = re.compile(r"[1-9][0-9]{0,18}")
# \w leaves out the marks without which words of most scripts of India, and vocalised Arabic, fall apart (categories Mn and Mc), and the two joiners.
MARKS = "".join(map(chr, (code for code in range(0x300, 0x1E900) if unicodedata.category(chr(code)) in ("Mn", "Mc"))))
WORD = f"[\\w{MARKS}\u200c\u200d]{{1,100}}"
NAME = re.compile(WORD)
LARGEST = 2**63 - 1
SHOWN = 64  # as much of a wrong id as an error repeats


class Kind:
    """One kind of id: a prefix and the columns that make the key. A key of one column is the value, else a tuple."""

    def __init__(self, prefix: str, *columns: str) -> None:
        self.prefix = prefix
        self.columns = columns
        KINDS[prefix] = self

    def of(self, row: Any) -> str:
        """The id of this row."""
        return "_".join((self.prefix, *(str(row[column]) for column in self.columns)))

    def write(self, *key: Any) -> str:
        """The id of this key."""
        return "_".join((self.prefix, *map(str, key)))

    def read(self, text: str) -> Any:
        """The key in this id; raises InvalidId where it is malformed or of another kind."""
        kind, key = read(text)
        if kind is not self:
            raise InvalidId(f"{shown(text)} is the id of a {kind.prefix}; the id of a {self.prefix} is needed here.")
        return key

    def key(self, parts: list[str]) -> Any:
        """The key from the parts behind the prefix, or None where they are malformed."""
        if len(parts) != len(self.columns):
            return None
        numbers = []
        for part in parts:
            if NUMBER.fullmatch(part) is None or (number := int(part)) > LARGEST:
                return None
            numbers.append(number)
        return tuple(numbers) if len(numbers) > 1 else numbers[0]


class NameKind(Kind):
    """A kind whose key is a name of letters, digits and underscores, in any script."""

    def key(self, parts: list[str]) -> Any:
        name = "_".join(parts)
        return name if NAME.fullmatch(name) else None


class EitherKind:
    """Two kinds of one type: a row is of the first where it has that one's first column."""

    def __init__(self, first: Kind, second: Kind) -> None:
        self._first = first
        self._second = second

    def of(self, row: Any) -> str:
        """The id of this row."""
        return (self._second if row[self._first.columns[0]] is None else self._first).of(row)


def one_of(text: str, kinds: Collection[Kind]) -> tuple[Kind, Any]:
    """The kind and the key of an id of one of these kinds; raises InvalidId."""
    kind, key = read(text)
    if kind not in kinds:
        needed = " or a ".join(dict.fromkeys(kind.prefix for kind in kinds))
        raise InvalidId(f"{shown(text)} is the id of a {kind.prefix}; the id of a {needed} is needed here.")
    return kind, key


def parts(key: Any) -> tuple[Any, ...]:
    """The parts of a key, also where it is of one column."""
    return key if isinstance(key, tuple) else (key,)


@lru_cache(maxsize=10_000)
def read(text: str) -> tuple[Kind, Any]:
    """The kind and the key of any id; raises InvalidId."""
    prefix, *parts = text.split("_") if len(text) <= 400 else ("",)
    kind = KINDS.get(prefix)
    key = kind.key(parts) if kind is not None else None
    if kind is None or key is None:
        raise InvalidId(f"{shown(text)} is not an id that Chorus gave out.")
    return kind, key


def shown(text: str) -> str:
    """The text as an error repeats it: its beginning, with nothing that a terminal would obey."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


KINDS: dict[str, Kind] = {}
USER = Kind("user", "id")
ARTIST = Kind("artist", "id")
RELEASE = Kind("release", "id")
TRACK = Kind("track", "id")
SOUND = Kind("sound", "id")
COMMUNITY = Kind("community", "id")
VIDEO = Kind("video", "sound_id", "id")
HASHTAG = NameKind("hashtag", "name")
NICHE = Kind("niche", "id")
PLAYLIST = Kind("playlist", "id")
PLAYLIST_ITEM = Kind("playlistitem", "playlist_id", "id")
SNAPSHOT = Kind("snapshot", "id", "snapshot_id")
VIEWER = Kind("viewer", "id")  # not the user's id: a client's cache knows an object by its id alone
NOTIFICATION = Kind("notification", "user_id", "id")
REPORT = Kind("report", "id")
VIDEO_COMMENT = Kind("videocomment", "sound_id", "id")
TRACK_COMMENT = Kind("trackcomment", "track_id", "id")
COMMENT = EitherKind(TRACK_COMMENT, VIDEO_COMMENT)
