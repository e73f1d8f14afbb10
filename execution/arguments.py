"""The arguments of a field: coerced once where the document says all, and from then on only the variables are put in."""

from enum import Enum
from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode, is_non_null_type
from graphql.execution.values import FragmentVariableValues, VariableValues, coerce_argument, get_argument_values

UNCHANGING = (
    str,
    int,
    float,
    bool,
    type(None),
    Enum,
    frozenset,
)  # what nobody who is given it can change for the others


class Arguments:
    """CoerceArgumentValues (spec 6.4.1) for one field.

    What is not plain, a list or an input object in the document, a required one that is missing, an error, goes through graphql-core each time.
    """

    def __init__(
        self, definition: GraphQLField, node: FieldNode, fragment_variables: FragmentVariableValues | None
    ) -> None:
        self._definition = definition
        self._node = node
        self._fragment_variables = fragment_variables
        self._constants: dict[str, Any] = {}
        self._variables: list[tuple[str, str, bool]] = []  # the argument, the variable, whether it may be null
        self._plain = fragment_variables is None and self._read()

    @property
    def constant(self) -> bool:
        """True where no variable has a say."""
        return self._plain and not self._variables

    def coerced(self, variables: VariableValues, *, hide_suggestions: bool) -> dict[str, Any]:
        """The values by name; raises GraphQLError."""
        if self._plain:
            values, found = dict(self._constants), variables.coerced
            for name, variable, nullable in self._variables:
                value = found.get(variable)
                if value is None and not (nullable and variable in found):
                    break
                values[name] = value
            else:
                return values
        return get_argument_values(self._definition, self._node, variables, self._fragment_variables, hide_suggestions)

    def _read(self) -> bool:
        given = {argument.name.value: argument for argument in self._node.arguments or ()}
        for name, argument in self._definition.args.items():
            node = given.get(name)
            if node is not None and isinstance(node.value, VariableNode):
                nullable = not is_non_null_type(argument.type)
                self._constants[argument.out_name or name] = None  # keeps its place
                self._variables.append((argument.out_name or name, node.value.name.value, nullable))
            elif node is not None and variables_in(node.value):
                return False
            else:
                try:
                    coerce_argument(self._constants, self._node, name, argument, node, None, None)
                except Exception:  # noqa: BLE001  met again each time, and told at its place
                    return False
        return all(isinstance(value, UNCHANGING) for value in self._constants.values())


def variables_in(literal: Any) -> list[str]:
    """The names of the variables in a literal."""
    names, waiting = [], [literal]
    while waiting:
        node = waiting.pop()
        if isinstance(node, VariableNode):
            names.append(node.name.value)
        waiting.extend(getattr(node, "values", ()))
        waiting.extend(field.value for field in getattr(node, "fields", ()))
    return names
