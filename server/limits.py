"""How large an operation is, measured in one walk: each fragment once, then multiplied by how often it is spread."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from server.errors import TooComplex

INTROSPECTION = {"__schema": 10, "__type": 1}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may ask. A spread fragment counts as often as it is spread."""

    characters: int = 100_000
    tokens: int = 5_000
    depth: int = 20
    root_fields: int = 50
    fields: int = 5_000
    aliases: int = 200
    directives: int = 200
    introspection: int = 10


@dataclass(slots=True)
class Size:
    """The size of a definition.

    `depth` counts the levels of fields; `introspection` is 1 for a `__type` and 10 for the `__schema`, which is some 50 ms of work; an alias in there
    would repeat it, and makes it 11 more.
    """

    depth: int = 0
    root_fields: int = 0
    root_meta_fields: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspection: int = 0
    spreads: list[tuple[str, int]] = field(default_factory=list)  # name, and the level it is spread at

    def add(self, fragment: "Size", level: int) -> None:
        """Counts a fragment that is spread at this level."""
        self.depth = max(self.depth, level + fragment.depth)
        self.root_fields += fragment.root_fields if level == 0 else 0
        self.root_meta_fields += fragment.root_meta_fields if level == 0 else 0
        self.fields += fragment.fields
        self.aliases += fragment.aliases
        self.directives += fragment.directives
        self.introspection += fragment.introspection

    def only_introspects(self) -> bool:
        """True where nothing is asked but what the schema is."""
        return self.introspection > 0 and self.root_fields == self.root_meta_fields


def check(document: DocumentNode, limits: Limits) -> list[Size]:
    """The sizes of the document's operations; raises TooComplex where one is beyond a limit. Linear in the document, whatever its fragments do."""
    fragments: dict[str, Size] = {}
    operations: list[Size] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = _own_size(definition)
        elif isinstance(definition, OperationDefinitionNode):
            operations.append(_own_size(definition))
    for name in _inner_first(fragments):
        _complete(fragments[name], fragments)
    for operation in operations:
        _complete(operation, fragments)
        _compare(operation, limits)
    return operations


def _compare(size: Size, limits: Limits) -> None:
    for name, message in (
        ("depth", "The operation is nested deeper than {} levels."),
        ("root_fields", "The operation selects more than {} fields at its root."),
        ("fields", "The operation selects more than {} fields, a fragment counted as often as it is spread."),
        ("aliases", "The operation has more than {} aliases, a fragment counted as often as it is spread."),
        ("directives", "The operation has more than {} directives, a fragment counted as often as it is spread."),
        (
            "introspection",
            "An operation may introspect the `__schema` once or {} times a `__type`, without aliases inside.",
        ),
    ):
        limit = getattr(limits, name)
        if getattr(size, name) > limit:
            raise TooComplex(message.format(limit))


def _own_size(definition: OperationDefinitionNode | FragmentDefinitionNode) -> Size:
    size = Size(directives=len(definition.directives or ()))
    is_meta = isinstance(definition, FragmentDefinitionNode) and definition.type_condition.name.value.startswith("__")
    levels: list[tuple[SelectionSetNode, int, bool]] = [(definition.selection_set, 0, is_meta)]
    while levels:
        selections, level, meta = levels.pop()
        for selection in selections.selections:
            size.directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                size.spreads.append((selection.name.value, level))
                continue
            inner, inner_meta = level, meta
            if isinstance(selection, FieldNode):
                _count(size, selection, level)
                size.introspection += 11 if meta and selection.alias is not None else 0
                inner, inner_meta = level + 1, meta or selection.name.value in INTROSPECTION
            nested: SelectionSetNode | None = selection.selection_set  # type: ignore[attr-defined]
            if nested is not None:
                levels.append((nested, inner, inner_meta))
    return size


def _count(size: Size, selection: FieldNode, level: int) -> None:
    name = selection.name.value
    size.depth = max(size.depth, level + 1)
    size.fields += 1
    size.root_fields += level == 0
    size.root_meta_fields += level == 0 and name.startswith("__")
    size.aliases += selection.alias is not None
    size.introspection += INTROSPECTION.get(name, 0)


def _complete(size: Size, fragments: dict[str, Size]) -> None:
    for name, level in size.spreads:
        fragment = fragments.get(name)
        if fragment is not None:
            size.add(fragment, level)


def _inner_first(fragments: dict[str, Size]) -> Iterator[str]:
    # Each fragment after those that it spreads. A spread that closes a cycle is left to validation, which refuses it by name.
    seen: set[str] = set()
    for root in fragments:
        path = [] if root in seen else [(root, iter(fragments[root].spreads))]
        seen.add(root)
        while path:
            name, spreads = path[-1]
            inner = next((spread for spread, _ in spreads if spread in fragments and spread not in seen), None)
            if inner is None:
                path.pop()
                yield name
            else:
                seen.add(inner)
                path.append((inner, iter(fragments[inner].spreads)))
