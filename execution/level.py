"""A level: the objects of one type at one place of the document, and the response objects that are being filled for them."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql.pyutils import Path

from execution.plan import Field, Selection

Origin = tuple[Any, int | None]


class Level:
    """`objects` and `built` stand side by side; `rest` are the fields that are still to be answered.

    Where each object came from is told only to who asks: an error, a resolver that wants its path, a field that is `Placed`.
    """

    __slots__ = ("_origins", "_paths", "built", "objects", "rest", "selection", "trace")

    def __init__(
        self,
        selection: Selection,
        objects: Sequence[Any],
        trace: Callable[[], tuple[list[Path | None], list[Origin]]],
    ) -> None:
        self.selection = selection
        self.objects = objects
        self.trace = trace
        self.built: list[dict[str, Any]] = []
        self.rest: list[Field] = []
        self._paths: list[Path | None] | None = None
        self._origins: list[Origin] | None = None

    def build(self) -> None:
        """Builds the response objects with what the generated function gives; where it fails, every field is left to be answered with care."""
        selection = self.selection
        try:
            self.built, self.rest = selection.build(self.objects), selection.rest
        except Exception:  # noqa: BLE001  whatever it was, the careful way meets it again, and knows where
            self.rest = selection.fields
            self.built = [dict.fromkeys(field.key for field in selection.fields) for _ in self.objects]

    def paths(self) -> list[Path | None]:
        """The path of each object; None for the root."""
        if self._paths is None:
            self._paths, self._origins = self.trace()
        return self._paths

    def origins(self) -> list[Origin]:
        """For each object the parent whose field it came from, and its index where that was a list."""
        if self._origins is None:
            self._paths, self._origins = self.trace()
        return self._origins

    def below(self, field: Field, values: Sequence[Any]) -> tuple[list[Path | None], list[Origin]]:
        """The paths and origins of the objects in these values of a field: nulls left out, lists one deep at most."""
        paths: list[Path | None] = []
        origins: list[Origin] = []
        for parent, above, value in zip(self.objects, self.paths(), values, strict=True):
            path = Path(above, field.key, field.parent_type.name)
            if field.depth == 0:
                if value is not None:
                    paths.append(path)
                    origins.append((parent, None))
            else:
                paths += [Path(path, index, None) for index in range(len(value))]
                origins += [(parent, index) for index in range(len(value))]
        return paths, origins
