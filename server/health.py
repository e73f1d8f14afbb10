"""Whether this process lives, and whether it can answer: for whoever restarts processes and routes requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Healthy = Callable[[], Awaitable[None]]  # returns when the database answered, raises when it does not

SECONDS = 2.0
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

logger = logging.getLogger("chorus.server")


def routes(healthy: Healthy) -> list[Route]:
    """/health answers while the loop turns; /ready is 503 while the database does not answer within two seconds."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=HEADERS)

    async def ready(_: Request) -> Response:
        try:
            async with asyncio.timeout(SECONDS):
                await healthy()
        except Exception as error:  # noqa: BLE001  whatever keeps the database from answering, we are not ready
            logger.warning("not ready: %s", type(error).__name__)
            return JSONResponse({"status": "unavailable"}, status_code=503, headers=HEADERS)
        return JSONResponse({"status": "ok"}, headers=HEADERS)

    return [Route("/health", health), Route("/ready", ready)]
