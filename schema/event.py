"""Event: a public fact."""

import strawberry

from resolvers import event
from resolvers.page import Cursor
from schema.field import batched, cursor, edges, itself
from schema.node import Node, tagged
from schema.page import Connection
from schema.update import Update

strawberry.enum(event.EventType, description="What happened.")


@strawberry.type(description="A public fact, as the log has it: what happened to what, and when.")
class Event(Update):
    is_type_of = tagged("Event")

    type: event.EventType
    subject_id: strawberry.ID
    subject: Node | None = batched(
        event.subject, description="As it is now; null where it is gone, or not for you to see."
    )


@strawberry.type(description="An event in a page.")
class EventEdge:
    cursor: Cursor = cursor()
    node: Event | None = itself()


@strawberry.type(description="A page of the log.")
class EventConnection(Connection):
    edges: list[EventEdge] = edges()
