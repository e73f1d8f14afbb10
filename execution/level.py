"""A level: the objects of one type at one place of the document, and the response objects that are being filled for them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from graphql.pyutils import Path

from execution.kinds import Column
from execution.leaves import Within
from execution.plan import Field, Selection

Origin = tuple[Any, int | None]
Traced = tuple[list[Path | None], list[Origin]]


class Level:
    """`objects` and `built` stand side by side; `rest` are the fields that are still to be answered.

    Where each object came from is told only to who asks: an error, a resolver that wants its path, a field that is `Placed`.
    """

    __slots__ = ("above", "built", "nested", "objects", "rest", "selection", "trace", "traced")

    def __init__(
        self,
        selection: Selection,
        objects: Sequence[Any],
        above: "Level | None",
        trace: Callable[[], Traced],
    ) -> None:
        self.selection = selection
        self.objects = objects
        self.above = above
        self.trace = trace
        self.built: list[dict[str, Any]] = []
        self.rest: list[Field] = []
        self.nested: list[Within] = []
        self.traced: Traced | None = None

    def build(self) -> None:
        """Builds the response objects with what the generated function gives; where it fails, every field is left to be answered with care."""
        if not self.selection.pays(len(self.objects)):
            self.leave_all()
            return
        try:
            build, rest, nested = self.selection.compiled
            self.built, self.rest, self.nested = build(self.objects), rest, nested
        except Exception:  # noqa: BLE001  whatever it was, the careful way meets it again, and knows where
            self.leave_all()

    def leave_all(self) -> None:
        """Leaves every field to be answered."""
        self.rest = self.selection.fields
        self.built = [dict.fromkeys([field.key for field in self.rest]) for _ in self.objects]

    def unfinished(self) -> "Iterator[Level]":
        """This level and those that were built within it, as far as something is left to be answered in them."""
        if self.rest and self.objects:
            yield self
        for within in self.nested:
            yield from self._within(within).unfinished()

    def _within(self, within: Within) -> "Level":
        field = within.field
        objects, built = self.objects, [one[field.key] for one in self.built]
        if isinstance(field.kind, Column):
            objects = [one[field.kind.name] for one in objects]
        if None in built:
            pairs = [(one, inner) for one, inner in zip(objects, built, strict=True) if inner is not None]
            objects, built = [one for one, _ in pairs], [inner for _, inner in pairs]
        level = Level(field.selection(field.named), objects, self, partial(self.below, field))
        level.built, level.rest, level.nested = built, within.rest, within.nested
        return level

    def paths(self) -> list[Path | None]:
        """The path of each object; None for the root."""
        return self._traced()[0]

    def origins(self) -> list[Origin]:
        """For each object the parent whose field it came from, and its index where that was a list."""
        return self._traced()[1]

    def _traced(self) -> Traced:
        # Down from the nearest level that is traced: a document may be nested deeper than Python's stack.
        untraced: list[Level] = []
        level: Level | None = self
        while level is not None and level.traced is None:
            untraced.append(level)
            level = level.above
        for one in reversed(untraced):
            one.traced = one.trace()
        return self.traced  # type: ignore[return-value]  # just traced

    def below(self, field: Field) -> Traced:
        """The paths and origins of the objects in what this field gave: nulls left out, lists one deep at most.

        It reads what was built, for a resolver may have changed its list since.
        """
        paths: list[Path | None] = []
        origins: list[Origin] = []
        for parent, above, built in zip(self.objects, self.paths(), self.built, strict=True):
            value = built[field.key]
            path = Path(above, field.key, field.parent_type.name)
            if field.depth == 0:
                if value is not None:
                    paths.append(path)
                    origins.append((parent, None))
            else:
                paths += [Path(path, index, None) for index in range(len(value))]
                origins += [(parent, index) for index in range(len(value))]
        return paths, origins
