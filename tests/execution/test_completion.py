"""Odd values are completed as graphql-core completes them: what leaves write, what lists are, which type an object is of."""

import enum
from collections import OrderedDict, UserDict, deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, Undefined, build_schema

import execution
from tests.execution.small import both, engine, schema_of


class Word(str):
    __slots__ = ()


class Number(enum.IntEnum):
    ONE = 1


class Sub(dict[str, Any]):
    pass


class Text:
    def __str__(self) -> str:
        return "written"


class Raises:
    def __str__(self) -> str:
        raise ValueError("not to be written")


LEAVES: list[Any] = [
    *(None, Undefined, True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**400, 1.0, 1.5, -0.0),
    *(float("nan"), float("inf"), "", "a", "1", "1.0", "true", "é\u2028\0", "\ud800", Word("a"), Word("1"), b"a"),
    *(Number.ONE, Decimal("1.5"), Decimal("1"), Decimal("NaN"), [], ["a"], {}, {"a": 1}, Sub(a=1), (1,), object, str),
    *(Text(), Raises(), ValueError("returned"), GraphQLError("returned"), GeneratorExit(), lambda _info: "called"),
    *(range(3), SimpleNamespace(a=1), complex(1, 2), NotImplemented, ...),
]


@pytest.mark.parametrize("type_", ["String", "Int", "Float", "Boolean", "ID", "Colour", "Anything"])
@pytest.mark.parametrize("wrapping", ["{}", "{}!", "[{}]", "[{}!]"])
@pytest.mark.parametrize("declared", [False, True], ids=["resolver", "column"])
async def test_a_leaf_is_written_as_graphql_core_writes_it(type_: str, wrapping: str, declared: bool) -> None:
    kinds = {"One.value": execution.Column("value")} if declared else None
    schema = schema_of(
        f"scalar Anything enum Colour {{ RED }} type Query {{ ones: [One] }} type One {{ value: {wrapping.format(type_)} }}",
        {"One.value": lambda one, _info: one["value"]},
        kinds,
    )
    for value in LEAVES:
        values = [value] if wrapping.startswith("[") else value
        await both(schema, "{ ones { value } }", {"ones": [{"value": values}]})


LISTS: list[Callable[[], Any]] = [
    lambda: [1, 2],
    lambda: (1, 2),
    lambda: {1: "a", 2: "b"},
    lambda: {1: "a", 2: "b"}.keys(),
    lambda: {1: 2}.values(),
    lambda: {1},
    lambda: frozenset({1}),
    lambda: iter([1, 2]),
    lambda: (one for one in (1, 2)),
    lambda: range(3),
    lambda: deque([1, 2]),
    lambda: map(int, "12"),
    lambda: "12",
    lambda: b"12",
    lambda: bytearray(b"12"),
    lambda: MappingProxyType({1: 2}),
    lambda: UserDict({1: 2}),
    lambda: 12,
    lambda: None,
    lambda: [None, 1],
    lambda: [1, ValueError("returned"), 3],
    lambda: [[1], (2,)],
    lambda: SimpleNamespace(),
]


@pytest.mark.parametrize("type_", ["[Int]", "[Int!]", "[Int]!", "[Int!]!", "[[Int]]", "[[Int!]!]"])
@pytest.mark.parametrize("give", LISTS)
async def test_a_list_is_what_graphql_core_takes_for_one(type_: str, give: Callable[[], Any]) -> None:
    schema = schema_of(
        f"type Query {{ value: {type_} deep: [Deep] }} type Deep {{ value: {type_} }}",
        {"Query.value": lambda _root, _info: give(), "Deep.value": lambda _one, _info: give()},
    )
    await both(schema, "{ value deep { value } }", {"deep": [1, 2]})


@pytest.mark.parametrize("type_", ["[Sub]", "[Sub!]", "[Sub]!", "[Sub!]!", "[[Sub]]", "[[Sub!]!]", "Sub", "Sub!"])
@pytest.mark.parametrize("give", LISTS)
async def test_objects_may_be_anything(type_: str, give: Callable[[], Any]) -> None:
    schema = schema_of(
        f"type Query {{ value: {type_} }} type Sub {{ text: String sub: Sub other: Int! }}",
        {
            "Query.value": lambda _root, _info: give(),
            "Sub.text": lambda one, _info: type(one).__name__,
            "Sub.sub": lambda one, _info: one if isinstance(one, int) else None,
            "Sub.other": lambda one, _info: one,
        },
    )
    await both(schema, "{ value { text __typename sub { other } } }")


class Attributes:
    plain = "plain"

    def called(self, _info: Any, by: int = 0) -> str:
        return f"called {by}"

    @property
    def computed(self) -> str:
        return "computed"

    @property
    def broken(self) -> str:
        raise ValueError("broken")


class Everything:
    """Has every attribute that is asked for, `__await__` and `__aiter__` among them."""

    def __getattr__(self, name: str) -> str:
        return f"any {name}"


class Nothing:
    """Raises even where somebody only looks whether there is an attribute."""

    def __getattr__(self, name: str) -> str:
        raise ValueError(f"no {name}")


@pytest.mark.parametrize(
    "one",
    [
        Attributes(),
        {"plain": 1, "called": lambda _info, by=0: f"called {by}", "computed": None},
        OrderedDict(plain="p"),
        UserDict(plain="p"),
        MappingProxyType({"plain": "p"}),
        Sub(plain="p"),
        SimpleNamespace(plain="p", called=lambda _info, by=0: by),
        "text",
        0,
        False,
        (),
    ],
)
async def test_the_default_resolver_reads_attributes_keys_and_calls_what_can_be_called(one: Any) -> None:
    schema = build_schema(
        """type Query { one: One ones: [One!] }
        type One { plain: String called(by: Int = 2): String computed: String broken: String missing: String }"""
    )
    text = (
        "{ one { ...F } ones { ...F } } fragment F on One { plain called again: called(by: 3) computed broken missing }"
    )
    await both(schema, text, {"one": one, "ones": [one, one]})


async def test_an_object_that_has_any_attribute_is_an_object() -> None:
    schema = build_schema("type Query { one: One ones: [One] } type One { name: String }")
    found = await engine(schema, "{ one { name } ones { name } }", {"one": Everything(), "ones": [Everything()]})
    assert found.data == {"one": {"name": "any name"}, "ones": [{"name": "any name"}]}
    assert found.errors is None


async def test_an_attribute_that_raises_is_an_error_of_its_field() -> None:
    schema = build_schema("type Query { one: One ones: [One] } type One { name: String names: [String] }")
    root = {"one": Nothing(), "ones": [Nothing(), ValueError("the careful way"), Nothing()]}
    found = await engine(schema, "{ one { name names } ones { name names } }", root)
    nothing = {"name": None, "names": None}
    assert found.data == {"one": nothing, "ones": [nothing, None, nothing]}
    assert [error.message for error in found.errors or ()].count("no name") == 3


@pytest.mark.parametrize("root", [None, {}, {"a": 1}, 0, SimpleNamespace(a="1"), [], "root"])
async def test_any_root_value_will_do(root: Any) -> None:
    schema = build_schema("type Query { a: String b: [Int] __c: Int }", assume_valid=True)
    await both(schema, "{ a b __typename z: __typename }", root)


def enums(values: dict[str, Any]) -> GraphQLSchema:
    from graphql import GraphQLEnumType, GraphQLField, GraphQLList, GraphQLObjectType

    type_ = GraphQLEnumType("E", values)
    field = GraphQLField(type_, extensions={execution.KIND: execution.Column("value")})
    one = GraphQLObjectType(
        "One", {"value": field, "again": GraphQLField(GraphQLList(type_), resolve=lambda o, _i: [o["value"]])}
    )
    field.resolve = lambda o, _i: o["value"]
    return GraphQLSchema(GraphQLObjectType("Query", {"ones": GraphQLField(GraphQLList(one))}))


@pytest.mark.parametrize(
    "values",
    [
        {"A": 0, "B": 1, "C": 2.5},
        {"A": [1], "B": {"b": 1}, "C": {1}},
        {"A": None, "B": Undefined, "C": "C"},
        {"A": Number.ONE, "B": True},
        {"A": "a", "B": Word("b"), "C": b"c"},
        {"A": ("a", 1), "B": frozenset()},
    ],
)
async def test_an_enum_names_its_values_however_they_compare(values: dict[str, Any]) -> None:
    schema = enums(values)
    given = [*values.values(), *values, 1, True, 1.0, 0, False, [1], {"b": 1}, Number.ONE, "a", Word("a"), object()]
    for ones in (given, given[::-1]):
        await both(schema, "{ ones { value again } }", {"ones": [{"value": value} for value in ones]})


def scalar(coerce: Callable[[Any], Any]) -> GraphQLSchema:
    schema = schema_of(
        "scalar Own type One { value: Own all: [Own!] sure: Own! } type Query { ones: [One] }",
        {"One.all": lambda one, _info: [one["value"], one["value"]], "One.sure": lambda one, _info: one["value"]},
        {"One.value": execution.Column("value")},
    )
    schema.type_map["Own"].coerce_output_value = coerce  # type: ignore[attr-defined]
    return schema


def raising(value: Any) -> Any:
    if value == 2:
        raise ValueError("two is not written")
    return value


@pytest.mark.parametrize(
    "coerce",
    [
        raising,
        lambda value: None if value == 2 else value,
        lambda value: Undefined if value == 2 else value,
        lambda value: ... if value == 2 else value,
        lambda value: {"nested": [value]},
        lambda value: 1 // (value - 2),
    ],
)
async def test_a_scalar_of_ones_own_may_raise_and_give_nothing(coerce: Callable[[Any], Any]) -> None:
    root = {"ones": [{"value": value} for value in (1, 2, 3, None)]}
    await both(scalar(coerce), "{ ones { value all sure } }", root)


def generator() -> Iterator[int]:
    yield 1
    raise ValueError("the second is missing")


@pytest.mark.parametrize("type_", ["[Int]", "[Int!]!", "[Sub]", "[[Int]]"])
async def test_an_iterator_that_raises_is_the_error_of_its_list(type_: str) -> None:
    below = "{ text }" if "Sub" in type_ else ""
    give = (lambda _root, _info: [generator()]) if type_ == "[[Int]]" else (lambda _root, _info: generator())
    schema = schema_of(f"type Query {{ value: {type_} }} type Sub {{ text: String }}", {"Query.value": give})
    await both(schema, f"{{ value {below} __typename }}")


ABSTRACT = """
interface Named { name: String }
type A implements Named { name: String a: Int }
type B implements Named { name: String b: Int }
type C { name: String }
union Either = A | B
type Query { named: [Named] either: [Either] a: A }
"""


class Mangled:
    __typename = "B"
    name = "by a private name"


@pytest.mark.parametrize(
    "one",
    [
        {"__typename": "A", "name": "by its key"},
        {"__typename": "C"},
        {"__typename": "Nobody"},
        {"__typename": "Named"},
        {"__typename": 3},
        Mangled(),
        {},
        "A",
    ],
)
async def test_the_default_resolver_of_types_asks_the_typename(one: Any) -> None:
    text = "{ named { __typename name ... on A { a } ... on B { b } } either { __typename ... on Named { name } } a { name } }"
    await both(build_schema(ABSTRACT), text, {"named": [one, None, one], "either": [one], "a": one})


async def later(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


ANSWERS: list[Any] = [True, False, None, 0, "yes", ValueError("asked"), later]


@pytest.mark.parametrize("of_a", ANSWERS)
@pytest.mark.parametrize("of_b", ANSWERS)
async def test_is_type_of_may_say_anything_and_be_awaited(of_a: Any, of_b: Any) -> None:
    def asked(answer: Any) -> Callable[[Any, Any], Any]:
        def is_type_of(value: Any, _info: Any) -> Any:
            if answer is later:
                return later(value % 2 == 0 or ValueError("odd"))
            if isinstance(answer, Exception):
                raise answer
            return answer

        return is_type_of

    schema = schema_of(ABSTRACT, {f"{type_}.name": lambda one, _info: str(one) for type_ in "AB"})
    schema.type_map["A"].is_type_of = asked(of_a)  # type: ignore[attr-defined]
    schema.type_map["B"].is_type_of = asked(of_b)  # type: ignore[attr-defined]
    await both(
        schema,
        "{ named { __typename name } either { __typename } a { name } }",
        {"named": [1, 2], "either": [2, 1], "a": 1},
    )


async def test_a_class_that_is_declared_tells_the_type_without_being_asked() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    schema = schema_of(ABSTRACT, {f"{type_}.name": lambda one, _info: str(one) for type_ in "AB"})
    for name, cls in (("A", int), ("B", str)):
        schema.type_map[name].extensions[execution.CLASSES] = (cls,)
        schema.type_map[name].is_type_of = never  # type: ignore[attr-defined]
    schema.type_map["Named"].resolve_type = never  # type: ignore[attr-defined]
    found = await engine(schema, "{ named { __typename name } a { name } }", {"named": [1, "b", None, 2], "a": 3})
    assert found.errors is None
    assert found.data == {
        "named": [
            {"__typename": "A", "name": "1"},
            {"__typename": "B", "name": "b"},
            None,
            {"__typename": "A", "name": "2"},
        ],
        "a": {"name": "3"},
    }


async def test_a_subclass_of_what_is_declared_is_asked_for_its_type() -> None:
    schema = schema_of(ABSTRACT, {f"{type_}.name": lambda one, _info: str(one) for type_ in "AB"})
    for name, cls in (("A", int), ("B", str)):
        schema.type_map[name].extensions[execution.CLASSES] = (cls,)
        schema.type_map[name].is_type_of = lambda one, _info, cls=cls: isinstance(one, cls)  # type: ignore[attr-defined]
    await both(schema, "{ named { __typename name } a { name } }", {"named": [True, Word("b"), 1.5], "a": True})
