"""The kinds of field there are: a column (declare it, nothing more), `batched`, and the four that both executors know by name.

`batched(function)` ties a field to its batch function (resolvers/) and takes the field's arguments from its signature. `declare` tells the executor of
execution/ what each field is. Under graphql-core's executor a batch function runs through a DataLoader, one a request, function and place in the document.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import strawberry
from graphql import FieldNode, GraphQLInterfaceType, GraphQLObjectType, GraphQLScalarType, OperationDefinitionNode
from strawberry import UNSET
from strawberry.dataloader import DataLoader
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

import execution
from resolvers.context import Context, Rows
from resolvers.ids import EitherKind, Kind
from schema.inputs import builder
from schema.node import TYPES_OF_ROWS
from schema.scalars import WRITES

Info = strawberry.Info[Context, None]
DEFINITION = "strawberry-definition"  # the key under which Strawberry keeps its own in what it makes for graphql-core
RESPONSE_KEY = "response_key"  # a parameter of this name is no argument: it is given the field's place in the response
READS = "reads"  # … is given the columns that are read of the rows that it answers with, None where nobody knows
FINDS_AGAIN = "Opaque and global: `node(id:)` finds this object again."


def batched(
    function: Callable[..., Any], *, description: str | None = None, deprecation_reason: str | None = None
) -> Any:
    """A field that is answered for all parents of a level at once: `await function(parents, ctx, **arguments)`."""
    reads: frozenset[str] | None = getattr(function, READS, None)
    return _field(_through_loader(function), execution.Batched(function, reads=reads), description, deprecation_reason)


def batched_edges(function: Callable[..., Any], *, description: str | None = None) -> Any:
    """As `batched`, of a list of edges whose cursors their parent makes."""
    resolve = _through_loader(function)

    async def lend(root: Any, info: Info, **arguments: Any) -> list[Edge]:
        rows = await resolve(root, info, **arguments)
        return [Edge(root, index, row) for index, row in enumerate(rows)]

    lend.__signature__ = resolve.__signature__  # type: ignore[attr-defined]
    lend.__module__ = resolve.__module__
    return _field(lend, execution.Batched(function), description)


def streamed(function: Callable[..., Awaitable[AsyncIterator[Any]]], *, description: str | None = None) -> Any:
    """A field of Subscription whose events are those of the stream `await function(ctx, **arguments)`, after the cursor `after`."""

    def stream(ctx: Context, **arguments: Any) -> Awaitable[AsyncIterator[Any]]:
        if ctx.last_event_id is not None:
            arguments["after"] = ctx.last_event_id
        return function(ctx, **arguments)

    async def resolve(root: None, info: Info, **arguments: Any) -> AsyncIterator[Any]:  # noqa: ARG001
        return await stream(info.context, **{name: one for name, one in arguments.items() if one is not UNSET})

    arguments = [_argument(own) for own in list(inspect.signature(function).parameters.values())[1:]]
    resolve.__signature__ = _signature(arguments)  # type: ignore[attr-defined]
    resolve.__module__ = function.__module__
    return StrawberryField(
        base_resolver=StrawberryResolver(resolve),
        description=description,
        is_subscription=True,
        metadata={execution.KIND: execution.Streamed(stream)},
    )


def global_id(kind: Kind | EitherKind, *, description: str = FINDS_AGAIN) -> Any:
    """The global id of the row."""
    text = execution.Text(f"{kind.prefix}{'_%s' * len(kind.columns)}", kind.columns) if isinstance(kind, Kind) else None
    return _field(lambda root: kind.of(root), text or execution.Each(kind.of), description)


def itself(*, unless_null: str | None = None, description: str | None = None) -> Any:
    """The row itself under another type; null where the column `unless_null` is."""

    def resolve(root: Any) -> Any:
        return None if unless_null is not None and root[unless_null] is None else _row(root)

    return _field(resolve, execution.Itself(unless_null), description)


def edges(column: str = "edges", *, description: str | None = None) -> Any:
    """The edges of a connection, or those in this column."""
    lend = lambda root: [Edge(root, index, row) for index, row in enumerate(root[column])]  # noqa: E731
    return _field(lend, execution.Column(column), description)


def cursor() -> Any:
    """The cursor of an edge, made only because it was asked for."""
    placed = execution.Placed(lambda connection, index, _: connection["cursor"](index))
    return _field(lambda root: root.owner["cursor"](root.index), placed, "Opaque; bound to this list.")


def signed() -> Any:
    """The cursor of an edge whose owner signs the edge itself: it may have several lists of them."""
    placed = execution.Placed(lambda owner, _, edge: owner["sign"](edge))
    return _field(lambda root: root.owner["sign"](root), placed, "Opaque; bound to this list.")


def end_cursor(position: int) -> Any:
    """The cursor of a connection's first (0) or last (-1) edge; null where it has none."""

    def resolve(root: Any) -> str | None:
        return root["cursor"](position % len(root["edges"])) if root["edges"] else None

    return _field(resolve, execution.Each(resolve, reads=frozenset()))


def declare(schema: strawberry.Schema) -> None:
    """Tells the executor of execution/ what each field, each type and each scalar is."""
    converter = schema.schema_converter
    for type_ in schema._schema.type_map.values():  # noqa: SLF001  Strawberry has no public name for the schema of graphql-core
        if isinstance(type_, GraphQLScalarType) and type_.name in WRITES:
            type_.extensions[execution.WRITES] = WRITES[type_.name]
        if isinstance(type_, GraphQLInterfaceType):
            type_.extensions[execution.TYPES] = TYPES_OF_ROWS
        if not isinstance(type_, GraphQLObjectType) or DEFINITION not in type_.extensions:
            continue
        type_.extensions[execution.CLASSES] = getattr(type_.is_type_of, "classes", ())
        for field in type_.fields.values():
            own: StrawberryField = field.extensions[DEFINITION]
            kind = own.metadata.get(execution.KIND) or (
                execution.Column(own.python_name) if own.is_basic_field else None
            )
            if isinstance(kind, (execution.Batched, execution.Streamed)):
                kind = replace(kind, prepare=_preparation(converter, own, kind.function))
            field.extensions[execution.KIND] = kind


def _preparation(converter: Any, field: StrawberryField, function: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    # Leaves come from graphql-core as they are needed; only lists and inputs have to be built.
    name_of = converter.config.name_converter
    names = {name_of.from_argument(one): one.python_name for one in field.arguments}
    builders = {name_of.from_argument(one): builder(one.type, name_of.from_field) for one in field.arguments}
    built = [(name, names[name], build) for name, build in builders.items() if build is not None]
    wants_response_key, wants_reads = _wants(function, RESPONSE_KEY), _wants(function, READS)

    def prepare(given: dict[str, Any], place: execution.Place) -> dict[str, Any]:
        arguments = {names[name]: value for name, value in given.items()}
        for name, own, build in built:
            if given.get(name) is not None:
                arguments[own] = build(given[name])
        if wants_response_key:
            arguments[RESPONSE_KEY] = _response_key(place.operation, place.response_key)
        if wants_reads:
            arguments[READS] = place.reads()
        return arguments

    return prepare


class Edge:
    """An edge is its row; this lends it the way to its cursor, for the executor that visits one object at a time."""

    __slots__ = ("index", "owner", "row")

    def __init__(self, owner: Any, index: int, row: Any) -> None:
        self.owner = owner
        self.index = index
        self.row = row

    def __getitem__(self, column: str) -> Any:
        return self.row[column]


def column(root: Any, name: str) -> Any:
    """The default resolver: a field without a function is the column of its Python name."""
    return root[name]


def _row(root: Any) -> Any:
    return root.row if type(root) is Edge else root


def _field(
    resolve: Callable[..., Any],
    kind: execution.Kind,
    description: str | None = None,
    deprecation_reason: str | None = None,
) -> StrawberryField:
    if not hasattr(resolve, "__signature__"):
        resolve.__signature__ = inspect.Signature([_parameter("root")])  # type: ignore[attr-defined]
    return StrawberryField(
        base_resolver=StrawberryResolver(resolve),
        description=description,
        deprecation_reason=deprecation_reason,
        metadata={execution.KIND: kind},
    )


def _parameter(name: str, annotation: Any = Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def _through_loader(function: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        ctx = info.context
        place = (function, id(info._raw_info.field_nodes[0]))  # noqa: SLF001  Strawberry's Info does not show the node
        loader = ctx.loaders.get(place)
        if loader is None:
            given = {name: value for name, value in arguments.items() if value is not UNSET}
            if wants_response_key:
                given[RESPONSE_KEY] = _response_key(info._raw_info.operation, str(info.path.key))  # noqa: SLF001
            load = partial(_load, function, ctx, given)
            loader = ctx.loaders[place] = DataLoader(load_fn=load, cache=False)
        return loader.load(_row(root))

    own = list(inspect.signature(function).parameters.values())[2:]
    wants_response_key = _wants(function, RESPONSE_KEY)
    arguments = [_argument(parameter) for parameter in own if parameter.name not in (RESPONSE_KEY, READS)]
    resolve.__signature__ = _signature(arguments)  # type: ignore[attr-defined]
    resolve.__module__ = function.__module__
    return resolve


def _signature(arguments: list[inspect.Parameter]) -> inspect.Signature:
    return inspect.Signature([_parameter("root"), _parameter("info", Info), *arguments])


def _argument(own: inspect.Parameter) -> inspect.Parameter:
    # An argument that may be absent has no default in the SDL: `first: Int`, not `first: Int = null`.
    default = UNSET if own.default is None else own.default
    annotation = own.annotation
    if own.name.endswith("_"):  # a keyword of Python: `from_` here, `from` there
        annotation = Annotated[annotation, strawberry.argument(name=own.name.removesuffix("_"))]
    return own.replace(kind=inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _wants(function: Callable[..., Any], parameter: str) -> bool:
    return parameter in inspect.signature(function).parameters


def _response_key(operation: OperationDefinitionNode, key: str) -> str:
    # A fragment at the root may hold several fields.
    first, *others = operation.selection_set.selections
    return key if others or not isinstance(first, FieldNode) else ""


async def _load(function: Callable[..., Any], ctx: Context, arguments: dict[str, Any], parents: Rows) -> Rows:
    answers: Rows = await function(parents, ctx, **arguments)
    return answers
