"""How plays are recorded: input, payload and what may refuse them."""

from typing import Annotated

import strawberry

from resolvers import play
from schema.errors import IdempotencyRefused, InvalidInput
from schema.node import tagged

strawberry.input(
    play.PlayInput,
    description="A track, a sound or a video that was played: at most 72 hours ago, or 5 minutes ahead of our clock. `eventId` is the client's own name for this play: "
    "what comes again with the same `eventId` and `playedAt` is a duplicate.",
)
strawberry.input(play.RecordPlaysInput, description="1 to 500 plays; they can be sent again as they are.")


@strawberry.type
class RecordPlaysPayload:
    is_type_of = tagged("RecordPlaysPayload")

    accepted: int = strawberry.field(description="Those that are new; they are counted within seconds.")
    duplicates: int
    refused: list[InvalidInput] = strawberry.field(
        description="Those that are not allowed, each with its place in `path`; the others were taken."
    )


RecordPlaysResult = Annotated[
    RecordPlaysPayload | InvalidInput | IdempotencyRefused, strawberry.union("RecordPlaysResult")
]
