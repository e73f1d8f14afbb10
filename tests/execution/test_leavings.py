"""However an operation ends, cancelled at any moment, twice, out of time, by any exception: it leaves no task, no future, no coroutine."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, parse

from execution import Batched, BreadthFirstExecutor
from tests.execution.small import engine, schema_of

SDL = """
interface Named { name: String }
type A implements Named { name: String sub: A subs: [A!] next: Named nexts: [Named] names: [String] deep: [[String]] fail: Int }
type B implements Named { name: String }
type Query { ones: [A!] one: A fail: Int }
type Mutation { change: A }
"""


class End(BaseException):
    """Ends a program, as KeyboardInterrupt does, and is nobody's value."""


@pytest.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails where the test leaves tasks, futures that wait, coroutines that were never awaited, or exceptions that nobody looked at."""
    loop = asyncio.get_running_loop()
    complaints: list[Any] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    tasks = others()
    gc.freeze()  # from here on only what the test makes is looked at
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
            assert others() <= tasks
            assert pending() == []
            gc.collect()
            await asyncio.sleep(0)
    finally:
        gc.unfreeze()
        loop.set_exception_handler(None)
    assert [str(one.message) for one in caught] == []
    assert complaints == []


def others() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def pending() -> list[Any]:
    futures = [one for one in gc.get_objects() if isinstance(one, asyncio.Future) and not one.done()]
    return [one for one in futures if one is not asyncio.current_task()]


pytestmark = pytest.mark.usefixtures("nothing_left")


async def later(value: Any, ticks: int = 3) -> Any:
    """What a function gives is made in the end, so that nothing waits in the arguments of what is cancelled."""
    for _ in range(ticks):
        await asyncio.sleep(0)
    return value() if callable(value) else value


async def each(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        await asyncio.sleep(0)
        yield value() if callable(value) else value


def in_a_future(values: Any) -> "asyncio.Future[Any]":
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def answer() -> None:
        if not future.done():
            future.set_result(values)

    loop.call_soon(loop.call_soon, answer)
    return future


def everything() -> GraphQLSchema:
    """A schema in which everything that may be awaited has to be, by resolvers and by batch functions."""

    async def names(parents: list[Any], _context: Any) -> list[Any]:
        await later(None)
        return ["name"] * len(parents)

    schema = schema_of(
        SDL,
        {
            "Query.ones": lambda _root, _info: later([{}, {}]),
            "Query.one": lambda _root, _info: later({}),
            "Mutation.change": lambda _root, _info: later({}),
            "A.subs": lambda _one, _info: [later({}), {}, later({})],
            "A.sub": lambda _one, _info: later({}),
            "A.next": lambda _one, _info: later({}),
            "A.nexts": lambda _one, _info: each(lambda: later({}), {}),
            "A.names": lambda _one, _info: later(lambda: [later("a"), "b", later("c")]),
            "A.deep": lambda _one, _info: [
                later(lambda: [later("a")]),
                [later("b"), "c"],
                each("d", lambda: later("e")),
            ],
            "A.fail": lambda _one, _info: later(ValueError("returned")),
            "B.name": lambda _one, _info: later("b"),
        },
        {"A.name": Batched(names), "Query.fail": Batched(lambda parents, _context: in_a_future([1] * len(parents)))},
    )
    schema.type_map["Named"].resolve_type = lambda _value, _info, _type: later("A")  # type: ignore[attr-defined]
    schema.type_map["A"].is_type_of = lambda _value, _info: later(True)  # type: ignore[attr-defined]
    return schema


F = " fragment F on Named { name ... on A { names deep fail } }"
TEXT = "{ fail one { ...F sub { ...F } next { ...F } nexts { ...F } } ones { ...F subs { ...F } } }" + F
CHANGES = "mutation { a: change { ...F } b: change { ...F } }" + F


def begin(schema: GraphQLSchema, text: str = TEXT) -> "asyncio.Task[ExecutionResult]":
    result = execute(schema, parse(text), executor_class=BreadthFirstExecutor)
    assert not isinstance(result, ExecutionResult)
    return asyncio.ensure_future(result)


async def ticks(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_ends_well_leaves_nothing() -> None:
    result = await begin(everything())
    assert result.data is not None
    assert {error.message for error in result.errors or ()} == {"returned"}


@pytest.mark.parametrize("text", [TEXT, CHANGES])
async def test_cancelled_at_any_moment_it_leaves_nothing(text: str) -> None:
    schema = everything()
    moments = 0
    while True:
        task = begin(schema, text)
        await ticks(1 + moments)
        if task.done():
            break
        before = asyncio.all_tasks() - {task}
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() <= before
        moments += 1
    assert moments > 20


async def test_cancelled_before_it_began_it_leaves_nothing_but_what_was_never_begun() -> None:
    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await execute(everything(), parse(TEXT), executor_class=BreadthFirstExecutor)  # type: ignore[misc]

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(main())


class Slow:
    """A batch function that takes its time to end when it is cancelled."""

    def __init__(self, ticks: int = 5, error: BaseException | None = None) -> None:
        self.ticks = ticks
        self.error = error
        self.running = 0
        self.ended = 0

    async def __call__(self, parents: list[Any], _context: Any) -> list[Any]:
        self.running += 1
        try:
            await asyncio.sleep(10)
        finally:
            for _ in range(self.ticks):
                await asyncio.sleep(0)
            self.ended += 1
            if self.error is not None:
                raise self.error
        return parents


async def test_it_ends_only_when_all_that_it_began_has_ended() -> None:
    slow = Slow()
    task = begin(
        schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow), "A.fail": Batched(slow)}),
        "{ one { name fail } }",
    )
    await ticks(3)
    assert slow.running == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended == 2


@pytest.mark.parametrize("times", [2, 3])
async def test_cancelled_again_while_it_ends_it_still_leaves_nothing(times: int) -> None:
    class Patient(Slow):
        async def __call__(self, parents: list[Any], _context: Any) -> list[Any]:
            self.running += 1
            try:
                await asyncio.sleep(10)
            finally:
                for _ in range(times + 5):
                    try:
                        await asyncio.sleep(0)
                    except asyncio.CancelledError:
                        continue
                self.ended += 1
            return parents

    slow = Patient()
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    for _ in range(times):
        task.cancel()
        await ticks(1)
        assert not task.done()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.running == slow.ended == 1


async def test_a_second_cancellation_reaches_what_takes_too_long_to_end() -> None:
    slow = Slow(ticks=10_000)
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    task.cancel()
    await ticks(5)
    task.cancel()
    await ticks(5)
    assert task.cancelled()


@pytest.mark.parametrize("error", [ValueError("while it ended"), End("while it ended")])
async def test_an_exception_while_it_ends_is_not_missed(error: BaseException) -> None:
    slow = Slow(error=error)
    task = begin(schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}), "{ one { name } }")
    await ticks(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended == 1


async def test_out_of_time_it_leaves_nothing() -> None:
    slow = Slow()
    schema = schema_of(
        SDL,
        {"Query.one": lambda *_: {}},
        {"A.name": Batched(slow), "A.fail": Batched(lambda *_: asyncio.get_running_loop().create_future())},
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await engine(schema, "{ one { name fail } }")
    assert slow.ended == 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine(schema, "{ one { name fail } }"), 0.01)
    assert slow.ended == 2


async def test_closed_it_cancels_what_it_began() -> None:
    slow = Slow(ticks=0)
    result: Any = execute(
        schema_of(SDL, {"Query.one": lambda *_: {}}, {"A.name": Batched(slow)}),
        parse("{ one { name } }"),
        executor_class=BreadthFirstExecutor,
    )
    result.send(None)
    await ticks(2)
    assert slow.running == 1
    result.close()
    await ticks(3)
    assert slow.ended == 1


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
