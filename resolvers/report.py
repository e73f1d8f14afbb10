"""Reports: what somebody thinks should not be here."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from db.database import Transaction
from events import outbox
from resolvers import ids, node
from resolvers.context import Context, Rows
from resolvers.errors import not_found
from resolvers.ids import Id
from resolvers.write import ResponseKey, author, fact, text


class ReportReason(Enum):
    SPAM = "SPAM"
    COPYRIGHT = "COPYRIGHT"
    HARASSMENT = "HARASSMENT"
    DANGEROUS = "DANGEROUS"
    OTHER = "OTHER"


@dataclass
class ReportInput:
    subject_id: Id
    reason: ReportReason
    details: str | None
    idempotency_key: str | None


async def report(_: Rows, ctx: Context, input: ReportInput, response_key: ResponseKey) -> Rows:
    kind, key = ids.one_of(input.subject_id, node.FIND)

    async def write(tx: Transaction) -> dict[str, Any]:
        reporter = (await author(tx, ctx))["id"]
        details = text(input.details or "", ["input", "details"], most=2000)
        if await node.found(ctx, kind, key) is None:
            raise not_found("subjectId")
        made = await tx.insert_report(reporter, input.subject_id, input.reason.value, details, ctx.now)
        await outbox.publish(tx, "REPORTED", ctx.now, {"user_id": reporter, "report_id": made["id"]})
        return {"__typename": "ReportPayload", "report_id": ids.REPORT.of(made)}

    return [await fact(ctx, "report", input, response_key, write)]
