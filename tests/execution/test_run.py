"""The loop: which batch function is called when and with whom, what is waited for, and in which task."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema

import execution.run
from execution import Batched
from tests.execution.small import both, engine, schema_of
from tests.until import PATIENCE

SDL = """
interface Named { name: String }
type A implements Named { name: String a: Int sub: A subs: [A] next: Named many: [Named!] }
type B implements Named { name: String b: Int }
type Query { a: A! ones: [A] deep: [[A]] named: [Named] }
"""
THREE = {"ones": [{"n": 1}, {"n": 2}, {"n": 3}]}


def of_a(**functions: Callable[..., Any]) -> GraphQLSchema:
    """The schema with these batch functions on A."""
    return schema_of(SDL, kinds={f"A.{name}": Batched(function) for name, function in functions.items()})


async def test_a_batch_function_is_called_once_a_level_with_all_parents_in_order() -> None:
    calls: list[list[int]] = []

    def subs(parents: list[dict[str, int]], _context: Any) -> list[Any]:
        calls.append([one["n"] for one in parents])
        return [[{"n": one["n"] * 10 + k} for k in range(2)] if one["n"] % 2 else [] for one in parents]

    found = await engine(
        of_a(subs=subs),
        "{ ones { subs { subs { __typename } } } deep { subs { __typename } } }",
        THREE | {"deep": [[{"n": 5}], [], [{"n": 6}, {"n": 7}]]},
    )
    assert found.errors is None
    assert calls == [[1, 2, 3], [5, 6, 7], [10, 11, 30, 31]]


async def test_it_is_called_once_for_each_response_key_with_its_arguments_and_the_context() -> None:
    calls: list[Any] = []

    def number(parents: list[Any], context: Any, **arguments: Any) -> list[Any]:
        calls.append((context, arguments))
        return [arguments.get("by", 0)] * len(parents)

    schema = schema_of(
        "type Query { ones: [One] } type One { number(by: Int): Int }", kinds={"One.number": Batched(number)}
    )
    found = await engine(
        schema, "{ ones { number a: number(by: 1) b: number(by: 1) number } }", {"ones": [1, 2]}, context_value="ctx"
    )
    assert found.data == {"ones": [{"number": 0, "a": 1, "b": 1}] * 2}
    assert calls == [("ctx", {}), ("ctx", {"by": 1}), ("ctx", {"by": 1})]


def named(name: str) -> dict[str, str]:
    return {"__typename": name[0].upper(), "name": name}


async def test_the_objects_of_one_type_are_one_batch_wherever_they_stand_among_the_others() -> None:
    calls: list[tuple[str, list[str]]] = []

    def numbers(type_: str) -> Batched:
        def of(parents: list[Any], _context: Any) -> list[Any]:
            calls.append((type_, [one["name"] for one in parents]))
            return [1] * len(parents)

        return Batched(of)

    schema = schema_of(SDL, kinds={"A.a": numbers("A"), "B.b": numbers("B")})
    root = {"named": [named("a1"), named("b1"), None, named("a2"), named("b2"), named("a3")]}
    found = await engine(schema, "{ named { ... on A { a } ... on B { b } name } }", root)
    keys = [list(one) if one else None for one in (found.data or {})["named"]]
    assert keys == [["a", "name"], ["b", "name"], None, ["a", "name"], ["b", "name"], ["a", "name"]]
    assert calls == [("A", ["a1", "a2", "a3"]), ("B", ["b1", "b2"])]


class Mine(dict[str, Any]):
    """What is declared as a class of A; a dict of another class has to be asked."""


async def test_those_that_had_to_be_asked_for_their_type_are_in_the_same_batch() -> None:
    calls: list[list[int]] = []

    def a(parents: list[Any], _context: Any) -> list[Any]:
        calls.append([one["n"] for one in parents])
        return [one["n"] for one in parents]

    schema = of_a(a=a)
    schema.type_map["A"].extensions[execution.CLASSES] = (Mine,)
    root = {"named": [Mine(n=1), {"n": 2, "__typename": "A"}, Mine(n=3)]}
    found = await engine(schema, "{ named { ... on A { a } } }", root)
    assert found.data == {"named": [{"a": 1}, {"a": 2}, {"a": 3}]}
    assert calls == [[1, 2, 3]]


def at_once(values: Any) -> Any:
    return values


async def in_a_coroutine(values: Any) -> Any:
    await asyncio.sleep(0)
    return values


def in_a_future(values: Any) -> Any:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, future.set_result, values)
    return future


def in_a_future_that_is_done(values: Any) -> Any:
    future = asyncio.get_running_loop().create_future()
    future.set_result(values)
    return future


def in_a_task(values: Any) -> Any:
    return asyncio.ensure_future(in_a_coroutine(values))


class Awaited:
    """An awaitable that is neither a coroutine nor a future."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.values


ways = pytest.mark.parametrize(
    "way", [at_once, in_a_coroutine, in_a_future, in_a_future_that_is_done, in_a_task, Awaited]
)


@ways
async def test_an_exception_among_the_values_is_the_error_of_its_parent(way: Any) -> None:
    values = [1, ValueError("of the second"), GraphQLError("of the third", extensions={"code": "OWN"})]
    found = await engine(of_a(a=lambda _parents, _context: way(list(values))), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": 1}, {"a": None}, {"a": None}]}
    assert [(error.message, error.path, error.extensions) for error in found.errors or ()] == [
        ("of the second", ["ones", 1, "a"], {}),
        ("of the third", ["ones", 2, "a"], {"code": "OWN"}),
    ]
    assert (found.errors or [])[0].original_error is values[1]


@pytest.mark.parametrize("awaits", [False, True])
async def test_an_exception_that_is_raised_is_the_error_of_every_parent(awaits: bool) -> None:
    async def late(_parents: list[Any], _context: Any) -> list[Any]:
        await asyncio.sleep(0)
        raise ValueError("of all")

    def now(_parents: list[Any], _context: Any) -> list[Any]:
        raise ValueError("of all")

    found = await engine(of_a(a=late if awaits else now), "{ ones { a name } }", THREE)
    assert found.data == {"ones": [{"a": None, "name": None}] * 3}
    assert [(error.message, error.path) for error in found.errors or ()] == [
        ("of all", ["ones", n, "a"]) for n in range(3)
    ]


@ways
@pytest.mark.parametrize(
    "values",
    [[], [1, 2], [1, 2, 3, 4], None, "abc", {1: 1, 2: 2, 3: 3}, {1, 2, 3}, 3, ValueError("returned"), iter([1, 2, 3])],
)
async def test_anything_but_one_value_a_parent_is_an_error_of_every_parent(way: Any, values: Any) -> None:
    found = await engine(of_a(a=lambda _parents, _context: way(values)), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": None}] * 3}
    assert [error.path for error in found.errors or ()] == [["ones", n, "a"] for n in range(3)]
    assert all("3 parents" in error.message for error in found.errors or ())


@ways
async def test_a_tuple_will_do_and_what_was_given_is_not_changed(way: Any) -> None:
    inner = [{"n": 1}, ValueError("inner")]
    values = (inner, None, iter([{"n": 2}]))
    found = await engine(of_a(subs=lambda _parents, _context: way(values)), "{ ones { subs { __typename } } }", THREE)
    one = {"__typename": "A"}
    assert found.data == {"ones": [{"subs": [one, None]}, {"subs": None}, {"subs": [one]}]}
    assert values[0] is inner
    assert inner[0] == {"n": 1}


@ways
async def test_values_may_have_to_be_awaited_themselves(way: Any) -> None:
    def values() -> list[Any]:
        return [in_a_coroutine(1), in_a_future(2), 3]

    found = await engine(of_a(a=lambda _parents, _context: way(values())), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": 1}, {"a": 2}, {"a": 3}]}


def tasks() -> int:
    return len(asyncio.all_tasks())


async def test_an_awaitable_that_calls_back_is_waited_for_without_a_task() -> None:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    seen: list[int] = []

    def look() -> None:
        seen.append(tasks())
        future.set_result([1, 2, 3])

    asyncio.get_running_loop().call_later(0.005, look)
    before = tasks()
    found = await engine(of_a(a=lambda _parents, _context: future), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": 1}, {"a": 2}, {"a": 3}]}
    assert seen == [before]


class CallsBack:
    """The least that is waited for without a task: awaitable, with callbacks, done at once or not, cancelled."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.callbacks: list[Callable[[Any], None]] = []

    def __await__(self) -> Generator[Any, None, Any]:
        raise AssertionError("nobody has to await it")

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        asyncio.get_running_loop().call_soon(callback, self)

    def done(self) -> bool:
        return False

    def exception(self) -> None:
        pass

    def result(self) -> Any:
        return self.values


async def test_what_calls_back_need_not_be_asyncios() -> None:
    found = await engine(of_a(a=lambda _parents, _context: CallsBack([1, 2, 3])), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": 1}, {"a": 2}, {"a": 3}]}


viewer: ContextVar[str] = ContextVar("viewer")


async def test_a_coroutine_runs_whole_inside_one_task() -> None:
    seen: list[Any] = []

    async def a(parents: list[Any], _context: Any) -> list[Any]:
        first = asyncio.current_task()
        seen.append(viewer.get())
        viewer.set("changed inside")
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(10)
        await asyncio.sleep(0)
        seen.append((asyncio.current_task() is first, viewer.get()))
        return [1] * len(parents)

    viewer.set("of the caller")
    found = await engine(of_a(a=a), "{ ones { a } }", THREE)
    assert found.data == {"ones": [{"a": 1}] * 3}
    assert seen == ["of the caller", (True, "changed inside")]
    assert viewer.get() == "of the caller"


async def test_resolvers_of_objects_are_awaited_together_each_in_its_own_task() -> None:
    inside: set[Any] = set()
    together = asyncio.Event()

    async def resolve(one: Any, _info: Any) -> int:
        inside.add(asyncio.current_task())
        if len(inside) == 3:
            together.set()
        await asyncio.wait_for(together.wait(), PATIENCE)
        return one["n"]  # type: ignore[no-any-return]

    found = await both(schema_of(SDL, {"A.a": lambda one, _info: one["n"]}), "{ ones { a } }", THREE)
    assert await engine(schema_of(SDL, {"A.a": resolve}), "{ ones { a } }", THREE) == found
    assert len(inside) == 3


async def test_the_fields_of_a_level_start_together() -> None:
    arrived: list[str] = []
    all_here = asyncio.Event()

    def waits(name: str) -> Callable[..., Awaitable[list[Any]]]:
        async def wait(parents: list[Any], _context: Any) -> list[Any]:
            arrived.append(name)
            if len(arrived) == 4:
                all_here.set()
            await asyncio.wait_for(all_here.wait(), PATIENCE)
            return [None] * len(parents)

        return wait

    schema = of_a(a=waits("a"), sub=waits("sub"), subs=waits("subs"), name=waits("name"))
    found = await engine(schema, "{ ones { a sub { a } name subs { a } } }", THREE)
    assert found.errors is None
    assert arrived == ["a", "sub", "name", "subs"]


async def test_a_branch_goes_on_as_soon_as_its_own_rows_are_in() -> None:
    below = asyncio.Event()

    async def slow(parents: list[Any], _context: Any) -> list[Any]:
        await asyncio.wait_for(below.wait(), PATIENCE)
        return [1] * len(parents)

    async def quick(parents: list[Any], _context: Any) -> list[Any]:
        if parents[0]["n"] == "second":
            below.set()
        return [{"n": "first" if isinstance(one["n"], int) else "second"} for one in parents]

    found = await engine(of_a(a=slow, sub=quick), "{ ones { a sub { sub { sub { __typename } } } } }", THREE)
    assert found.errors is None
    assert found.data["ones"][0]["a"] == 1  # type: ignore[index]


async def test_fields_whose_values_are_there_are_complete_before_others_are_awaited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execution.run, "TURN", 10)
    order: list[str] = []

    async def slow(parents: list[Any], _context: Any) -> list[Any]:
        order.append("slow runs")
        return [1] * len(parents)

    def there(parents: list[Any], _context: Any) -> list[Any]:
        order.append("there")
        return [{"n": 0}] * len(parents)

    await engine(of_a(a=slow, sub=there), "{ ones { a sub { sub { sub { __typename } } } } }", THREE)
    assert order == ["there", "there", "there", "slow runs"]


async def test_paths_are_those_of_the_answer_though_a_resolver_changes_its_list_later() -> None:
    shared: list[Any] = [{"n": 1}, {"n": 2}]

    async def fail(parents: list[Any], _context: Any) -> list[Any]:
        shared.insert(0, {"n": 0})
        await asyncio.sleep(0)
        shared.clear()
        return [ValueError(str(one["n"])) for one in parents]

    found = await engine(
        of_a(subs=lambda parents, _context: [shared for _ in parents], a=fail),
        "{ ones { subs { a } } }",
        {"ones": [{}, {}]},
    )
    assert [(error.message, error.path) for error in found.errors or ()] == [
        (str(k + 1), ["ones", n, "subs", k, "a"]) for n in range(2) for k in range(2)
    ]
