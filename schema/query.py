"""Query: the ways in."""

import strawberry

import resolvers.node
import resolvers.sound
import resolvers.user
import resolvers.video
from schema.field import batched
from schema.lazy import Sound, User, Video
from schema.node import Node


@strawberry.type
class Query:
    node: Node | None = batched(
        resolvers.node.node, description="Any object by its global id; null where there is none that you may see."
    )
    nodes: list[Node | None] = batched(
        resolvers.node.nodes, description="Up to 100 objects by their ids: same order and length, null for a miss."
    )
    user: User | None = batched(resolvers.user.user)
    sound: Sound | None = batched(resolvers.sound.sound)
    video: Video | None = batched(resolvers.video.video)
