"""The index of types, for modules whose types refer to each other: `from schema.lazy import Sound`."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.community import Community as Community
    from schema.sound import Sound as Sound
    from schema.user import User as User
    from schema.video import Video as Video
    from schema.video import VideoConnection as VideoConnection
else:
    Community = Annotated["Community", strawberry.lazy("schema.community")]
    Sound = Annotated["Sound", strawberry.lazy("schema.sound")]
    User = Annotated["User", strawberry.lazy("schema.user")]
    Video = Annotated["Video", strawberry.lazy("schema.video")]
    VideoConnection = Annotated["VideoConnection", strawberry.lazy("schema.video")]
