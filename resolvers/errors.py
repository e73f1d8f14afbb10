"""What a request can do wrong: faults, which become top-level errors with a code, and refusals, which are members of a result union."""

from typing import Any, ClassVar


class Fault(Exception):
    """The request cannot be answered. Its message is for clients; `code` is stable and documented (docs/errors.md)."""

    code: ClassVar[str] = "BAD_REQUEST"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class InvalidId(Fault):
    """This is not an id that Chorus gave out."""

    code = "INVALID_ID"


class InvalidPageSize(Fault):
    """`first` and `last` are between 1 and 100."""

    code = "INVALID_PAGE_SIZE"


class InvalidCursor(Fault):
    """This cursor was not given out by this list."""

    code = "INVALID_CURSOR"


class CursorExpired(Fault):
    """The chart version of this cursor is no longer kept; begin again without a cursor."""

    code = "CURSOR_EXPIRED"


class InvalidArgument(Fault):
    """An argument is out of its range."""

    code = "INVALID_ARGUMENT"


class Unauthenticated(Fault):
    """Sign in first: send `Authorization: Bearer <token>`."""

    code = "UNAUTHENTICATED"


class NoProfile(Fault):
    """This account has no profile yet; create one with createProfile."""

    code = "NO_PROFILE"


class StreamsUnavailable(Fault):
    """This process serves no streams."""

    code = "UNAVAILABLE"


class AccountSuspended(Fault):
    """This account is suspended: it can read, but not write."""

    code = "ACCOUNT_SUSPENDED"


class Refusal(Exception):
    """An expected refusal of a mutation: `typename` is a member of its result union, and `fields` are that type's own."""

    def __init__(self, typename: str, message: str, path: list[str], **fields: Any) -> None:
        super().__init__(message)
        self.answer: dict[str, Any] = {"__typename": typename, "message": message, "path": path, **fields}


def not_found(name: str) -> Refusal:
    """The refusal of an input whose part `name` is the id of what does not exist, or not for the viewer."""
    return Refusal("NotFound", "There is no such thing, or not for you.", ["input", name])
