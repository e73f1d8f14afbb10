"""Whatever raises, wherever and whatever it raises, the operation leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, parse

from execution import Batched, BreadthFirstExecutor
from tests.execution.leavings import SDL, TEXT, End, begin, everything, later
from tests.execution.small import engine, schema_of

pytestmark = pytest.mark.usefixtures("nothing_left")


def raises(error: type[BaseException]) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise error("broken")

    return function


def raises_later(error: type[BaseException]) -> Callable[..., Any]:
    async def function(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(0)
        raise error("broken")

    return function


def gives_raising_iterator(error: type[BaseException]) -> Callable[..., Any]:
    def items() -> Iterator[Any]:
        yield later("a")
        yield [later("b")]
        raise error("broken")

    return lambda *_: items()


def streams_and_raises(error: type[BaseException]) -> Callable[..., Any]:
    async def items() -> AsyncIterator[Any]:
        yield later("a")
        yield "b"
        raise error("broken")

    return lambda *_: items()


def gives_raising_items(error: type[BaseException]) -> Callable[..., Any]:
    return lambda *_: [later("a"), raises_later(error)(), later("b", 100)]


PLACES = [
    "Query.one",
    "A.sub",
    "A.names",
    "A.deep",
    "A.nexts",
    "Named.resolve_type",
    "A.is_type_of",
    "batch A.name",
    "batch A.names",
]
LISTS = ["A.names", "A.deep", "A.nexts"]
BROKEN = [
    (way, place) for way in (raises, raises_later, gives_raising_iterator, streams_and_raises) for place in PLACES
]
BROKEN += [(gives_raising_items, place) for place in LISTS]
ENDING = [(way, place) for way, place in BROKEN if way in (raises, raises_later) or place in LISTS]


def broken(place: str, function: Callable[..., Any]) -> GraphQLSchema:
    schema = everything()
    if place.startswith("batch "):
        type_, name = place.removeprefix("batch ").split(".")
        schema.type_map[type_].fields[name].extensions["execution.kind"] = Batched(function)  # type: ignore[attr-defined]
    elif place in ("Named.resolve_type", "A.is_type_of"):
        type_, name = place.split(".")
        setattr(schema.type_map[type_], name, function)
    else:
        type_, name = place.split(".")
        schema.type_map[type_].fields[name].resolve = function  # type: ignore[attr-defined]
    return schema


@pytest.mark.parametrize(("way", "place"), BROKEN)
async def test_an_exception_in_the_middle_leaves_nothing(place: str, way: Any) -> None:
    result = await begin(broken(place, way(ValueError)))
    assert result.errors


@pytest.mark.parametrize(("way", "place"), ENDING)
@pytest.mark.parametrize("error", [End, asyncio.CancelledError])
async def test_what_is_no_exception_ends_the_operation_and_leaves_nothing(place: str, way: Any, error: Any) -> None:
    async def ask() -> ExecutionResult:
        return await engine(broken(place, way(error)), TEXT)

    with pytest.raises(error):
        await asyncio.ensure_future(ask())


async def test_when_all_is_in_and_the_first_ends_the_operation_the_others_leave_nothing() -> None:
    """Several answers arrive in one moment; what follows on the first raises."""

    def answered(values: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        if isinstance(values, Exception):
            future.set_exception(values)
        else:
            future.set_result(values)
        return future

    async def waits(*_: Any) -> Any:
        return await later("x")

    schema = schema_of(
        SDL,
        {"A.name": waits, "Query.one": lambda *_: {}},
        {
            "A.sub": Batched(lambda *_: answered([{}])),
            "A.names": Batched(lambda *_: answered([[later("a"), later("b")]])),
            "A.fail": Batched(lambda *_: answered(ValueError("of all"))),
            "A.deep": Batched(lambda *_: later([["c"]])),
        },
    )
    schema.type_map["A"].is_type_of = lambda value, _info: True if "root" in value else raises(End)()  # type: ignore[attr-defined]
    schema.type_map["Query"].fields["one"].resolve = lambda *_: {"root": 1}  # type: ignore[attr-defined]
    with pytest.raises(End):
        await engine(schema, "{ one { name sub { name } names fail deep } }")


async def test_a_resolver_that_ends_everything_leaves_nothing_of_those_before_it() -> None:
    calls = iter(range(3))

    def third(*_: Any) -> Any:
        if next(calls) == 2:
            raise End
        return later("x")

    schema = schema_of(
        SDL,
        {"A.name": third, "A.names": lambda *_: [later("y")]},
        {"A.sub": Batched(lambda parents, _context: later([None] * len(parents)))},
    )
    with pytest.raises(End):
        execute(
            schema,
            parse("{ ones { sub { name } names name } }"),
            {"ones": [{}, {}, {}]},
            executor_class=BreadthFirstExecutor,
        )


async def test_an_awaitable_that_cannot_be_awaited_is_an_error_of_its_field() -> None:
    other = asyncio.new_event_loop()
    foreign = other.create_future()

    class Wrong:
        def __await__(self) -> Any:
            return 3

    schema = schema_of(
        SDL,
        {
            "Query.one": lambda *_: {},
            "A.name": lambda *_: foreign,
            "A.names": lambda *_: Wrong(),
            "A.deep": lambda *_: later([["d"]]),
        },
    )
    schema.type_map["A"].is_type_of = lambda *_: Wrong()  # type: ignore[attr-defined]
    found = await engine(schema, "{ one { name } fail }", {"fail": 1})
    assert found.data == {"one": None, "fail": 1}
    schema.type_map["A"].is_type_of = None  # type: ignore[attr-defined]
    found = await engine(schema, "{ one { name names deep } }")
    assert found.data == {"one": {"name": None, "names": None, "deep": [["d"]]}}
    foreign.cancel()
    other.close()
