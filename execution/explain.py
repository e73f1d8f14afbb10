"""A plan as text: its levels, what each builds at once, and which batch function answers each other field."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from inspect import isawaitable
from typing import Any

from graphql import GraphQLObjectType

from execution.kinds import Batched
from execution.plan import Field, Plan, Selection

asking: ContextVar[str] = ContextVar("asking", default="")  # the path of the field whose batch function runs


def levels(plan: Plan, root_type: GraphQLObjectType) -> Iterator[tuple[int, str, Selection]]:
    """Every selection that the plan can reach: its level, the path of its objects, and itself; level by level."""
    found = [("", plan.root(root_type))]
    level = 0
    while found:
        yield from ((level, path, selection) for path, selection in found)
        found = [
            (joined(path, field), below)
            for path, selection in found
            for field in selection.fields
            if not field.is_leaf
            for below in field.below()
            if any(one.name != "__typename" for one in below.fields)
        ]
        level += 1


def joined(path: str, field: Field) -> str:
    """The path of a field."""
    return f"{path}.{field.key}" if path else field.key


@contextmanager
def watched(plan: Plan, root_type: GraphQLObjectType) -> Iterator[None]:
    """For the time of the block `asking` tells which field's batch function runs."""
    fields = [(path, field) for _, path, selection in levels(plan, root_type) for field in selection.fields]
    kinds = [field.kind for _, field in fields]
    for path, field in fields:
        if isinstance(field.kind, Batched):
            field.kind = replace(field.kind, function=_told(joined(path, field), field.kind.function))
    try:
        yield
    finally:
        for (_, field), kind in zip(fields, kinds, strict=True):
            field.kind = kind


def describe(plan: Plan, root_type: GraphQLObjectType, statements: Mapping[str, list[str]]) -> Iterator[str]:
    """The lines; `statements` names those that each field's batch function sent, by the field's path."""
    for level, path, selection in levels(plan, root_type):
        yield f"level {level}  {selection.type.name}{f'  at {path}' if path else ''}"
        built = [field.key for field in selection.fields if field not in selection.compiled.rest]
        if built:
            yield f"    built at once: {', '.join(built)}"
        for field in selection.compiled.rest:
            yield f"    {field.key}: {_how(field)}{_sent(statements.get(joined(path, field), []))}"


def _how(field: Field) -> str:
    kind = field.kind
    if kind is None:
        return "its resolver, object by object"
    if isinstance(kind, Batched):
        return f"{kind.function.__module__}.{kind.function.__qualname__}"
    return type(kind).__name__.lower()


def _sent(names: list[str]) -> str:
    return f"  sends {', '.join(names)}" if names else ""


def _told(path: str, function: Any) -> Any:
    def call(*args: Any, **arguments: Any) -> Any:
        token = asking.set(path)
        try:
            values = function(*args, **arguments)
        finally:
            asking.reset(token)
        return _awaited(path, values) if isawaitable(values) else values

    return call


async def _awaited(path: str, values: Any) -> Any:
    asking.set(path)  # in the task that the coroutine runs in
    return await values
