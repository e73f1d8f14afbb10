"""Completing: from the values of a field to what stands in the response (spec 6.4.3, CompleteValue).

The fast way takes a whole level at once, where the classes of the values tell all there is to know; the careful one takes values one by one and knows every case.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    Undefined,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Path, is_iterable

from execution.leaves import is_plain
from execution.level import Level, Traced
from execution.plan import Field, Selection
from execution.values import discard

if TYPE_CHECKING:
    from execution.run import Run

LISTS = {list, tuple}
NULL = type(None)
TO_COME = object()  # stands where an object will be, so that it is not taken for null


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
    below = iter(_build(run, level, field, found, selections))
    key = field.key
    for built, value in zip(level.built, values, strict=True):
        built[key] = next(below) if value is not None else None
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


def _selections(field: Field, classes: Iterable[type]) -> list[Selection] | None:
    # Each selection once; None where a class does not tell its type.
    try:
        selections = {field.selection_of(cls): None for cls in classes}
    except Exception:  # noqa: BLE001  the careful way meets it again, and knows where
        return None
    return None if None in selections else list(selections)  # type: ignore[arg-type]  # just asked


def _build(
    run: "Run", above: Level, field: Field, found: list[Any], selections: list[Selection]
) -> list[dict[str, Any]]:
    trace = partial(above.below, field)
    if len(selections) == 1:
        return _level(run, Level(selections[0], found, above, trace))
    below: list[dict[str, Any]] = [{}] * len(found)
    for selection in selections:
        picks = [index for index, value in enumerate(found) if field.selection_of(type(value)) is selection]
        level = Level(selection, [found[index] for index in picks], above, partial(_picked, trace, picks))
        for index, built in zip(picks, _level(run, level), strict=True):
            below[index] = built
    return below


def _picked(trace: Callable[[], Traced], picks: list[int]) -> Traced:
    paths, origins = trace()
    return [paths[index] for index in picks], [origins[index] for index in picks]


def _level(run: "Run", level: Level) -> list[dict[str, Any]]:
    level.build()
    run.queue(level)
    return level.built


class Found(NamedTuple):
    """An object, where in the response it belongs, and which of the parents it came from."""

    value: Any
    container: Any
    key: str | int
    path: Path
    parent: int


class Careful:
    """One field of one level, value by value: settled, then structured, then typed, then built. Each step waits only if something in it is awaitable."""

    def __init__(self, run: "Run", level: Level, field: Field) -> None:
        self._run = run
        self._executor = run.executor
        self._level = level
        self._field = field
        self._infos: dict[int, GraphQLResolveInfo[Any]] = {}

    def resolve(self) -> None:
        """Calls the resolver of the field for one object after the other."""
        values: list[Any] = []
        try:
            for parent, one in enumerate(self._level.objects):
                values.append(self._resolved(parent, one))
        except BaseException:
            discard(values)
            raise
        complete(self._run, self._level, self._field, values)

    def _resolved(self, parent: int, one: Any) -> Any:
        field, executor = self._field, self._executor
        try:
            info = self._info(parent)
            arguments = (
                field.arguments(executor.variable_values, hide_suggestions=executor.hide_suggestions)
                if field.definition.args or field.nodes[0].arguments
                else {}
            )
            return (field.definition.resolve or executor.field_resolver)(one, info, **arguments)
        except Exception as error:  # noqa: BLE001  it belongs to this object alone
            return error

    def settle(self, values: list[Any]) -> None:
        """Waits for what is awaitable among the values and in their lists, and then completes them."""
        type_ = self._field.definition.type
        settled = [self._listed(type_, value) for value in values]
        later = [index for index, value in enumerate(settled) if _attempt(partial(self._waits, type_), value) is True]

        def go_on(results: list[Any]) -> None:
            for index, result in zip(later, results, strict=True):
                settled[index] = _or_raise(result)
            self._structure(settled)

        self._run.after_all([settled[index] for index in later], go_on, partial(self._settled, type_))

    def _listed(self, type_: Any, value: Any) -> Any:
        # Whatever may be iterated becomes a list, once; an exception on the way takes its place.
        inner = type_.of_type if is_non_null_type(type_) else type_
        if not is_list_type(inner):
            return value
        items: list[Any] = []
        try:
            if not is_iterable(value) or self._executor.is_async_iterable(value):
                return value
            for item in value:
                items.append(self._listed(inner.of_type, item))  # noqa: PERF401  what was met so far is discarded
        except Exception as error:  # noqa: BLE001  what an iterator raises is the error of the list
            discard(items)
            return error
        return items

    def _waits(self, type_: Any, value: Any) -> bool:
        if self._executor.is_awaitable(value):
            return True
        inner = type_.of_type if is_non_null_type(type_) else type_
        if not is_list_type(inner):
            return False
        if self._executor.is_async_iterable(value):
            return True
        return type(value) is list and any(self._waits(inner.of_type, item) for item in value)

    async def _settled(self, type_: Any, value: Any) -> Any:
        if self._executor.is_awaitable(value):
            value = self._listed(type_, await value)
        inner = type_.of_type if is_non_null_type(type_) else type_
        if not is_list_type(inner):
            return value
        items: list[Any] = value if type(value) is list else []
        try:
            if self._executor.is_async_iterable(value):
                async for item in value:
                    items.append(self._listed(inner.of_type, item))  # noqa: PERF401  what was met so far is discarded
            elif items is not value:
                return value
            await self._settle_items(inner.of_type, items)
        except BaseException:
            discard(items)
            raise
        return items

    async def _settle_items(self, type_: Any, items: list[Any]) -> None:
        later = [index for index, item in enumerate(items) if self._waits(type_, item)]
        results = await self._executor.gather_async_work([self._outcome(type_, items[index]) for index in later])
        for index, result in zip(later, results, strict=True):
            items[index] = result

    async def _outcome(self, type_: Any, value: Any) -> Any:
        try:
            return await self._settled(type_, value)
        except Exception as error:  # noqa: BLE001  it takes the place of the value
            return error

    def _structure(self, values: list[Any]) -> None:
        field, found = self._field, list[Found]()
        for parent, (above, value) in enumerate(zip(self._level.paths(), values, strict=True)):
            built = self._level.built[parent]
            path = Path(above, field.key, field.parent_type.name)
            self._place(field.definition.type, value, Found(value, built, field.key, path, parent), 0, found)
        self._type(found)

    def _place(self, type_: Any, value: Any, at: Found, depth: int, found: list[Found]) -> None:
        try:
            at.container[at.key] = self._completed(type_, value, at, depth, found)
        except Exception as error:  # noqa: BLE001  whatever it was, it is this position's error
            self._fail(error, at, depth)

    def _completed(self, type_: Any, value: Any, at: Found, depth: int, found: list[Found]) -> Any:
        if isinstance(value, Exception):
            raise value
        if is_non_null_type(type_):
            completed = self._completed(type_.of_type, value, at, depth, found)
            if completed is None:
                raise TypeError(
                    f"Cannot return null for non-nullable field {self._field.parent_type}.{self._field.name}."
                )
            return completed
        if value is None or value is Undefined:
            return None
        if is_list_type(type_):
            return self._items(type_, value, at, depth, found)
        if self._field.is_leaf:
            return self._executor.complete_leaf_value(type_, value)
        found.append(Found(value, at.container, at.key, at.path, at.parent))
        return TO_COME

    def _items(self, type_: Any, value: Any, at: Found, depth: int, found: list[Found]) -> list[Any]:
        if type(value) is not list:
            raise GraphQLError(
                f"Expected Iterable, but did not find one for field '{self._field.parent_type}.{self._field.name}'."
            )
        items: list[Any] = [None] * len(value)
        for index, item in enumerate(value):
            place = Found(item, items, index, at.path.add_key(index, None), at.parent)
            self._place(type_.of_type, item, place, depth + 1, found)
        return items

    def _fail(self, error: Exception, at: Found, depth: int) -> None:
        at.container[at.key] = None
        self._run.fail(error, self._field, at.path, depth)

    def _type(self, found: list[Found]) -> None:
        # Of a value of an interface or a union, the object type that it is of (spec: ResolveAbstractType).
        named: Any = self._field.named
        if not is_abstract_type(named):
            self._verify([(one, named) for one in found])
            return
        resolve_type = named.resolve_type or self._executor.type_resolver

        def valid(one: Found, name: Any) -> GraphQLObjectType:
            info = self._info(one.parent)
            return self._executor.ensure_valid_runtime_type(name, named, self._field.details, info, one.value)

        self._ask(found, lambda one: resolve_type(one.value, self._info(one.parent), named), valid, self._verify)

    def _verify(self, typed: list[tuple[Found, GraphQLObjectType]]) -> None:
        types = {id(one): type_ for one, type_ in typed}

        def is_type_of(one: Found) -> Any:
            asked = types[id(one)].is_type_of
            return asked(one.value, self._info(one.parent)) if asked else True

        def selected(one: Found, is_of_type: Any) -> Selection:
            type_ = types[id(one)]
            if not is_of_type:
                raise invalid_return_type_error(type_, one.value, self._field.details)
            return self._field.selection(type_)

        self._ask([one for one, _ in typed], is_type_of, selected, self._build)

    def _ask(
        self,
        found: list[Found],
        question: Callable[[Found], Any],
        use: Callable[[Found, Any], Any],
        go_on: Callable[[list[tuple[Found, Any]]], None],
    ) -> None:
        # Asks each object, uses its answer, and goes on with those for which both succeeded.
        answers = [_attempt(question, one) for one in found]
        later = [index for index, answer in enumerate(answers) if self._executor.is_awaitable(answer)]

        def answered(results: list[Any]) -> None:
            for index, result in zip(later, results, strict=True):
                answers[index] = _or_raise(result)
            used = []
            for one, answer in zip(found, answers, strict=True):
                used_answer = answer if isinstance(answer, Exception) else _attempt(partial(use, one), answer)
                if isinstance(used_answer, Exception):
                    self._fail(used_answer, one, self._field.depth)
                else:
                    used.append((one, used_answer))
            go_on(used)

        self._run.after_all([answers[index] for index in later], answered)

    def _build(self, selected: list[tuple[Found, Selection]]) -> None:
        groups: dict[int, tuple[Selection, list[Found]]] = {}
        for one, selection in selected:
            groups.setdefault(id(selection), (selection, []))[1].append(one)
        for selection, found in groups.values():
            level = Level(selection, [one.value for one in found], self._level, partial(self._trace, found))
            for one, built in zip(found, _level(self._run, level), strict=True):
                one.container[one.key] = built

    def _trace(self, found: Sequence[Found]) -> Traced:
        objects = self._level.objects
        return [one.path for one in found], [
            (objects[one.parent], one.key if isinstance(one.key, int) else None) for one in found
        ]

    def _info(self, parent: int) -> GraphQLResolveInfo[Any]:
        info = self._infos.get(parent)
        if info is None:
            info = self._infos[parent] = self._run.info(self._level, self._field, parent)
        return info


def _or_raise(result: Any) -> Any:
    # What is no Exception (a cancellation) is nobody's value.
    if isinstance(result, BaseException) and not isinstance(result, Exception):
        raise result
    return result


def _attempt(function: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return function(argument)
    except Exception as error:  # noqa: BLE001  it is this object's error
        return error
