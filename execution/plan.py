"""The plan of an operation: its selections by type, merged and flattened once, and kept for as long as the document is used."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.execution.values import VariableValues

from execution.arguments import UNCHANGING, Arguments
from execution.kinds import CLASSES, TYPES, Batched, Column, Each, Itself, Kind, Place, Placed, Streamed, Text, kind_of
from execution.leaves import Built, Write, compiled, is_plain, writer

PAYS = 100  # objects: compiling costs 100 to 200 µs, an object that is built without it 1 to 2 µs more
A_USE = 10  # objects: what a level costs more without it


class Origin:
    """What all that a plan consists of has in common. It knows none of that, so that a plan that is dropped is freed at once, not by the collector.

    `grow` is told of each selection that is made, by its number of fields. `left` are the classes that are left for whoever writes the response.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        conditions: VariableValues,
        grow: Callable[["Origin", int], None],
        *,
        left: frozenset[type],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.grow = grow
        self.size = 0
        self.left = left
        self._fragments = fragments
        self._conditions = conditions

    def fields(self, root_type: GraphQLObjectType) -> GroupedFieldSet:
        """The merged selections of the operation itself."""
        where = (self.schema, self._fragments, self._conditions, root_type, self.operation)
        return _grouped(partial(collect_fields, *where), self.operation)

    def subfields(self, runtime_type: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        """The merged selections of these fields, for an object of this type."""
        where = (self.schema, self._fragments, self._conditions, self.operation, runtime_type, details)
        return _grouped(partial(collect_subfields, *where), details[0].node)


class Field:
    """One field of a selection: all nodes of one response key.

    `types` are its type without the outer non-null, then the type of its items, and so on; `null_at` is for each of them the length of the path of
    the nearest position that may be null, where an error there ends.
    """

    def __init__(self, origin: Origin, selection: "Selection", key: str, details: FieldDetailsList) -> None:
        self.origin = origin
        self.key = key
        self.details = details
        self.nodes = [detail.node for detail in details]
        self.parent_type = selection.type
        self.name = self.nodes[0].name.value
        self.definition: GraphQLField = origin.schema.get_field(selection.type, self.name)  # type: ignore[assignment]  # _fields asked
        typename = selection.type.name  # of the selection itself nothing is kept, which holds us
        self.kind = kind_of(self.definition) if self.name != "__typename" else Each(lambda _: typename, frozenset())
        self.null_at = list(_null_at(self.definition.type, selection.length, selection.null_at))
        self.depth = len(self.null_at) - 1
        self.length = selection.length + 1 + self.depth  # of the path of an object in it
        self.nullable = not is_non_null_type(self.definition.type)
        self.named: Any = get_named_type(self.definition.type)
        self.is_leaf = is_leaf_type(self.named)
        self.write: Write | None = writer(self.definition.type) if self.is_leaf else None
        self._selections: dict[GraphQLObjectType, Selection] = {}
        self._by_class: dict[type, Selection | None] = {}
        self._arguments = Arguments(self.definition, self.nodes[0], details[0].fragment_variable_values)
        self._prepared: dict[str, Any] | None = None

    def selection(self, runtime_type: GraphQLObjectType) -> "Selection":
        """What is selected of an object of this type."""
        found = self._selections.get(runtime_type)
        if found is None:
            grouped = self.origin.subfields(runtime_type, self.details)
            made = Selection(self.origin, runtime_type, grouped, self.length, self.null_at[-1])
            found = self._selections.setdefault(runtime_type, made)  # a thread may have been first
        return found

    def selection_of(self, cls: type) -> "Selection | None":
        """What is selected of an instance of this class; None where the class alone does not tell its type."""
        try:
            return self._by_class[cls]
        except KeyError:
            return self._by_class.setdefault(cls, self._find(cls))

    def _find(self, cls: type) -> "Selection | None":
        if cls is type(None) or not is_plain(cls):
            return None
        if not is_abstract_type(self.named):
            return self.selection(self.named) if _is_value(self.named, cls) else None
        possible = self.origin.schema.get_possible_types(self.named)
        name = (self.named.extensions or {}).get(TYPES, {}).get(cls)
        types = [one for one in possible if (one.name == name if name else cls in _classes(one))]
        return self.selection(types[0]) if len(types) == 1 else None

    def arguments(self, variables: VariableValues, *, hide_suggestions: bool) -> dict[str, Any]:
        """The arguments as the resolver or the batch function takes them; raises GraphQLError."""
        if self._prepared is not None:
            return self._prepared
        values = self._arguments.coerced(variables, hide_suggestions=hide_suggestions)
        if isinstance(self.kind, (Batched, Streamed)) and self.kind.prepare is not None:
            values = self.kind.prepare(values, Place(self.origin.operation, self.nodes, self.key, self.reads))
        if self._arguments.constant and all(isinstance(value, UNCHANGING) for value in values.values()):
            self._prepared = values
        return values

    def below(self) -> "list[Selection]":
        """What is selected of objects of each type that they may have."""
        types = self.origin.schema.get_possible_types(self.named) if is_abstract_type(self.named) else [self.named]
        return [self.selection(type_) for type_ in types]

    def reads(self) -> frozenset[str] | None:
        """The columns that are read of the rows that this field gives, and of what stands in them; None where nobody knows."""
        names: set[str] = set()
        waiting = [self]
        try:
            while waiting:
                for field in (field for selection in waiting.pop().below() for field in selection.fields):
                    read = _read(field.kind)
                    if read is None:
                        return None
                    names |= read
                    if not field.is_leaf and isinstance(field.kind, (Column, Itself)):
                        waiting.append(field)
        except GraphQLError:  # told where it belongs, if an object gets there
            return None
        return frozenset(names)


def _read(kind: Kind | None) -> frozenset[str] | None:
    # What is read of the parents themselves: a `Placed` field reads what they came from.
    if isinstance(kind, Column):
        return frozenset((kind.name,))
    if isinstance(kind, Text):
        return frozenset(kind.columns)
    if isinstance(kind, Itself):
        return frozenset(() if kind.unless_null is None else (kind.unless_null,))
    if isinstance(kind, (Each, Batched)):
        return kind.reads
    return frozenset() if isinstance(kind, Placed) else None


class Selection:
    """What is selected of the objects of one type at one place: `fields` in their order.

    `length` is the length of the path of such an object, `null_at` that of the nearest position at or above it that may be null.
    """

    def __init__(
        self, origin: Origin, type_: GraphQLObjectType, grouped: GroupedFieldSet, length: int, null_at: int
    ) -> None:
        self.type = type_
        self.length = length
        self.null_at = null_at
        self.fields = [
            Field(origin, self, key, details)
            for key, details in grouped.items()
            if origin.schema.get_field(type_, details[0].node.name.value) is not None
        ]
        self._met = 0
        origin.grow(origin, len(self.fields))

    def pays(self, objects: int) -> bool:
        """Whether to compile it for so many objects more. Until then its fields are answered one by one: most documents are never seen again."""
        self._met += A_USE + objects
        return self._met > PAYS

    @cached_property
    def compiled(self) -> Built:
        """The function that builds its objects."""
        return compiled(self.fields)


class Plan:
    """How one operation is answered, for one choice of its `@skip`s and `@include`s. Its selections are made when they are first reached."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._root: Selection | None = None

    def root(self, root_type: GraphQLObjectType) -> Selection:
        """What the operation itself selects."""
        if self._root is None:
            self._root = Selection(self.origin, root_type, self.origin.fields(root_type), 0, 0)
        return self._root


def _grouped(collect: Callable[[], CollectedFields], node: Node) -> GroupedFieldSet:
    try:
        return collect().grouped_field_set
    except RecursionError:
        pass
    # Raised out here: as its context the RecursionError would keep all its frames.
    raise GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, node)


def _null_at(type_: GraphQLOutputType, length: int, null_at: int) -> Iterator[int]:
    while True:
        length += 1
        if is_non_null_type(type_):
            type_ = type_.of_type
        else:
            null_at = length
        yield null_at
        if not is_list_type(type_):
            return
        type_ = type_.of_type


def _classes(type_: GraphQLObjectType) -> tuple[type, ...]:
    classes: tuple[type, ...] = (type_.extensions or {}).get(CLASSES, ())
    return classes


def _is_value(type_: GraphQLObjectType, cls: type) -> bool:
    classes = _classes(type_)
    return cls in classes if classes else type_.is_type_of is None
