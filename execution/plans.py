"""The plans that are kept: one an operation and choice of its conditions, bounded in what they hold."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from graphql import DirectiveNode, DocumentNode, GraphQLSchema, Node, OperationDefinitionNode, SelectionSetNode
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from execution.arguments import variables_in
from execution.plan import Origin, Plan

Key = tuple[int, int, str | None]  # the schema and the document by their ids, the operation by its name


class Plans:
    """The plans of the operations that were used last, within `fields` in all (2 to 3 KB each, with what their documents hold).

    Instances of the classes in `left` are left for whoever writes the response, who writes them as the scalar of their field would.
    """

    def __init__(self, fields: int = 50_000, *, left: frozenset[type] = frozenset()) -> None:
        self._most = fields
        self._left = left
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def find(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
    ) -> Plan | None:
        """The plan of this operation for these variables; None where the document asks for what a plan cannot say."""
        key = (id(schema), id(document), operation.name.value if operation.name else None)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                kept = Kept(schema, document, partial(Origin, schema, operation, fragments, left=self._left))
                self._kept[key] = kept
                self._size += kept.size
            else:
                self._kept.move_to_end(key)
            before = kept.size
            plan = kept.plan(variables, partial(self._grow, key))
            self._size += kept.size - before
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size
            return plan

    def _grow(self, key: Key, origin: Origin, fields: int) -> None:
        # In whatever thread it is reached, and even after it was dropped.
        with self._lock:
            origin.size += fields
            kept = self._kept.get(key)
            if kept is not None and kept.holds(origin):
                kept.size += fields
                self._size += fields


class Kept:
    """The plans of an operation by the values of its conditions. It holds schema and document, so that nobody else gets their ids meanwhile."""

    MOST = 16  # choices of conditions: those that were used last

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, make: Callable[..., Origin]) -> None:
        self._held = schema, document
        self._make = make
        self._plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()
        nodes = list(_selected(document))
        self.size = len(nodes)
        directives: list[DirectiveNode] = [one for node in nodes for one in getattr(node, "directives", None) or ()]
        conditions = [one for one in directives if one.name.value in ("skip", "include")]
        self._names = sorted(
            {name for one in conditions for argument in one.arguments or () for name in variables_in(argument.value)}
        )
        self._plannable = not any(one.name.value in ("defer", "stream") for one in directives) and not any(
            getattr(node, "variable_definitions", None) for node in nodes if node.kind == "fragment_definition"
        )

    def plan(self, variables: VariableValues, grow: Callable[[Origin, int], None]) -> Plan | None:
        """The one for these variables, made where there is none yet."""
        if not self._plannable:
            return None
        values = tuple([variables.coerced.get(name) for name in self._names])
        decided = all(type(value) is bool for value in values)  # where not, the plan is an error
        plan = self._plans.get(values) if decided else None
        if plan is None:
            # Of the variables only what decides, so that a plan keeps nobody's arguments.
            conditions = VariableValues(
                {name: variables.sources[name] for name in self._names if name in variables.sources},
                {name: variables.coerced[name] for name in self._names if name in variables.coerced},
            )
            plan = Plan(self._make(conditions, grow))
            if decided:
                self._plans[values] = plan
                if len(self._plans) > self.MOST:
                    self.size -= self._plans.popitem(last=False)[1].origin.size
        elif self._names:
            self._plans.move_to_end(values)
        return plan

    def holds(self, origin: Origin) -> bool:
        return any(origin is plan.origin for plan in self._plans.values())


def _selected(document: DocumentNode) -> Iterator[Node]:
    # The definitions and all that they select; iterative, because a document may be nested deeper than Python's stack.
    waiting: list[Node] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        yield node
        selected: SelectionSetNode | None = getattr(node, "selection_set", None)
        if selected is not None:
            waiting.extend(selected.selections)
