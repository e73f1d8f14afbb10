"""Inputs reach batch functions as Strawberry would have made them."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)
from strawberry.types.arguments import convert_argument

from schema import build_schema
from schema.inputs import builder

SCHEMA = build_schema()
INPUTS = [kind for kind in SCHEMA._schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]


def example(kind: Any, *, whole: bool) -> Any:
    """A coerced value of this type, with all of its fields or with the required ones."""
    if is_list_type(get_nullable_type(kind)):
        return [example(get_named_type(kind), whole=whole)] * 2
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return {
            name: example(field.type, whole=whole)
            for name, field in named.fields.items()
            if whole or is_required_input_field(field)
        }
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values.values())).value
    return f"a {named.name}"


@pytest.mark.parametrize("kind", INPUTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("whole", [True, False])
def test_an_input_is_built_as_strawberry_converts_it(kind: GraphQLInputObjectType, whole: bool) -> None:
    converter = SCHEMA.schema_converter
    own = kind.extensions["strawberry-definition"].origin
    build = builder(own, converter.config.name_converter.from_field)
    assert build is not None
    value = example(kind, whole=whole)
    assert build(value) == convert_argument(value, own, converter.scalar_registry, converter.config)
    assert build(dict.fromkeys(value)) == convert_argument(
        dict.fromkeys(value), own, converter.scalar_registry, converter.config
    )
