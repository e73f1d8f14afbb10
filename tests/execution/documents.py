"""Valid documents over any schema, drawn at random: aliases, arguments, variables, directives, fragments, abstract types."""

import os
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)


def examples(few: int) -> int:
    """How many to draw: a few, or as many as CHORUS_TEST_EXAMPLES says."""
    return int(os.environ.get("CHORUS_TEST_EXAMPLES", few))


@dataclass
class Drawn:
    """A document's text and the values of its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class Draw:
    """Draws one operation; `arguments` gives literals and values for an argument by its name, in place of what its type allows."""

    schema: GraphQLSchema
    random: Random
    arguments: dict[str, list[Any]] = field(default_factory=dict)
    depth: int = 5
    width: int = 5
    budget: int = 60
    aliases: int = 0
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def operation(self, kind: str = "query") -> Drawn:
        root = {"query": self.schema.query_type, "mutation": self.schema.mutation_type}[kind]
        assert root is not None
        selected = self.selection(root, self.depth)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"{kind} Drawn{f'({declared})' if declared else ''}"
        values = {name: value for name, (_, value) in self.variables.items() if value is not ...}
        return Drawn("\n".join([f"{head} {selected}", *self.fragments]), values)

    def selection(self, type_: Any, depth: int) -> str:
        parts = []
        for _ in range(self.random.randint(1, self.width)):
            self.budget -= 1
            parts.append(self.part(type_, depth))
        parts = [part for part in parts if part] or ["__typename"]
        return "{ " + " ".join(parts) + " }"

    def part(self, type_: Any, depth: int) -> str:
        chance = self.random.random()
        if chance < 0.08:
            return "__typename"
        if depth > 1 and (chance < 0.25 or not getattr(type_, "fields", None)):
            return self.fragment(type_, depth)
        fields = list(getattr(type_, "fields", {}).items())
        if depth <= 1 or self.budget < 0:
            fields = [one for one in fields if is_leaf_type(get_named_type(one[1].type))]
        if not fields:
            return "__typename"
        name, definition = self.random.choice(fields)
        return self.one(name, definition, depth)

    def one(self, name: str, definition: GraphQLField, depth: int) -> str:
        arguments = self.given(definition)
        # A field with arguments has a name of its own each time, so that no two of one name differ.
        self.aliases += 1
        alias = f"alias{self.aliases}: " if arguments or self.random.random() < 0.15 else ""
        named = get_named_type(definition.type)
        below = "" if is_leaf_type(named) else " " + self.selection(named, depth - 1)
        return f"{alias}{name}{arguments}{self.directive()}{below}"

    def fragment(self, type_: Any, depth: int) -> str:
        condition = type_
        if is_abstract_type(type_):
            condition = self.random.choice([*self.schema.get_possible_types(type_), type_])
        elif isinstance(type_, GraphQLObjectType) and type_.interfaces and self.random.random() < 0.3:
            condition = self.random.choice(list(type_.interfaces))
        selected = self.selection(condition, depth - 1 if is_abstract_type(type_) else depth)
        if self.random.random() < 0.3:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {condition} {selected}")
            return f"...{name}{self.directive()}"
        return f"... on {condition}{self.directive()} {selected}"

    def directive(self) -> str:
        if self.random.random() < 0.9:
            return ""
        name = self.random.choice(["skip", "include"])
        value = self.random.random() < 0.5
        if self.random.random() < 0.5:
            return f" @{name}(if: {str(value).lower()})"
        return f" @{name}(if: ${self.variable('Boolean!', value)})"

    def given(self, definition: GraphQLField) -> str:
        given = []
        for name, argument in definition.args.items():
            if not is_required_argument(argument) and self.random.random() < 0.5:
                continue
            value = self.value(name, argument.type)
            if self.random.random() < 0.4:
                leave_out = not is_required_argument(argument) and self.random.random() < 0.2
                given.append(f"{name}: ${self.variable(str(argument.type), ... if leave_out else value)}")
            else:
                given.append(f"{name}: {literal(value, argument.type)}")
        return f"({', '.join(given)})" if given else ""

    def variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (type_, value)
        return name

    def value(self, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self.value(name, type_.of_type)
        if name in self.arguments:
            return self.random.choice(self.arguments[name])
        if isinstance(type_, GraphQLList):
            return [self.value(name, type_.of_type) for _ in range(self.random.randint(0, 3))]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            fields = list(type_.fields.items())
            if type_.is_one_of:
                fields = [self.random.choice(fields)]
            return {key: self.value(key, one.type) for key, one in fields}
        return {"Int": 3, "Boolean": True, "Float": 1.5, "DateTime": "2026-11-22T09:30:00Z"}.get(type_.name, "text")


def literal(value: Any, type_: Any) -> str:
    """The value as it is written in a document."""
    if isinstance(type_, GraphQLNonNull):
        return literal(value, type_.of_type)
    if value is None:
        return "null"
    if isinstance(type_, GraphQLList):
        return "[" + ", ".join(literal(one, type_.of_type) for one in value) + "]"
    if isinstance(type_, GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {literal(one, type_.fields[key].type)}" for key, one in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(type_, GraphQLEnumType) or not isinstance(value, str) else f'"{value}"'
