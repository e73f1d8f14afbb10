"""Fractional keys: texts of 0-9A-Za-z in the order of the collation C, so that between any two there is room for others."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
PLACES = {digit: place for place, digit in enumerate(DIGITS)}
MIDDLE = "Uzz"  # the first key of all comes after it: there is as much room before as behind


def keys_between(after: str | None, before: str | None, count: int) -> list[str]:
    """So many keys in order, after the one and before the other; None is the list's end on that side.

    Inside a list they stand as far apart as possible in as few digits as possible: one more for every five insertions at the very same place.
    At an end they follow closely, because more will come there: 200,000 have three digits.
    """
    if before is None:
        return _appended(MIDDLE if after is None else after, count)
    if after is None:
        return _prepended(before, count)
    length = 1
    while _number(before, length) - _number(after, length) <= count:
        length += 1
    low, room = _number(after, length), _number(before, length) - _number(after, length)
    return [_text(low + place * room // (count + 1), length) for place in range(1, count + 1)]


def _appended(after: str, count: int) -> list[str]:
    length = _roomy(after, "z")
    while _number(after, length) + count >= BASE**length:
        length += 1
    low = _number(after, length)
    return [_text(low + place, length) for place in range(1, count + 1)]


def _prepended(before: str, count: int) -> list[str]:
    length = _roomy(before, "0")
    while _number(before, length) <= count:
        length += 1
    high = _number(before, length)
    return [_text(high - place, length) for place in range(count, 0, -1)]


def _roomy(key: str, last: str) -> int:
    # Two digits more for each that is used up: n keys at an end take 2 log(n) digits.
    return 3 + 2 * (len(key) - len(key.lstrip(last)))


def _number(key: str, length: int) -> int:
    # The key's first digits as a whole number; what is behind them only makes the key greater.
    number = 0
    for digit in key[:length].ljust(length, "0"):
        number = number * BASE + PLACES[digit]
    return number


def _text(number: int, length: int) -> str:
    # Without zeros at the end: before "a0" and behind "a" there would be no room.
    digits = ""
    for _ in range(length):
        number, place = divmod(number, BASE)
        digits = DIGITS[place] + digits
    return digits.rstrip("0")
