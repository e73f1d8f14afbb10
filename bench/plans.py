"""What a new document costs Chorus beside parsing and validating it: measured in this process, without HTTP, one after the other."""

import asyncio
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

from graphql import parse, validate

from bench.queries import QUERIES, Keys
from db.database import Database
from events.cursor import Cursors
from resolvers.context import Context
from schema import build_schema
from server.operation import Operations

TIMES = 30
KEY = "a key that signs nothing that lasts"


async def plan_times(dsn: str, keys: Keys) -> dict[str, dict[str, float]]:
    """By query, CPU microseconds: to parse, to validate, to answer for the first and for the second time, and the difference of the two: to plan."""
    database, operations = Database(dsn), Operations(build_schema())
    try:
        found = {}
        for name, query in QUERIES.items():
            variables = query.variables(keys)[0]
            times = [
                await _once(
                    operations, database, query.document.replace("id title", f"id title a{n}: title", 1), variables
                )
                for n in range(TIMES)
            ]
            found[name] = {what: median(each[what] for each in times) for what in times[0]}
        return found
    finally:
        await database.close()


async def _once(operations: Operations, database: Database, text: str, variables: dict[str, Any]) -> dict[str, float]:
    schema = build_schema()._schema  # noqa: SLF001  Strawberry has no public name for the schema of graphql-core
    started = time.process_time()
    document = parse(text)
    parsed = time.process_time()
    assert not validate(schema, document)
    valid = time.process_time()
    operation = await operations.find(text, None)
    answered = [time.process_time()]
    for _ in range(3):
        ctx = Context(db=database, cursors=Cursors([KEY]), now=datetime.now(UTC))
        answer = await operations.answer(operation, variables, ctx)
        assert "errors" not in answer
        answered.append(time.process_time())
    first, second = answered[1] - answered[0], min(answered[2] - answered[1], answered[3] - answered[2])
    spans = {"parse": parsed - started, "validate": valid - parsed, "first answer": first, "next answer": second}
    return {what: 1e6 * span for what, span in (spans | {"plan": first - second}).items()}


def measure_plans(dsn: str, keys: Keys) -> dict[str, dict[str, float]]:
    """The same, for whoever has no loop."""
    return asyncio.run(plan_times(dsn, keys))
