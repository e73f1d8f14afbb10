"""What Chorus promises: names, types, nullability, words for clients. Builds the one schema."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.artist import Artist
from schema.comment import Comment
from schema.community import Community
from schema.field import column
from schema.hashtag import Hashtag
from schema.mutation import Mutation
from schema.niche import Niche
from schema.playlist import Playlist
from schema.query import Query
from schema.release import Release
from schema.scalars import SCALARS
from schema.sound import Sound
from schema.subscription import Subscription
from schema.track import Track
from schema.user import User
from schema.video import Video


@cache
def build_schema() -> strawberry.Schema:
    """The schema; built once."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Artist, Comment, Community, Hashtag, Niche, Playlist, Release, Sound, Track, User, Video],
        config=StrawberryConfig(default_resolver=column, scalar_map=SCALARS),
    )
