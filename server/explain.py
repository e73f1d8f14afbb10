"""How a query is answered: its plan, and the statements that each of its fields sent when it was run."""

from typing import Any

from graphql import GraphQLObjectType, OperationType

from execution import BreadthFirstExecutor
from execution.explain import describe, watched
from server.errors import OperationUnclear
from server.operation import Operations
from server.parameters import from_value, read_json

Sent = dict[str, list[str]]  # the names of statements, by the path of the field that was `asking`


async def explain(operations: Operations, text: str, variables: str, ctx: Any, sent: Sent) -> list[str]:
    """The lines of a query's plan, for variables as JSON; `sent` is filled while it runs. Raises RequestError."""
    asked = from_value({"query": text, "variables": read_json(variables.encode())})
    operation = await operations.find(asked.query, None)
    executor = operations.built(operation, asked.variables, ctx)
    plan = executor.plan() if isinstance(executor, BreadthFirstExecutor) else None
    root_type: GraphQLObjectType | None = executor.schema.query_type
    if operation.kind is not OperationType.QUERY or plan is None or root_type is None:
        raise OperationUnclear("Only a query is explained, and only by our own executor: it is run for that.")
    with watched(plan, root_type):
        body = await operations.answer(operation, asked.variables, ctx)
    return [*describe(plan, root_type, sent), *(f"error: {error['message']}" for error in body.get("errors", ()))]
