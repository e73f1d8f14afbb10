"""One operation on a WebSocket, from the client's `subscribe` to the `complete` of either side."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol

from graphql import OperationType

from server.errors import request_error
from server.operation import Operations, written
from server.parameters import Parameters
from server.streams import Push, Streams, Subscription

Message = dict[str, Any]


class Gone(Exception):
    """The client is not there any more."""


class Speaker(Protocol):
    """What an operation needs of its socket."""

    operations: Operations
    streams: Streams
    push: Push

    async def context(self) -> Any:
        """What the operation is answered with."""

    async def send(self, message: Message) -> None:
        """Sends a message, or raises Gone."""

    async def write(self, *parts: bytes) -> None:
        """Sends a message, in parts, once there is room for it, or raises Gone."""

    def forget(self, running: "Running") -> None:
        """This operation has come to its end."""


class Running:
    """One operation on a socket, and the outlet of its subscription. It has a task for as long as something has to be waited for."""

    __slots__ = ("_head", "_over", "_push", "_socket", "_subscription", "_task", "id")

    def __init__(self, socket: Speaker, id: str, parameters: Parameters) -> None:
        self.id = id
        self._socket = socket
        self._head = b'{"id":%b,"type":"next","payload":' % written(id)
        self._push = socket.push
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._begin(parameters)

    def push(self, payload: bytes, cursor: str | None) -> bool:  # noqa: ARG002  there is no place for it here
        """Sends a response event now, if there is room for it."""
        return not self._over and self._push(self._head, payload, b"}")

    async def send(self, payload: bytes, cursor: str | None) -> None:  # noqa: ARG002
        """Sends a response event."""
        if not self._over:
            await self._socket.write(self._head, payload, b"}")

    def end(self) -> Coroutine[Any, Any, None]:
        """Nothing more is said of it from now on; what is returned closes its source."""
        self._over = True
        if self._task is not None:
            self._task.cancel()  # at once: a source that never waits would not let anybody do it later
        return self._ended()

    async def _ended(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._close()

    def _begin(self, parameters: Parameters | None) -> None:
        self._task = asyncio.create_task(self._run(parameters))
        self._task.add_done_callback(self._rest)

    def _proceed(self) -> None:
        if not self._over:
            self._begin(None)

    def _rest(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None

    async def _run(self, parameters: Parameters | None) -> None:
        with suppress(Gone):
            last = await self._last_message(parameters)
            if last is not None and not self._over:
                self._over = True
                # First, so that the client may use the id again as soon as it reads of the end.
                self._socket.forget(self)
                await self._socket.send(last)

    async def _last_message(self, parameters: Parameters | None) -> Message | None:
        # None where there is more to come.
        try:
            if parameters is not None:
                await self._answer(parameters)
            if self._subscription is not None and not await self._subscription.proceed(self._proceed):
                return None
            await self._close()
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001  whatever it was, the client hears of its end
            await self._close()
            return {"id": self.id, "type": "error", "payload": request_error(error).errors}
        return {"id": self.id, "type": "complete"}

    async def _answer(self, parameters: Parameters) -> None:
        socket = self._socket
        operation = await socket.operations.find(parameters.query, parameters.operation_name)
        ctx = await socket.context()
        if operation.kind is OperationType.SUBSCRIPTION:
            self._subscription = await socket.streams.subscribe(operation, parameters.variables, ctx, self)
        else:
            await self.send(written(await socket.operations.answer(operation, parameters.variables, ctx)), None)

    async def _close(self) -> None:
        if self._subscription is not None:
            await self._subscription.aclose()
            self._subscription = None  # whose outlet we are
