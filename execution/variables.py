"""The variables of an operation: their types are found once, and plain values are coerced without looking them up again."""

from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    NonNullTypeNode,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.utilities import coerce_input_value


class Variables:
    """CoerceVariableValues (spec 6.1.2) for one operation. Whatever is missing, nested or wrong goes through graphql-core."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode] | None) -> None:
        self._schema = schema
        self._definitions = definitions or ()
        signatures = [get_variable_signature(schema, definition) for definition in self._definitions]
        self._may_miss = {
            one.variable.name.value
            for one in self._definitions
            if one.default_value is None and not isinstance(one.type, NonNullTypeNode)
        }
        self._signatures = [one for one in signatures if not isinstance(one, GraphQLError)]
        self._plain = len(self._signatures) == len(signatures) and all(
            is_leaf_type(get_named_type(one.type)) for one in self._signatures
        )

    def coerced(self, given: dict[str, Any], *, most_errors: int) -> VariableValues | list[GraphQLError]:
        """The values, or what is wrong with those that were given."""
        plain = self._plainly(given) if self._plain else None
        return plain or get_variable_values(self._schema, self._definitions, given, max_errors=most_errors)

    def _plainly(self, given: dict[str, Any]) -> VariableValues | None:
        sources, coerced = {}, {}
        for signature in self._signatures:
            name = signature.name
            if name not in given:
                if name not in self._may_miss:
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            try:
                value = coerce_input_value(given[name], signature.type)
            except Exception:  # noqa: BLE001  found again, and told as it should be
                return None
            if value is Undefined:
                return None
            sources[name] = VariableValueSource(signature, given[name])
            coerced[name] = value
        return VariableValues(sources, coerced)
