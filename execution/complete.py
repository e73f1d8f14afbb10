"""Completing: from the values of a field to what stands in the response (spec 6.4.3, CompleteValue).

The fast way takes a whole level at once, where the classes of the values tell all there is to know; the careful one takes values one by one and knows every case.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

from execution.careful import Careful
from execution.leaves import is_plain
from execution.level import Level, Traced
from execution.plan import Field, Selection

if TYPE_CHECKING:
    from execution.run import Run

LISTS = {list, tuple}
NULL = type(None)


def complete(run: "Run", level: Level, field: Field, values: list[Any]) -> None:
    """Puts the values of a field into the response objects of its level, and queues the levels below."""
    way = _leaves if field.is_leaf else _objects if field.depth == 0 else _lists if field.depth == 1 else None
    if way is None or not way(run, level, field, values):
        Careful(run, level, field).settle(values)


def _leaves(run: "Run", level: Level, field: Field, values: list[Any]) -> bool:  # noqa: ARG001  the three ways are called alike
    if not all(map(is_plain, set(map(type, values)))):
        return False
    write, key = field.write, field.key
    try:
        written = [write(value) for value in values]  # type: ignore[misc]  # a leaf's field has it
    except Exception:  # noqa: BLE001  the careful way meets it again, and knows where
        return False
    for built, value in zip(level.built, written, strict=True):
        built[key] = value
    return True


def _objects(run: "Run", level: Level, field: Field, values: list[Any]) -> bool:
    classes = set(map(type, values))
    found = values
    if NULL in classes:
        if not field.nullable:
            return False
        classes.remove(NULL)
        found = [value for value in values if value is not None]
    selections = _selections(field, classes)
    if selections is None:
        return False
    below, key = _build(run, level, field, found, selections), field.key
    if found is values:
        for built, one in zip(level.built, below, strict=True):
            built[key] = one
    else:
        ahead = iter(below)
        for built, value in zip(level.built, values, strict=True):
            built[key] = next(ahead) if value is not None else None
    return True


def _lists(run: "Run", level: Level, field: Field, values: list[Any]) -> bool:
    if not set(map(type, values)) <= LISTS:
        return False
    found = list(chain.from_iterable(values))
    selections = _selections(field, set(map(type, found)))
    if selections is None:
        return False
    below = _build(run, level, field, found, selections)
    key, start = field.key, 0
    for built, value in zip(level.built, values, strict=True):
        stop = start + len(value)
        built[key] = below[start:stop]
        start = stop
    return True


def _selections(field: Field, classes: Iterable[type]) -> dict[type, Selection] | None:
    # What is selected of each class; None where one does not tell its type.
    selections = {}
    for cls in classes:
        try:
            selection = field.selection_of(cls)
        except Exception:  # noqa: BLE001  the careful way meets it again, and knows where
            return None
        if selection is None:
            return None
        selections[cls] = selection
    return selections


def _build(
    run: "Run", above: Level, field: Field, found: list[Any], selections: dict[type, Selection]
) -> list[dict[str, Any]]:
    trace = partial(above.below, field)
    distinct = set(selections.values())
    if len(distinct) == 1:
        return run.build(Level(distinct.pop(), found, above, trace))
    chosen = [selections[cls] for cls in map(type, found)]
    ahead = {}
    for selection in dict.fromkeys(selections.values()):
        picks = [one is selection for one in chosen]
        level = Level(selection, list(compress(found, picks)), above, partial(_picked, trace, picks))
        ahead[selection] = iter(run.build(level))
    return [next(ahead[selection]) for selection in chosen]


def _picked(trace: Callable[[], Traced], picks: list[bool]) -> Traced:
    paths, origins = trace()
    return list(compress(paths, picks)), list(compress(origins, picks))
