"""What several callers may share: it is noted what of a viewer an answer depended on, so that others are given the same."""

from collections.abc import Awaitable, Hashable
from dataclasses import fields
from enum import IntEnum
from typing import Any

from db.loading import Loading
from resolvers.context import Context

STRANGERS: frozenset[int] = frozenset()  # nobody is hidden from them
COPIED = [field.name for field in fields(Context) if field.name != "loaders"]
SUBJECT, VIEWER = (
    Context.__dict__["subject"],
    Context.__dict__["viewer"],
)  # the slots themselves, which can be read unnoticed


class Depends(IntEnum):
    """What of the viewer an answer depended on; each includes those before it."""

    NOTHING = 0
    HIDDEN = 1  # who is hidden from him
    VIEWER = 2


class Observed(Context):
    """The context in which several are answered at once: what of the viewer is looked at there is noted in `depends`."""

    __slots__ = ("depends",)

    depends: Depends

    @property
    def viewer(self) -> int | None:
        self.depends = Depends.VIEWER
        return VIEWER.__get__(self)  # type: ignore[no-any-return]

    @viewer.setter
    def viewer(self, viewer: int | None) -> None:
        VIEWER.__set__(self, viewer)

    @property
    def subject(self) -> str | None:
        self.depends = Depends.VIEWER
        return SUBJECT.__get__(self)  # type: ignore[no-any-return]

    @subject.setter
    def subject(self, subject: str | None) -> None:
        SUBJECT.__set__(self, subject)

    async def mark(self) -> Hashable:
        """What the answer depended on: those for whom it is the same may share it."""
        depends = self.depends
        return _mark(self, depends, await self.hidden() if depends is Depends.HIDDEN else STRANGERS)

    def hidden(self) -> Loading[frozenset[int]]:
        """As a context's; noted for what it is, although the viewer is looked at for it."""
        noted = max(self.depends, Depends.HIDDEN)
        hidden = super().hidden()
        self.depends = noted
        return hidden


def observed(ctx: Context) -> Observed:
    """A context for an update, of now."""
    return _observed(ctx, now=ctx.clock(), _hidden=None)


def beside(ctx: Context) -> Observed:
    """A context for queries that were asked in the same moment as this one's."""
    return _observed(ctx)


def _observed(ctx: Context, **changed: Any) -> Observed:
    made = Observed(**{name: getattr(ctx, name) for name in COPIED} | changed)
    made.depends = Depends.NOTHING
    return made


def mark(ctx: Context, depends: Depends) -> Hashable | Awaitable[Hashable]:
    """What of this context an answer depends on that depended on so much of another."""
    if depends is Depends.HIDDEN and ctx.viewer is not None:
        return _mark_of_now(ctx)
    return _mark(ctx, depends, STRANGERS)


def standing(ctx: Context, depends: Depends) -> Hashable | None:
    """As `mark`, of the moment of this context; None where that is not known without asking."""
    if depends != Depends.HIDDEN:
        return _mark(ctx, depends, STRANGERS)
    hidden = ctx.hidden()
    return _mark(ctx, depends, hidden.result()) if hidden.done() else None


async def _mark_of_now(ctx: Context) -> Hashable:
    return _mark(ctx, Depends.HIDDEN, await observed(ctx).hidden())


def _mark(ctx: Context, depends: Depends, hidden: frozenset[int]) -> Hashable:
    # Who has no profile is somebody else than who is not signed in.
    seen = hidden if depends == Depends.HIDDEN else (ctx.subject, ctx.viewer) if depends else None
    return ctx.site(), seen
