"""Documents: from text to what can be executed, parsed, measured and validated once, and kept within bounds."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from execution import BreadthFirstExecutor
from server import limits
from server.errors import BadText, InvalidDocument, OperationUnclear, SyntaxWrong, TooComplex, Unavailable, of_document

MOST_ERRORS = 20
SHORT = 1_000  # characters: what parses and validates in a few milliseconds does so at once, the rest beside the loop
WAITING = 64
KEPT_TOKENS = 200_000  # of 0.4 KB: at most 80 MB of documents, a thousand of the usual size

ABORTED = "Validation aborted."  # graphql-core's only word for a document beyond what it compares or follows

# Pairs of fields with one response key are compared with each other: 2,000 of them took a second.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 200_000


@dataclass(slots=True, eq=False)
class Operation:
    """One operation of a valid document; one that only introspects needs no database, but time. `executor` is what answered it first."""

    document: DocumentNode
    name: str | None
    kind: OperationType
    only_introspects: bool
    executor: BreadthFirstExecutor | None = None
    # What server/sharing.py knows of it; the variables are those that it uses below the root, once somebody asked.
    selecting: frozenset[str] | None = None
    depends: int = 0  # what of a caller its answers depended on
    shares: bool = True  # whether several may be answered as one
    objects: int = 1  # the most that an answer had


class Document:
    """A valid document and its operations by name."""

    __slots__ = ("operations", "tokens")

    def __init__(self, parsed: DocumentNode, sizes: list[limits.Size]) -> None:
        self.tokens = parsed.token_count
        definitions = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
        self.operations: dict[str | None, Operation] = {}
        for node, size in zip(definitions, sizes, strict=True):
            name = node.name.value if node.name else None
            self.operations[name] = Operation(parsed, name, node.operation, size.only_introspects())

    def operation(self, name: str | None) -> Operation:
        """The operation of this name, or without one the only operation; raises OperationUnclear."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name) if name is not None else None
        if found is not None:
            return found
        if not self.operations:
            raise OperationUnclear("The document has no operation, only fragments.")
        if name is None:
            raise OperationUnclear(f"The document has {len(self.operations)} operations: name one in `operationName`.")
        raise OperationUnclear(f"The document has no operation named {name[:64]!r}.")


class Documents:
    """The documents of one schema, the most recently used ones kept."""

    def __init__(self, schema: GraphQLSchema, allowed: limits.Limits | None = None) -> None:
        self._schema = schema
        self._limits = allowed or limits.Limits()
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
        self._waiting = 0

    async def read(self, text: str) -> Document:
        """The document of this text; raises SyntaxWrong, TooComplex, BadText, InvalidDocument, or Unavailable when too many wait."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        if len(text) > self._limits.characters:
            raise TooComplex(
                f"The document has more than {self._limits.characters} characters; put long values into variables."
            )
        document = self._read(text) if len(text) <= SHORT else await self._read_beside(text)
        self._keep(text, document)
        return document

    async def _read_beside(self, text: str) -> Document:
        # In a thread, so that a document that takes its time takes nobody else's; in one only, so that such documents wait for each other.
        if self._waiting >= WAITING:
            raise Unavailable("Too many new documents arrive at once; try again.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, text)
        finally:
            self._waiting -= 1

    def _read(self, text: str) -> Document:
        kept = self._kept.get(text)  # read while this text waited for the thread
        if kept is not None:
            return kept
        try:
            parsed = parse(text, max_lexical_tokens=self._limits.tokens, max_comments=self._limits.tokens)
        except GraphQLError as error:
            raise SyntaxWrong(errors=[of_document(error, SyntaxWrong.code)]) from None
        sizes = limits.check(parsed, self._limits)
        if "\0" in text or "\\u" in text:
            visit(parsed, _Texts())
        errors = validate(self._schema, parsed, max_errors=MOST_ERRORS)
        if errors and errors[-1].message == ABORTED:
            raise TooComplex("The document selects too much in the same places, or spreads fragments too deep.")
        if errors:
            raise InvalidDocument(errors=[of_document(error, InvalidDocument.code) for error in errors])
        _unchain(parsed)
        return Document(parsed, sizes)

    def _keep(self, text: str, document: Document) -> None:
        if text not in self._kept:
            self._tokens += document.tokens
        self._kept[text] = document
        while self._tokens > KEPT_TOKENS:
            _, dropped = self._kept.popitem(last=False)
            self._tokens -= dropped.tokens


def _unchain(document: DocumentNode) -> None:
    # Each token knows its neighbours, whom only the parser asks for: a circle that would hold a dropped document until a full collection, which is seldom.
    token = document.loc.start_token if document.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


class _Texts(Visitor):
    """Refuses a literal that Postgres cannot store; lone surrogates the parser refuses itself."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if "\0" in node.value:
            error = GraphQLError("A text holds the character U+0000, which no text may hold.", node)
            raise BadText(errors=[of_document(error, BadText.code)])
