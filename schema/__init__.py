"""What Chorus promises: names, types, nullability, words for clients. Builds the one schema."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.community import Community
from schema.field import column
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.sound import Sound
from schema.user import User
from schema.video import Video


@cache
def build_schema() -> strawberry.Schema:
    """The schema; built once."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Community, Sound, User, Video],
        config=StrawberryConfig(default_resolver=column, scalar_map=SCALARS),
    )
