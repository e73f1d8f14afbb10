"""The executor: graphql-core's contract over a plan, so that any schema runs breadth first."""

from collections.abc import Awaitable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationType, located_error
from graphql.execution import ExecutionResult, Executor, MiddlewareManager, create_source_event_stream
from graphql.execution.executor import CollectedErrors
from graphql.execution.incremental import IncrementalExecutor
from graphql.execution.values import VariableValues
from graphql.type.definition import GraphQLResolveInfoHelpers

from execution.kinds import Streamed
from execution.plan import Field, Plan
from execution.plans import Plans
from execution.run import Apart, Run
from execution.variables import Variables


class BreadthFirstExecutor(IncrementalExecutor):
    """For `execute(…, executor_class=BreadthFirstExecutor)`.

    What a plan cannot say goes to graphql-core's own executor, object by object: `@defer` and `@stream`, arguments of fragments, middleware, abort signals.
    """

    plans: ClassVar[Plans] = Plans()
    handed_over: ClassVar[int] = 0  # operations that graphql-core's executor answered

    document: DocumentNode | None = None
    objects: int = 0  # that were built, once it is done

    @classmethod
    def build(
        cls, schema: GraphQLSchema, document: DocumentNode, *args: Any, **kwargs: Any
    ) -> list[GraphQLError] | Executor[Any]:
        """As graphql-core's; the executor knows its document, by which its plan is kept."""
        executor = super().build(schema, document, *args, **kwargs)
        if isinstance(executor, BreadthFirstExecutor):
            executor.document = document
        return executor

    @classmethod
    def leaving(cls, *classes: type) -> "type[BreadthFirstExecutor]":
        """This executor for one who writes responses and knows how: instances of these classes are left to him, where their scalar would write them as he does."""
        return type(cls.__name__, (cls,), {"plans": Plans(left=frozenset(classes))})

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """What resolvers find in their `info`, made anew for each: kept, it would hold the executor in a circle, which only the collector ends."""
        return GraphQLResolveInfoHelpers(self.gather_async_work, self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, _: GraphQLResolveInfoHelpers) -> None:
        pass

    def again(
        self, context_value: Any, given: dict[str, Any], *, most_errors: int
    ) -> "list[GraphQLError] | BreadthFirstExecutor":
        """The same operation for another request; or what is wrong with its variables."""
        values = self.variables.coerced(given, most_errors=most_errors)
        if isinstance(values, list):
            return values
        return self._with(
            context_value=context_value,
            variable_values=values,
            collected_errors=CollectedErrors(),
            pending_incremental_futures=set(),
            background_futures=set(),
        )

    def forgotten(self) -> "BreadthFirstExecutor":
        """This operation without its request, to be kept for the next."""
        return self._with(
            context_value=None,
            root_value=None,
            variable_values=VariableValues({}, {}),
            collected_errors=CollectedErrors(),
        )

    def _with(self, **changed: Any) -> "BreadthFirstExecutor":
        executor: BreadthFirstExecutor = object.__new__(type(self))
        executor.__dict__.update(self.__dict__, **changed)
        return executor

    @cached_property
    def variables(self) -> Variables:
        """How this operation's variables are coerced."""
        return Variables(self.schema, self.operation.variable_definitions)

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001  graphql-core's signature
        """The result, or an awaitable of it if anything in the operation was awaitable."""
        plan = self.plan()
        root_type = self.schema.get_root_type(self.operation.operation)
        if plan is None or root_type is None:
            BreadthFirstExecutor.handed_over += 1
            return super().execute_operation(serially)
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        try:
            run = Run(self, plan, root_type, serially=serially)
        except GraphQLError as error:  # of the operation's own selections: their conditions, or too deep
            return self._nothing(error)
        results = run.results()
        return results[0] if isinstance(results, list) else _first(results)

    def execute_together(
        self, several: "Sequence[BreadthFirstExecutor]"
    ) -> list[ExecutionResult] | Awaitable[list[ExecutionResult]]:
        """Answers the same query of several requests as one, below the root in this executor's context: each field once for the objects of all.

        They may differ in context and in the variables that stand in the arguments of fields at the root. Raises Apart, then or when it is awaited, where it
        takes `info` to resolve a field, and what executing one of them raises.
        """
        plan = self.plan()
        root_type = self.schema.get_root_type(self.operation.operation)
        if plan is None or root_type is None:
            raise Apart
        return Run(self, plan, root_type, several=several).results()

    def in_context(self, context_value: Any) -> "BreadthFirstExecutor":
        """This operation, in another context."""
        return self._with(context_value=context_value, collected_errors=CollectedErrors())

    def source(self) -> Any:
        """As graphql-core's `create_source_event_stream`; where the field is `Streamed`, what the plan knows of it is found out once for all who subscribe."""
        plan, root_type = self.plan(), self.schema.subscription_type
        field = plan.root(root_type).fields[0] if plan is not None and root_type is not None else None
        if field is None or not isinstance(field.kind, Streamed):
            return create_source_event_stream(self)
        return self._stream(field, field.kind)

    async def _stream(self, field: Field, kind: Streamed) -> Any:
        try:
            arguments = field.arguments(self.variable_values, hide_suggestions=self.hide_suggestions)
            return await kind.function(self.context_value, **arguments)
        except Exception as error:  # noqa: BLE001  whatever it was, it is the error of the subscription
            return ExecutionResult(None, errors=[located_error(error, field.nodes, [field.key])])

    def plan(self) -> Plan | None:
        """How this operation is answered; None where graphql-core's executor answers it."""
        manager = self.middleware_manager
        wrapped = manager is not None and (type(manager) is not MiddlewareManager or manager.middlewares)
        if self.document is None or wrapped or self.abort_signal is not None:
            return None
        return self.plans.find(self.schema, self.document, self.operation, self.fragments, self.variable_values)

    def _nothing(self, error: GraphQLError) -> Any:
        self.collected_errors.errors.append(error)
        return self.build_response(None)


async def _first(results: Awaitable[list[ExecutionResult]]) -> ExecutionResult:
    return (await results)[0]
