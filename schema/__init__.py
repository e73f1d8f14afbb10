"""What Chorus promises: names, types, nullability, words for clients. Builds the one schema."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution import BreadthFirstExecutor
from schema.artist import Artist
from schema.comment import Comment
from schema.community import Community
from schema.field import column, declare
from schema.hashtag import Hashtag
from schema.mutation import Mutation
from schema.niche import Niche
from schema.notification import Notification
from schema.playlist import Playlist
from schema.query import Query
from schema.release import Release
from schema.scalars import SCALARS
from schema.sound import Sound
from schema.subscription import Subscription
from schema.track import Track
from schema.user import User
from schema.video import Video


class Executor(BreadthFirstExecutor, StrawberryGraphQLCoreExecutionContext):
    """Breadth first, with what Strawberry's own resolvers expect."""


EXECUTORS = {"breadth-first": Executor, "graphql-core": StrawberryGraphQLCoreExecutionContext}


@cache
def build_schema(executor: str = "breadth-first") -> strawberry.Schema:
    """The schema, built once for each of the two executors."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Artist, Comment, Community, Hashtag, Niche, Notification, Playlist, Release, Sound, Track, User, Video],
        config=StrawberryConfig(default_resolver=column, scalar_map=SCALARS),
        execution_context_class=EXECUTORS[executor],
    )
    declare(schema)
    return schema
