"""What one statement costs: EXPLAIN ANALYZE of its custom and of its generic plan, with a warm cache."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

RUNS = 3
BIG = 10_000  # rows of a table that nobody should read from end to end
PLANS = ("force_custom_plan", "force_generic_plan")  # a kept statement may get either: the slower one counts
USED = re.compile(r"!\s+([\d.]+) s user, ([\d.]+) s system, [\d.]+ s elapsed")


@dataclass(frozen=True)
class Cost:
    """Milliseconds, rows, and what is remarkable about the plan."""

    ms: float = -1.0
    rows: int = 0
    notes: frozenset[str] = frozenset()


class Meter:
    """Measures on one connection."""

    def __init__(self, connection: asyncpg.Connection, big: set[str], *, superuser: bool) -> None:
        self._connection = connection
        self._big = big
        self._superuser = superuser

    @classmethod
    async def on(cls, connection: asyncpg.Connection) -> "Meter":
        """A meter that knows the big tables of this database, and whether it may ask for processor times."""
        rows = await connection.fetch(
            "select relname from pg_class where relkind in ('r', 'p') and reltuples > $1", BIG
        )
        superuser = await connection.fetchval("select current_setting('is_superuser')")
        return cls(connection, {row["relname"] for row in rows}, superuser=superuser == "on")

    async def cost(self, sql: str, parameters: tuple[Any, ...], bound: float) -> Cost:
        """Of the slower plan: the median of three runs after one that warms the cache.

        Waiting for a processor that others use is no cost of a statement: where it took more than a quarter of the bound, the processor time that Postgres
        reports counts instead, if it is less.
        """
        statement = await self._connection.prepare(sql)
        elapsed = await self._elapsed(statement, parameters)
        if elapsed.ms <= bound / 4 or not self._superuser:
            return elapsed
        used = await self._used(statement, parameters)
        return replace(elapsed, ms=min(used, elapsed.ms))

    async def _elapsed(self, statement: "PreparedStatement[Any]", parameters: tuple[Any, ...]) -> Cost:
        kinds = [f"{kind.schema}.{kind.name}" for kind in statement.get_parameters()]
        literals = ", ".join(f"quote_nullable(${place}::{kind}::text)" for place, kind in enumerate(kinds, 1))
        texts = (await self._connection.fetchrow(f"select {literals}", *parameters) or ()) if kinds else ()
        call = f"{statement.get_name()}({', '.join(texts)})" if kinds else statement.get_name()
        costs = []
        for plan in PLANS:
            await self._connection.execute(f"set plan_cache_mode = {plan}")
            runs = [await self._explained(call) for _ in range(1 + RUNS)][1:]
            root = runs[-1]["Plan"]
            notes = frozenset(_notes(root, self._big))
            costs.append(Cost(median(run["Execution Time"] for run in runs), int(root["Actual Rows"]), notes))
        return max(costs, key=lambda cost: cost.ms)

    async def _explained(self, call: str) -> dict[str, Any]:
        text = await self._connection.fetchval(f"explain (analyze, buffers, format json) execute {call}")
        (plan,) = json.loads(text)
        return plan  # type: ignore[no-any-return]

    async def _used(self, statement: "PreparedStatement[Any]", parameters: tuple[Any, ...]) -> float:
        # Milliseconds of processor time of the executor, which Postgres tells as a message of level LOG.
        told: list[str] = []
        self._connection.add_log_listener(listen := lambda _, message: told.append(message.detail or ""))
        await self._connection.execute("set client_min_messages = log; set log_executor_stats = on")
        slowest = 0.0
        for plan in PLANS:
            await self._connection.execute(f"set plan_cache_mode = {plan}")
            times = []
            for _ in range(1 + RUNS):
                told.clear()
                await statement.fetch(*parameters)
                await asyncio.sleep(0)
                times.append(sum(float(part) for found in USED.findall(" ".join(told)) for part in found) * 1000)
            slowest = max(slowest, median(times[1:]))
        await self._connection.execute("reset log_executor_stats; reset client_min_messages")
        self._connection.remove_log_listener(listen)
        return slowest


def _notes(plan: dict[str, Any], big: set[str]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan.get("Relation Name") in big:
        yield f"reads all of {plan['Relation Name']}"
    if plan.get("Rows Removed by Filter", 0) * plan.get("Actual Loops", 1) > BIG:
        yield f"throws away {plan['Rows Removed by Filter']:.0f} rows of {plan.get('Relation Name', 'a part')}"
    if plan.get("Sort Space Type") == "Disk":
        yield "sorts on disk"
    for part in plan.get("Plans", []):
        yield from _notes(part, big)
