"""What the database can refuse, as errors of the domain: constraint names in one table."""

import re
from typing import ClassVar

import asyncpg


class DomainError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class HandleTaken(DomainError):
    """This handle belongs to somebody else."""


class ProfileExists(DomainError):
    """This account has a profile already."""


class DatabaseUnavailable(DomainError):
    """The database does not answer at the moment; try again."""

    code = "UNAVAILABLE"


class DatabaseClosed(DatabaseUnavailable):
    """This process is ending and has closed its connections to the database; try again."""


class TooManyLoads(DatabaseUnavailable):
    """More is asked of the database at the moment than it can answer; try again."""


class TooManyWrites(DatabaseUnavailable):
    """More is written at the moment than the database can take; try again."""


class SessionsBroken(DomainError):
    """A pooler in front of Postgres gives one session to several clients, which breaks prepared statements, LISTEN and locks: use its session mode, or connect to Postgres itself."""

    code = "UNAVAILABLE"


class PlaysClosed(DatabaseUnavailable):
    """Plays of this day are not taken at the moment; try again."""


class PlaysAtOnce(DatabaseUnavailable):
    """Another call with the same plays has just been recorded; send them again."""


CONSTRAINTS: dict[str, type[DomainError]] = {
    "handles_pkey": HandleTaken,
    "identities_pkey": ProfileExists,
    "plays_closed": PlaysClosed,
}
PLAYS_KEY = re.compile(r"plays_\d+_pkey")  # each day's partition has its own


def domain_error(error: asyncpg.IntegrityConstraintViolationError) -> DomainError | None:
    """The domain error that this constraint stands for, or None where a violation is a fault of ours."""
    name = getattr(error, "constraint_name", None)
    if name is None and isinstance(error, asyncpg.CheckViolationError):
        return (
            PlaysClosed()
        )  # a check without a name is that of a partition that there is not, and only plays have no default
    if PLAYS_KEY.fullmatch(name or ""):
        return PlaysAtOnce()
    known = CONSTRAINTS.get(name or "")
    return known() if known else None
