"""The values of a field that declares its kind, for all objects of a level."""

from asyncio import iscoroutine
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from graphql.execution import Executor

from execution.kinds import Batched, Column, Each, Itself, Placed, Streamed, Text
from execution.level import Level
from execution.plan import Field


class WrongNumber(Exception):
    """A batch function answers with one value a parent."""


def values_of(executor: Executor[Any], level: Level, field: Field) -> Any:
    """One value a parent, an exception in the position that it belongs to; or an awaitable of them."""
    kind, objects = field.kind, level.objects
    if isinstance(kind, Batched):
        return batch(executor, field, objects)
    if isinstance(kind, Itself):
        column = kind.unless_null
        return list(objects) if column is None else _each(lambda one: one if one[column] is not None else None, objects)
    if isinstance(kind, Column):
        name = kind.name
        return _each(lambda one: one[name], objects)
    if isinstance(kind, Each):
        return _each(kind.function, objects)
    if isinstance(kind, Text):
        template, columns = kind.template, kind.columns
        return _each(lambda one: template % tuple([one[column] for column in columns]), objects)
    if isinstance(kind, Streamed):
        return list(objects)
    if isinstance(kind, Placed):
        place: Callable[..., Any] = kind.function
        return _each(lambda one: place(*one[0], one[1]), list(zip(level.origins(), objects, strict=True)))
    raise TypeError(kind)


def batch(executor: Executor[Any], field: Field, objects: Sequence[Any]) -> Any:
    """As `values_of`, of a field that is Batched."""
    kind: Any = field.kind
    try:
        arguments = field.arguments(executor.variable_values, hide_suggestions=executor.hide_suggestions)
        values: Any = kind.function(objects, executor.context_value, **arguments)
    except Exception as error:  # noqa: BLE001  whatever it was, it is the error of every parent
        return [error] * len(objects)
    return values if executor.is_awaitable(values) else checked(values, objects)


def outcome(future: Any, parents: Sequence[Any]) -> Any:
    """What a future that is done says of each parent.

    An exception is asked for and not raised, and gets no name: its traceback would keep this frame, and the frame the exception.
    """
    if isinstance(future.exception(), Exception):
        return [future.exception()] * len(parents)
    return checked(future.result(), parents)


def checked(values: Any, parents: Sequence[Any]) -> Any:
    """The values, or where they are not one a parent, an error for each; where they are to be awaited in their turn, that."""
    if type(values) is list and len(values) == len(parents):
        return values
    if isinstance(values, (list, tuple)) and len(values) == len(parents):
        return list(values)
    if hasattr(values, "__await__"):
        return values
    given = f"{len(values)} values" if isinstance(values, (list, tuple)) else repr(type(values).__name__)
    return [WrongNumber(f"a batch function was given {len(parents)} parents and answered with {given}")] * len(parents)


def discard(value: Any) -> None:
    """Closes the coroutines in a value that nobody will await."""
    if iscoroutine(value):
        value.close()
    elif type(value) in (list, tuple):
        for one in value:
            discard(one)


def gathered(given: Iterable[Any]) -> list[Any]:
    """All that is given, one after the other; where that ends in the middle, nothing of it is left behind."""
    values: list[Any] = []
    try:
        values.extend(given)
    except BaseException:
        discard(values)
        raise
    else:
        return values
    finally:
        del values  # of an error among them the frames keep this one


def _each(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
    try:
        return [function(argument) for argument in arguments]
    except Exception:  # noqa: BLE001  found again below, in its position
        return [_attempt(function, argument) for argument in arguments]


def _attempt(function: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return function(argument)
    except Exception as error:  # noqa: BLE001  it belongs to this object alone
        return error
