"""Niche: what videos are about."""

import strawberry

from db.rows import NicheRow
from resolvers import ids
from schema.field import global_id
from schema.node import Node, rows


@strawberry.type(description="What videos are about: dance, comedy, education and the like.")
class Niche(Node):
    is_type_of = rows(NicheRow)

    id: strawberry.ID = global_id(ids.NICHE)
    name: str
    slug: str = strawberry.field(description="The name as an address has it: a to z, digits and hyphens.")
