"""What a field and a type may declare of themselves, so that a level is answered at once instead of object by object."""

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLField, OperationDefinitionNode

KIND = "execution.kind"  # the key in a field's `extensions` under which its kind stands
CLASSES = (
    "execution.classes"  # … in an object type's: the classes whose instances are its values, in place of `is_type_of`
)
TYPES = "execution.types"  # … in an abstract type's: the names of the types of these classes' instances, in place of `resolve_type`
WRITES = "execution.writes"  # … in a scalar's: a class, and what writes its instances, or None where they are written as they are


class Place(NamedTuple):
    """Where in the document a field stands; `reads()` tells which columns are read of the rows that it gives, or None where nobody knows."""

    operation: OperationDefinitionNode
    field_nodes: list[FieldNode]
    response_key: str
    reads: Callable[[], frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class Column:
    """The value is `parent[name]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Each:
    """The value is `function(parent)`: pure, and never awaited. `reads` are the columns that it reads of the parent, None where it does not say."""

    function: Callable[[Any], Any]
    reads: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The value is `template % (parent[column], …)`: what `Each` would say, at a third of its cost."""

    template: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Itself:
    """The value is the parent under another type; null where the column `unless_null` is null."""

    unless_null: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The value is `function(owner, index, parent)`, where the parent came from a list of `owner`, at `index`."""

    function: Callable[[Any, int, Any], Any]


@dataclass(frozen=True, slots=True)
class Batched:
    """The values are `function(parents, context, **arguments)`: one a parent, in the parents' order, or an awaitable of them.

    An exception among them is that parent's error; one that is raised is everybody's. An awaitable that can be asked and listened to as a
    future is (it has `add_done_callback`) is waited for without a task.
    `prepare` makes the keyword arguments of what graphql-core coerced; the same arguments give the same. `reads` is as that of `Each`.
    """

    function: Callable[..., list[Any] | Awaitable[list[Any]]]
    prepare: Callable[[dict[str, Any], Place], dict[str, Any]] | None = None
    reads: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Streamed:
    """Of a subscription: its events are those of the stream `await function(context, **arguments)`, and the value is the event itself.

    `prepare` is as that of `Batched`.
    """

    function: Callable[..., Awaitable[AsyncIterable[Any]]]
    prepare: Callable[[dict[str, Any], Place], dict[str, Any]] | None = None


Kind = Column | Each | Text | Itself | Placed | Batched | Streamed


def kind_of(definition: GraphQLField) -> Kind | None:
    """What the field declares; None where only its resolver tells."""
    return (definition.extensions or {}).get(KIND)
