"""The careful way to complete a field: value by value, with every case of the spec, whatever has to be awaited, asked or refused."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import starmap
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

from execution.level import Level, Traced
from execution.plan import Field, Selection
from execution.values import discard, gathered

if TYPE_CHECKING:
    from execution.run import Run

TO_COME = object()  # stands where an object will be, so that it is not taken for null


class Found(NamedTuple):
    """An object, where in the response it belongs, and which of the parents it came from."""

    value: Any
    container: Any
    key: str | int
    path: Path
    parent: int


Built = Callable[[list[tuple[Found, Selection]]], None]


class Careful:
    """One field of one level, value by value: settled, then structured, then typed, then built. Each step waits only if something in it is awaitable."""

    def __init__(self, run: "Run", level: Level, field: Field) -> None:
        self._run = run
        self._executor = run.executor
        self._level = level
        self._field = field
        self._infos: dict[int, GraphQLResolveInfo[Any]] = {}

    def resolve(self) -> list[Any]:
        """What the resolver of the field gives for one object after the other."""
        return gathered(starmap(self._resolved, enumerate(self._level.objects)))

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
        try:
            settled = gathered(map(partial(self._listed, type_), values))
        except BaseException:
            discard(values)
            raise
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
        try:
            if not is_iterable(value) or self._executor.is_async_iterable(value):
                return value
            return gathered(map(partial(self._listed, inner.of_type), value))
        except Exception as error:  # noqa: BLE001  what an iterator raises is the error of the list
            return error

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
        self._select(found)

    def _place(self, type_: Any, value: Any, at: Found, depth: int, found: list[Found]) -> None:
        if isinstance(value, Exception):
            self._fail(value, at, depth)
            return
        try:
            at.container[at.key] = self._completed(type_, value, at, depth, found)
        except Exception as error:  # noqa: BLE001  whatever it was, it is this position's error
            self._fail(error, at, depth)

    def _completed(self, type_: Any, value: Any, at: Found, depth: int, found: list[Found]) -> Any:
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

    def _select(self, found: list[Found]) -> None:
        # Where the class tells, nobody is asked; all are built together, so that what is below is asked once.
        told = {id(one): selection for one in found if (selection := self._told(one)) is not None}

        def build(asked: list[tuple[Found, Selection]]) -> None:
            told.update((id(one), selection) for one, selection in asked)
            self._build([(one, told[id(one)]) for one in found if id(one) in told])

        self._type([one for one in found if id(one) not in told], build)

    def _told(self, one: Found) -> Selection | None:
        try:
            return self._field.selection_of(type(one.value))
        except Exception:  # noqa: BLE001  met again where it is asked
            return None

    def _type(self, found: list[Found], build: Built) -> None:
        # Of a value of an interface or a union, the object type that it is of (spec: ResolveAbstractType).
        named: Any = self._field.named
        if not is_abstract_type(named):
            self._verify([(one, named) for one in found], build)
            return
        resolve_type = named.resolve_type or self._executor.type_resolver

        def valid(one: Found, name: Any) -> GraphQLObjectType:
            info = self._info(one.parent)
            return self._executor.ensure_valid_runtime_type(name, named, self._field.details, info, one.value)

        verify = partial(self._verify, build=build)
        self._ask(found, lambda one: resolve_type(one.value, self._info(one.parent), named), valid, verify)

    def _verify(self, typed: list[tuple[Found, GraphQLObjectType]], build: Built) -> None:
        types = {id(one): type_ for one, type_ in typed}

        def is_type_of(one: Found) -> Any:
            asked = types[id(one)].is_type_of
            return asked(one.value, self._info(one.parent)) if asked else True

        def selected(one: Found, is_of_type: Any) -> Selection:
            type_ = types[id(one)]
            if not is_of_type:
                raise invalid_return_type_error(type_, one.value, self._field.details)
            return self._field.selection(type_)

        self._ask([one for one, _ in typed], is_type_of, selected, build)

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
            for one, built in zip(found, self._run.build(level), strict=True):
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
