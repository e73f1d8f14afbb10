"""A schema made for torture: every wrapping of nullable, non-null and list over every kind of type, and resolvers that do all that resolvers may do.

What a field gives is drawn from the seed, its object and its name alone, so that two executors meet the same, in whatever order they ask.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

import execution

WRAPPINGS = ["{}", "{}!", "[{}]", "[{}!]", "[{}]!", "[{}!]!", "[[{}]]", "[[{}!]!]!", "[[{}]!]"]
KINDS = ["Int", "String", "Float", "Boolean", "ID", "Colour", "A", "B", "Either", "Thing", "Asked"]


def _fields(kinds: list[str]) -> str:
    return "\n".join(
        f"  {kind.lower()}{number}(first: Int = 3): {wrapping.format(kind)}"
        for kind in kinds
        for number, wrapping in enumerate(WRAPPINGS)
    )


SDL = f"""
enum Colour {{ RED BLUE }}
interface Thing {{ id: ID! int0(first: Int = 3): Int a0(first: Int = 3): A }}
interface Asked {{ id: ID! }}
type A implements Thing & Asked {{ id: ID!
{_fields(KINDS)}
  me: A  me1: A!  twin: A  held: B  held1: B!  helds: [B!]!  held2: Thing
}}
type B implements Thing & Asked {{ id: ID!
{_fields(KINDS)}
  me: B  me1: B!  twin: B  held: A  held1: A!  helds: [A!]!  held2: Either
}}
union Either = A | B
type Query {{
{_fields(KINDS)}
}}
type Mutation {{
{_fields(KINDS)}
}}
"""

SHAPES = build_schema(SDL)
ITSELF = {"me": execution.Itself(), "me1": execution.Itself(), "twin": execution.Itself(unless_null="maybe")}
COLUMNS = {name: execution.Column(name) for name in ("id", "held", "held1", "helds", "held2")}


@dataclass(frozen=True)
class One:
    """An object: its type's name and a key that no other has."""

    type: str
    key: str
    seed: int
    waits: bool

    def __getitem__(self, name: str) -> Any:
        if name == "id":
            return self.key
        if name == "maybe":
            return None if hash_of(self.key) % 3 == 0 else 1
        at_once = One(self.type, self.key, self.seed, waits=False)
        return Behaviour(at_once, name, {}).value(SHAPES.type_map[self.type].fields[name].type)  # type: ignore[attr-defined]


class Other(One):
    """A class of its own for B, so that a class may tell a type."""


class Stranger(One):
    """An object whose class tells nothing, and whose type is told wrong where it is asked for."""


@dataclass
class Behaviour:
    """What the field `name` of an object gives."""

    parent: One
    name: str
    arguments: dict[str, Any]

    def value(self, type_: Any) -> Any:
        """May raise."""
        seed = f"{self.parent.seed} {self.parent.key} {self.name} {sorted(self.arguments.items())}"
        self.random = Random(seed)
        if self.chance(0.03):
            raise self.error("raised")
        return self.one(type_, f"{self.parent.key}.{self.name}")

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def error(self, how: str) -> Exception:
        message = f"{how} by {self.parent.key}.{self.name}"
        return self.random.choice(
            [ValueError(message), GraphQLError(message, extensions={"code": "TORTURE"}), KeyError(message)]
        )

    def one(self, type_: Any, key: str) -> Any:
        value = self.settled(type_, key)
        if not self.parent.waits or not self.chance(0.15):
            return value
        return later(value, self.error("awaited") if self.chance(0.1) else None, self.random.randrange(3))

    def settled(self, type_: Any, key: str) -> Any:
        if self.chance(0.03):
            return self.error("returned")
        if self.chance(0.02 if is_non_null_type(type_) else 0.1):
            return None
        inner = type_.of_type if is_non_null_type(type_) else type_
        if is_list_type(inner):
            return self.items(inner, key)
        if self.chance(0.02):
            return self.random.choice([object, {"wrong": 1}, ["wrong"], float("nan"), 2**40, 17, "no", True])
        return self.plain(inner.name, key)

    def items(self, type_: Any, key: str) -> Any:
        items = [self.one(type_.of_type, f"{key}.{index}") for index in range(self.random.randrange(4))]
        way = self.random.randrange(12)
        if way == 0:
            return tuple(items)
        if way == 1:
            return (item for item in items)
        if way == 2:
            return dict.fromkeys(range(len(items)), 1).keys() if not items else iter(items)
        if way == 3 and not any(map(asyncio.iscoroutine, items)):
            # Depth first, the errors of items before the break would count; breadth first they are never met.
            return breaking(items if self.parent.waits else [], self.error("iterated"))
        if way == 4 and self.parent.waits:
            return streamed(items, self.error("streamed") if self.chance(0.2) else None)
        return items

    def plain(self, name: str, key: str) -> Any:
        simple = {"Int": 7, "String": "text é", "Float": 1.5, "Boolean": False, "ID": "id", "Colour": "RED"}
        if name in simple:
            return simple[name]
        if name not in ("A", "B"):
            name = self.random.choice(["A", "B"])
        cls = Stranger if self.chance(0.05) else One if name == "A" else Other
        return cls(name, key, self.parent.seed, self.parent.waits)


async def later(value: Any, error: Exception | None, ticks: int) -> Any:
    for _ in range(ticks):
        await asyncio.sleep(0)
    if error is not None:
        raise error
    return value


async def streamed(items: list[Any], error: Exception | None) -> Any:
    for item in items:
        await asyncio.sleep(0)
        yield item
    if error is not None:
        raise error


def breaking(items: list[Any], error: Exception) -> Any:
    yield from items
    raise error


def torture(*, declared: bool) -> GraphQLSchema:
    """The schema; `declared` ties some of its fields to batch functions and kinds, which only the engine reads."""
    schema = build_schema(SDL)
    for name in ("A", "B", "Query", "Mutation"):
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        for key, field in type_.fields.items():
            field.resolve = _resolver(key, field.type)
            if declared:
                batched = hash_of(name, key) % 3 and key not in ITSELF | COLUMNS
                kind = execution.Batched(_batch(key, field.type, hash_of(name, key))) if batched else None
                field.extensions[execution.KIND] = kind or (ITSELF | COLUMNS).get(key)
    for name, cls in (("A", One), ("B", Other)):
        type_ = schema.type_map[name]
        type_.is_type_of = _is_type_of(name)  # type: ignore[attr-defined]
        if declared:
            type_.extensions[execution.CLASSES] = (cls,)
    for name in ("Either", "Thing"):
        schema.type_map[name].resolve_type = _resolve_type  # type: ignore[attr-defined]
    return schema  # Asked has no resolve_type: its types are asked


def hash_of(*words: str) -> int:
    return sum(ord(letter) * (place + 1) for place, letter in enumerate("".join(words)))


def _resolver(name: str, type_: Any) -> Callable[..., Any]:
    if name in COLUMNS:
        return lambda one, _info: one[name]
    if name in ITSELF:
        return lambda one, _info: None if name == "twin" and one["maybe"] is None else one
    return lambda one, _info, **arguments: Behaviour(one, name, arguments).value(type_)


def _batch(name: str, type_: Any, number: int) -> Callable[..., Any]:
    def together(parents: list[One], _context: Any, **arguments: Any) -> list[Any]:
        return [_attempt(Behaviour(one, name, arguments), type_) for one in parents]

    async def awaited(parents: list[One], context: Any, **arguments: Any) -> list[Any]:
        await asyncio.sleep(0)
        return together(parents, context, **arguments)

    def either(parents: list[One], context: Any, **arguments: Any) -> Any:
        return (awaited if number % 2 and parents[0].waits else together)(parents, context, **arguments)

    return either


def _attempt(behaviour: Behaviour, type_: Any) -> Any:
    try:
        return behaviour.value(type_)
    except Exception as error:  # noqa: BLE001  in its position
        return error


def _is_type_of(name: str) -> Callable[..., Any]:
    def is_type_of(value: Any, _info: Any) -> Any:
        answer = isinstance(value, One) and value.type == name
        waits = isinstance(value, One) and value.waits and hash_of(value.key) % 5 == 0
        return later(answer, None, 1) if waits else answer

    return is_type_of


def _resolve_type(value: Any, _info: Any, _type: Any) -> Any:
    if not isinstance(value, One):
        return None if isinstance(value, dict) else "Nobody"
    name = "Colour" if isinstance(value, Stranger) else value.type
    return later(name, None, 1) if value.waits and hash_of(value.key) % 7 == 0 else name


def named(type_: Any) -> str:
    """The name of the type within all its wrappings."""
    return str(get_named_type(type_))
