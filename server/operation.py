"""One way to answer an operation, whichever transport brought it: straight through graphql-core, without Strawberry's extensions."""

import asyncio
from datetime import datetime
from inspect import isawaitable
from typing import Any, cast

import orjson
import strawberry
from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable

from execution import BreadthFirstExecutor
from server.documents import Documents, Operation
from server.errors import BadVariables, TimedOut, of_document, of_execution
from server.limits import Limits
from server.sharing import Coalescer, Sharing

Body = dict[str, Any]  # a response as it is sent: data, errors
MOST_ERRORS = 20


def written(body: Any) -> bytes:
    """JSON. A DateTime is written here, ten times as fast as by its scalar, and the same."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


class Operations:
    """Answers operations over one schema; with `sharing`, queries of one process that ask the same are answered as one."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        limits: Limits | None = None,
        time_limit: float = 10.0,
        sharing: Sharing | None = None,
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001  Strawberry has no public name for the schema of graphql-core
        self._executor: type[Executor[Any]] = schema.execution_context_class
        if issubclass(self._executor, BreadthFirstExecutor):
            self._executor = self._executor.leaving(datetime)
        self._time_limit = time_limit
        self._documents = Documents(self._schema, limits)
        self._coalescer = Coalescer(sharing, self.in_time) if sharing is not None else None

    async def find(self, query: str, operation_name: str | None) -> Operation:
        """The operation to execute; raises RequestError."""
        return (await self._documents.read(query)).operation(operation_name)

    async def answer(self, operation: Operation, variables: dict[str, Any] | None, ctx: Any) -> Body:
        """Executes a query or a mutation; raises RequestError where nothing was executed or time ran out."""
        executor = self.built(operation, variables, ctx)
        if operation.only_introspects:
            # Some 50 ms without a pause: beside the loop.
            return body_of(await asyncio.to_thread(lambda: cast("ExecutionResult", executor.execute_operation())))
        if self._coalescer is not None and operation.executor is not None and operation.kind is OperationType.QUERY:
            result = await self._coalescer.answer(operation, variables or {}, executor)  # type: ignore[arg-type]
            if result is not None:
                return body_of(result)
            executor = self.built(operation, variables, ctx)
        return body_of(await self.in_time(executor.execute_operation()))

    def built(self, operation: Operation, variables: dict[str, Any] | None, ctx: Any) -> Executor[Any]:
        """What executes an operation; raises BadVariables."""
        if operation.executor is not None:
            return _valid(operation.executor.again(ctx, variables or {}, most_errors=MOST_ERRORS))
        executor = self._executor.build(
            self._schema,
            operation.document,
            context_value=ctx,
            raw_variable_values=variables,
            operation_name=operation.name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # annotated as a plain predicate
            max_coercion_errors=MOST_ERRORS,
        )
        valid = _valid(executor)
        if isinstance(valid, BreadthFirstExecutor) and valid.plan() is not None:
            operation.executor = valid.forgotten()
        return valid

    async def in_time(self, result: Any) -> Any:
        """What this comes to; raises TimedOut."""
        if not isawaitable(result):
            return result
        try:
            async with asyncio.timeout(self._time_limit):
                return await result
        except TimeoutError:
            raise TimedOut(f"The operation took longer than {self._time_limit:g} s and was stopped.") from None


def _valid(executor: "Executor[Any] | list[GraphQLError]") -> Executor[Any]:
    if isinstance(executor, list):
        raise BadVariables(errors=[of_document(error, BadVariables.code) for error in executor])
    return executor


def body_of(result: ExecutionResult) -> Body:
    """A response as it is written."""
    if result.errors:
        return {"errors": of_execution(result.errors), "data": result.data}
    return {"data": result.data}
