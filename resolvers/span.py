"""A span of time that a client asks about: its bounds, and the instants in it that lie evenly apart."""

from datetime import UTC, datetime, timedelta

from resolvers.errors import InvalidArgument

MOST_POINTS = 1000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # hours, days and weeks are counted from here


def bounds(
    start: datetime | None, end: datetime | None, *, usual: timedelta, now: datetime
) -> tuple[datetime, datetime]:
    """The arguments `from` and `to`: the end is now and the span as long as usual where the client does not say."""
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and not EARLIEST <= moment <= LATEST:
            raise InvalidArgument(f"`{name}` must be between {EARLIEST.year} and {LATEST.year}.")
    end = end or now
    start = start or end - usual
    if start > end:
        raise InvalidArgument("`from` must not be later than `to`.")
    return start, end


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last of the instants that lie a step apart, counted from a Monday in UTC, which is not later than this moment."""
    return MONDAY + (moment - MONDAY) // step * step


def instants(first: datetime, end: datetime, step: timedelta, *, of: str) -> list[datetime]:
    """The first one, and on in steps before the end; `of` says what they are in the message of too many."""
    number = -((first - end) // step)
    check_number(number, of)
    return [first + index * step for index in range(number)]


def check_number(points: int, of: str) -> None:
    """Raises InvalidArgument where these are too many points."""
    if points > MOST_POINTS:
        raise InvalidArgument(f"These are {points} points of {of}; at most {MOST_POINTS} are allowed.")
