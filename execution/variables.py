"""The variables of an operation: their types are found once, and values are coerced without looking them up again."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema, NonNullTypeNode, Undefined, VariableDefinitionNode
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

from execution.coercion import coercer


class Variables:
    """CoerceVariableValues (spec 6.1.2) for one operation. Whatever is missing or wrong goes through graphql-core."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode] | None) -> None:
        self._schema = schema
        self._definitions = definitions or ()
        signatures = [get_variable_signature(schema, definition) for definition in self._definitions]
        self._may_miss = {
            one.variable.name.value
            for one in self._definitions
            if one.default_value is None and not isinstance(one.type, NonNullTypeNode)
        }
        coercers = [(one, coercer(one.type)) for one in signatures if not isinstance(one, GraphQLError)]
        self._coercers = [(one, coerce) for one, coerce in coercers if coerce is not None]
        self._plain = len(self._coercers) == len(signatures)

    def coerced(self, given: dict[str, Any], *, most_errors: int) -> VariableValues | list[GraphQLError]:
        """The values, or what is wrong with those that were given."""
        plain = self._plainly(given) if self._plain else None
        return plain or get_variable_values(self._schema, self._definitions, given, max_errors=most_errors)

    def _plainly(self, given: dict[str, Any]) -> VariableValues | None:
        sources, coerced = {}, {}
        for signature, coerce in self._coercers:
            name = signature.name
            if name not in given:
                if name not in self._may_miss:
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            try:
                value = coerce(given[name])
            except Exception:  # noqa: BLE001  found again, and told as it should be
                return None
            if value is Undefined:
                return None
            sources[name] = VariableValueSource(signature, given[name])
            coerced[name] = value
        return VariableValues(sources, coerced)
