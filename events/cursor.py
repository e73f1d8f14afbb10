"""Signed cursors: a few values of a list's order, bound to the list or stream that gave them."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MAC_BYTES = 9  # a cursor guards no secret: this only keeps clients from making their own


class BadCursor(ValueError):
    """This cursor was not given out by this list or stream."""

    code = "INVALID_CURSOR"

    def __str__(self) -> str:
        return self.__doc__ or ""


class Cursors:
    """Signs with the first key and reads with each, so that a key can be replaced while cursors of the old one live."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [blake2b(key.encode(), digest_size=32).digest() for key in keys]

    def sign(self, scope: str, values: Sequence[Any]) -> str:
        """The cursor of these values (numbers, strings, None, times, dates) for this scope."""
        body = orjson.dumps([_plain(value) for value in values])
        return base64.urlsafe_b64encode(self._mac(self._keys[0], scope, body) + body).rstrip(b"=").decode()

    def read(self, scope: str, cursor: str) -> list[Any]:
        """The values that were signed for this scope; raises BadCursor for anything else."""
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise BadCursor from error
        mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not any(compare_digest(mac, self._mac(key, scope, body)) for key in self._keys):
            raise BadCursor
        return [_rich(value) for value in orjson.loads(body)]

    @staticmethod
    def _mac(key: bytes, scope: str, body: bytes) -> bytes:
        return blake2b(scope.encode() + b"\0" + body, key=key, digest_size=MAC_BYTES).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": (value - EPOCH) // MICROSECOND}
    if isinstance(value, date):
        return {"d": value.toordinal()}
    return value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return EPOCH + value["t"] * MICROSECOND if "t" in value else date.fromordinal(value["d"])
    return value
