"""The executor keeps graphql-core's contract: when a result is awaitable, what a resolver is told, what is handed over."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    AbortController,
    ExecutionResult,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    build_schema,
    execute,
    execute_sync,
    get_introspection_query,
    parse,
    specified_directives,
    subscribe,
)
from graphql.execution import experimental_execute_incrementally
from graphql.pyutils import Path
from graphql.type.directives import (
    GraphQLDeferDirective,
    GraphQLDisableErrorPropagationDirective,
    GraphQLStreamDirective,
)

import execution
from execution import BreadthFirstExecutor
from tests.execution.sameness import same
from tests.execution.small import both, engine, schema_of

TREE = "type Query { trees: [Tree!]! tree(name: String): Tree } type Tree { name: String above: Tree below: [Tree!] }"
FOREST = {"trees": [{"name": "oak", "below": [{"name": "twig"}, {"name": "leaf"}]}, {"name": "elm", "below": []}]}


def batched(schema: GraphQLSchema) -> GraphQLSchema:
    """The same schema, where lists are answered by batch functions, at once."""
    below = execution.Batched(lambda parents, _context: [one.get("below") for one in parents])
    schema.type_map["Tree"].fields["below"].extensions[execution.KIND] = below  # type: ignore[attr-defined]
    schema.type_map["Tree"].fields["name"].extensions[execution.KIND] = execution.Column("name")  # type: ignore[attr-defined]
    return schema


@pytest.mark.parametrize("schema", [build_schema(TREE), batched(build_schema(TREE))], ids=["resolvers", "batched"])
def test_nothing_is_awaitable_where_nothing_had_to_be_awaited(schema: GraphQLSchema) -> None:
    document = parse("{ trees { name below { name below { name } } } __schema { types { name } } }")
    result = execute(schema, document, FOREST, executor_class=BreadthFirstExecutor)
    assert isinstance(result, ExecutionResult)
    assert result == execute(schema, document, FOREST)
    assert result == execute_sync(schema, document, FOREST, executor_class=BreadthFirstExecutor)


def test_a_batch_that_nobody_is_in_is_not_asked() -> None:
    async def never(parents: list[Any], _context: Any) -> list[Any]:
        raise AssertionError(parents)

    schema = schema_of(TREE, kinds={"Tree.above": execution.Batched(never)})
    result = execute(schema, parse("{ trees { above { name } } }"), {"trees": []}, executor_class=BreadthFirstExecutor)
    assert result == ExecutionResult({"trees": []}, None)


async def test_one_awaitable_makes_the_result_awaitable() -> None:
    async def name(_one: Any, _info: Any) -> str:
        return "late"

    schema = schema_of(TREE, {"Tree.name": name})
    result = execute(schema, parse("{ trees { name } }"), FOREST, executor_class=BreadthFirstExecutor)
    assert not isinstance(result, ExecutionResult)
    assert (await result).data == {"trees": [{"name": "late"}, {"name": "late"}]}


def test_introspection_is_as_graphql_core_gives_it() -> None:
    schema = build_schema(
        '''"""what""" directive @own(a: [Int!] = [1]) repeatable on FIELD
        "a" interface I { a(b: Int = 3 @deprecated(reason: "no")): Int } type Query implements I { a(b: Int): Int old: U @deprecated }
        union U = Query | T type T { e: [[E!]]! } enum E { A B @deprecated(reason: "so") } input In @oneOf { a: Int b: [In!] }
        scalar S @specifiedBy(url: "https://example.com") type Subscription { a(in: In = {a: 1}): S }'''
    )
    document = parse(
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            one_of=True,
        )
    )
    before = BreadthFirstExecutor.handed_over
    assert execute_sync(schema, document, executor_class=BreadthFirstExecutor) == execute_sync(schema, document)
    deep = parse(
        '{ __type(name: "T") { fields { type { ofType { ofType { ofType { name enumValues { name } } } } } } } nothing: __type(name: "X") { name } }'
    )
    assert execute_sync(schema, deep, executor_class=BreadthFirstExecutor) == execute_sync(schema, deep)
    assert BreadthFirstExecutor.handed_over == before


async def text(_one: Any, _info: Any) -> str:
    return "text"


@pytest.mark.parametrize("check_sync", [False, True])
def test_execute_sync_with_a_coroutine_is_as_graphql_core_has_it(check_sync: bool) -> None:
    schema = schema_of(
        "type Query { a: String b: [String] c: Sub d: Int e: [Sub] } type Sub { a: String }",
        {
            "Query.a": text,
            "Query.b": lambda _one, _info: [text(1, 2)],
            "Query.c": text,
            "Sub.a": text,
            "Query.e": lambda _one, _info: [text(1, 2)],
        },
    )

    def answer(executor: Any) -> Any:
        options: dict[str, Any] = {"executor_class": executor, "check_sync": check_sync}
        try:
            result = execute_sync(schema, parse("{ a b c { a } d e { a } }"), {"d": 1}, **options)
        except RuntimeError as error:
            return str(error)
        return [(error.message.split(" at 0x")[0], error.path) for error in result.errors or ()]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected, found = answer(None), answer(BreadthFirstExecutor)
        gc.collect()
    assert found == expected
    assert "synchronously" in found if check_sync else len(found) == 4


async def test_a_resolver_is_told_what_graphql_core_tells_it() -> None:
    told: dict[str, list[GraphQLResolveInfo[Any]]] = {"graphql-core": [], "engine": []}

    def tell(one: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        info.context.append(info)
        return one.get(info.field_name)

    schema = schema_of(TREE, dict.fromkeys(("Query.trees", "Query.tree", "Tree.name", "Tree.below"), tell))
    query = """query Q($a: String = "x", $b: Int) { alias: trees { ...F name below { name } } tree(name: $a) { name } trees { name } }
        query Other { trees { name } } fragment F on Tree { name below { ... { again: name } } }"""
    root = FOREST | {"tree": {"name": "ash"}}
    document = parse(query)
    for name, executor in (("graphql-core", None), ("engine", BreadthFirstExecutor)):
        execute(schema, document, root, told[name], {"b": 2}, "Q", executor_class=executor)
    by_path = {tuple(info.path.as_list()): info for info in told["engine"]}
    assert len(by_path) == len(told["engine"]) == len(told["graphql-core"])
    for expected in told["graphql-core"]:
        found = by_path[tuple(expected.path.as_list())]
        assert type(found) is GraphQLResolveInfo
        for field in GraphQLResolveInfo._fields:
            if field not in ("context", "async_helpers"):
                assert getattr(found, field) == getattr(expected, field), field
        assert found.context is told["engine"]
        assert typenames(found) == typenames(expected)
        assert all(one is other for one, other in zip(found.field_nodes, expected.field_nodes, strict=True))
        assert type(found.async_helpers) is type(expected.async_helpers)


def typenames(info: GraphQLResolveInfo[Any]) -> list[str | None]:
    path: Path | None = info.path
    names = []
    while path is not None:
        names.append(path.typename)
        path = path.prev
    return names


async def test_who_changes_its_info_changes_nobody_elses() -> None:
    seen = []

    def resolve(one: Any, info: GraphQLResolveInfo[Any]) -> str:
        seen.append(len(info.field_nodes))
        info.field_nodes.clear()
        return "name"

    schema, document = schema_of(TREE, {"Tree.name": resolve}), parse("{ trees { name } }")
    for _ in range(2):
        execute_sync(schema, document, FOREST, executor_class=BreadthFirstExecutor)
    assert seen == [1, 1, 1, 1]


def test_resolvers_are_called_object_by_object_in_the_order_of_the_document() -> None:
    calls: list[str] = []

    def call(one: Any, info: GraphQLResolveInfo[Any]) -> Any:
        calls.append(".".join(map(str, info.path.as_list())))
        return one.get(info.field_name)

    schema = schema_of(TREE, {f"Tree.{name}": call for name in ("name", "above", "below")})
    execute_sync(
        schema,
        parse("{ trees { below { b: name a: name } name above { name } } }"),
        FOREST,
        executor_class=BreadthFirstExecutor,
    )
    assert calls == [
        *("trees.0.below", "trees.1.below", "trees.0.name", "trees.1.name", "trees.0.above", "trees.1.above"),
        *("trees.0.below.0.b", "trees.0.below.1.b", "trees.0.below.0.a", "trees.0.below.1.a"),
    ]


async def test_mutations_run_one_after_the_other_each_with_its_selections() -> None:
    happened: list[str] = []

    async def change(_root: Any, info: GraphQLResolveInfo[Any], fail: bool = False) -> Any:
        happened.append(f"{info.path.key} begins")
        await asyncio.sleep(0.001)
        happened.append(f"{info.path.key} ends")
        if fail:
            raise ValueError(info.path.key)
        return {"key": info.path.key}

    async def later(parents: list[Any], _context: Any) -> list[str]:
        await asyncio.sleep(0.001)
        happened.append(f"{parents[0]['key']} below")
        return ["later"]

    schema = schema_of(
        "type Query { a: Int } type Mutation { change(fail: Boolean): Change sure(fail: Boolean): Change! } type Change { later: String }",
        {"Mutation.change": change, "Mutation.sure": change},
        {"Change.later": execution.Batched(later)},
    )
    found = await engine(
        schema, "mutation { __typename a: change { later } b: change(fail: true) { later } c: sure { later } }"
    )
    assert happened == ["a begins", "a ends", "a below", "b begins", "b ends", "c begins", "c ends", "c below"]
    assert found.data == {"__typename": "Mutation", "a": {"later": "later"}, "b": None, "c": {"later": "later"}}
    happened.clear()
    text = "mutation { a: sure { later } b: sure(fail: true) { later } c: change { later } }"
    found = await engine(schema, text)
    assert happened == ["a begins", "a ends", "a below", "b begins", "b ends"], (
        "null already: no further change is made"
    )
    assert found.data is None
    expected = await execute(schema, parse(text))  # type: ignore[misc]
    assert happened[5:] == ["a begins", "a ends", "b begins", "b ends"]
    same(expected, found, in_turn=True)


async def test_what_a_mutation_has_at_hand_waits_its_turn_too() -> None:
    state = [0]

    def count(parents: list[Any], _context: Any) -> list[int]:
        return [state[0]] * len(parents)

    def change(_root: Any, _info: Any) -> int:
        state[0] += 1
        return state[0]

    schema = schema_of(
        "type Query { state: Int } type Mutation { here: Here change: Int } type Here { state: Int here: Here }",
        {"Mutation.change": change},
        {name: execution.Itself() for name in ("Mutation.here", "Here.here")}
        | {"Here.state": execution.Batched(count)},
    )
    found = await engine(
        schema, "mutation { a: here { state here { state } } b: change c: here { state } d: change }", {}
    )
    assert found.data == {"a": {"state": 0, "here": {"state": 0}}, "b": 1, "c": {"state": 1}, "d": 2}


async def test_the_events_of_a_subscription_run_on_it() -> None:
    asked = []

    async def events(_root: Any, _info: Any, upto: int) -> AsyncIterator[Any]:
        for number in range(upto):
            yield {"number": number} if number != 1 else {"other": 1}

    async def squares(parents: list[Any], _context: Any) -> list[int]:
        asked.append(parents)
        return [parent**2 for parent in parents]

    schema = schema_of(
        "type Query { a: Int } type Subscription { number(upto: Int!): Number } type Number { square: Int itself: Number! }",
        kinds={"Number.square": execution.Batched(squares), "Number.itself": execution.Itself()},
    )
    schema.subscription_type.fields["number"].subscribe = events  # type: ignore[union-attr]
    schema.subscription_type.fields["number"].resolve = lambda event, _info, upto: event.get("number")  # type: ignore[union-attr]
    before = BreadthFirstExecutor.handed_over
    document = parse("subscription { number(upto: 3) { square itself { square } } }")
    stream: Any = subscribe(schema, document, executor_class=BreadthFirstExecutor)
    answers = [result.data async for result in stream]
    assert answers == [
        {"number": {"square": n**2, "itself": {"square": n**2}}} if n != 1 else {"number": None} for n in range(3)
    ]
    assert asked == [[0], [0], [2], [2]]
    assert BreadthFirstExecutor.handed_over == before
    refused = subscribe(
        schema, parse("subscription { number(upto: null) { square } }"), executor_class=BreadthFirstExecutor
    )
    assert isinstance(refused, ExecutionResult)
    assert refused.errors


async def test_what_a_plan_cannot_say_is_handed_over_and_counted() -> None:
    directives = [*specified_directives, GraphQLDeferDirective, GraphQLStreamDirective]
    plain = build_schema(TREE)
    schema = GraphQLSchema(plain.query_type, directives=directives)
    before = BreadthFirstExecutor.handed_over
    for text in ("{ trees { name ... @defer { below { name } } } }", "{ trees @stream(initialCount: 1) { name } }"):
        result: Any = experimental_execute_incrementally(
            schema, parse(text), FOREST, executor_class=BreadthFirstExecutor
        )
        assert result.initial_result.has_next
        assert [part.has_next async for part in result.subsequent_results][-1] is False
    arguments = parse(
        "{ trees { ...F(name: true) } } fragment F($name: Boolean!) on Tree { name @include(if: $name) }",
        experimental_fragment_arguments=True,
    )
    calls: list[str] = []

    def wrap(following: Any, one: Any, info: Any, **given: Any) -> Any:
        calls.append(info.field_name)
        return following(one, info, **given)

    named = parse("{ trees { name } }")
    signal = AbortController().signal
    options: list[tuple[Any, dict[str, Any]]] = [
        (arguments, {}),
        (named, {"middleware": [wrap]}),
        (named, {"middleware": MiddlewareManager(wrap)}),
        (named, {"abort_signal": signal}),
    ]
    for number, (document, option) in enumerate(options):
        result = execute(plain, document, FOREST, executor_class=BreadthFirstExecutor, **option)
        assert result == ExecutionResult({"trees": [{"name": "oak"}, {"name": "elm"}]}, None)
        assert BreadthFirstExecutor.handed_over == before + 3 + number
    assert calls == ["trees", "name", "name"] * 2

    class Own(BreadthFirstExecutor):
        pass

    result = execute(plain, named, FOREST, executor_class=Own, abort_signal=signal)
    assert BreadthFirstExecutor.handed_over == before + 7, "a subclass counts here too"


@pytest.mark.parametrize("middleware", [[], (), MiddlewareManager()])
async def test_an_empty_middleware_is_none(middleware: Any) -> None:
    found = await engine(build_schema(TREE), "{ trees { name } }", FOREST, middleware=middleware)
    assert found.data == {"trees": [{"name": "oak"}, {"name": "elm"}]}


@pytest.mark.parametrize("type_", ["Int!", "[Int!]!", "[[Int!]!]!"])
async def test_an_operation_may_switch_the_propagation_of_errors_off(type_: str) -> None:
    values = {"Int!": None, "[Int!]!": [1, None, "x"], "[[Int!]!]!": [[1, None], None, ["x"]]}
    schema = schema_of(
        f"type Query {{ ones: [One!]! }} type One {{ value: {type_} }}", {"One.value": lambda *_: values[type_]}
    )
    schema = GraphQLSchema(
        schema.query_type, directives=[*specified_directives, GraphQLDisableErrorPropagationDirective]
    )
    found = await both(schema, "query @experimental_disableErrorPropagation { ones { value } }", {"ones": [1, None, 2]})
    assert found.data is not None
    assert (await both(schema, "{ ones { value } }", {"ones": [1, None, 2]})).data is None
