"""Asks Chorus as a client would, and keeps the names of the statements that were sent for the answer."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import strawberry
from strawberry.extensions import ParserCache, ValidationCache

from db.database import Database
from events.cursor import Cursors
from resolvers.context import Context
from schema import build_schema

EXECUTOR = os.environ.get("CHORUS_EXECUTOR", "breadth-first")
SECRET = "a secret of at least thirty-two characters for tests"


@cache
def schema_of(executor: str) -> strawberry.Schema:
    """The schema on this executor; many tests ask the same documents."""
    schema = build_schema(executor)
    schema.extensions = (ParserCache, ValidationCache)
    return schema


@dataclass
class Answer:
    """What came back; `statements` are the names of the queries that ran, sorted."""

    data: Any
    errors: list[dict[str, Any]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


class Api:
    """The schema over one database at a fixed time."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now
        self.cursors = Cursors([SECRET])

    async def ask(
        self, query: str, *, viewer: int | None = None, subject: str | None = None, **variables: Any
    ) -> Answer:
        """The answer; errors are kept, to be looked at."""
        sent: list[str] = []
        self.database.statements = sent
        result = await self.execute(query, variables, viewer=viewer, subject=subject)
        self.database.statements = None
        return Answer(
            result.data,
            [error.formatted | {"original": error.original_error} for error in result.errors or []],
            sorted(sent),
        )

    async def execute(
        self,
        query: str,
        variables: dict[str, Any],
        *,
        viewer: int | None = None,
        subject: str | None = None,
        executor: str = EXECUTOR,
    ) -> Any:
        """The result as this executor gives it."""
        ctx = Context(
            db=self.database,
            cursors=self.cursors,
            now=self.now,
            viewer=viewer,
            subject=subject or (f"test|{viewer}" if viewer else None),
        )
        return await schema_of(executor).execute(query, variable_values=variables, context_value=ctx)

    async def get(self, query: str, *, viewer: int | None = None, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(query, viewer=viewer, **variables)
        assert not answer.errors, answer.errors
        return answer.data

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        """Rows straight from the database, to arrange a test or to compare with."""
        async with self.database.transaction() as tx:
            return await tx.connection.fetch(statement, *args)
