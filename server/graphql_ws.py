"""graphql-transport-ws: subscriptions, queries and mutations over one WebSocket, by the protocol's letter and within bounds."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from server.auth import Claims, Tokens
from server.callers import Callers, Revoked
from server.errors import (
    BadText,
    PersistedQueryNotSupported,
    RequestError,
    TooComplex,
    TooManyStreams,
    Unauthorized,
    Unavailable,
    request_error,
)
from server.graphql_http import ContextOf
from server.operation import Operations, written
from server.parameters import Parameters, from_value, read_json
from server.streams import Streams, push_of
from server.ws_operation import Gone, Message, Running

SUBPROTOCOL = "graphql-transport-ws"
LONGEST_ID = 256
LONGEST_REASON = 123  # bytes that a close frame has room for


class Closing(Exception):
    """This socket has to be closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one socket may take, and how many of them, event streams among them, one caller: a token's subject, or an address."""

    init_seconds: float = 10.0
    operations: int = 100
    sockets: int = 20


class GraphQLWs:
    """Takes WebSockets at /graphql."""

    def __init__(
        self,
        operations: Operations,
        tokens: Tokens,
        context: ContextOf,
        streams: Streams,
        *,
        bounds: Bounds | None = None,
        revoked: Revoked | None = None,
    ) -> None:
        self.operations = operations
        self.streams = streams
        self.tokens = tokens
        self.context = context
        self.bounds = bounds or Bounds()
        self.callers = Callers(self.bounds.sockets, revoked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        websocket = WebSocket(scope, receive, send)
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            if SUBPROTOCOL in websocket.scope["subprotocols"]:
                await websocket.accept(SUBPROTOCOL)
                await Socket(self, websocket, receive, send).serve()
            else:
                # Accepted without a subprotocol, because only then the client sees the code.
                await websocket.accept()
                await websocket.close(4406, f"Only the subprotocol {SUBPROTOCOL} is spoken here")


class Socket:
    """One connection: first the handshake, then messages until one side closes."""

    def __init__(self, door: GraphQLWs, websocket: WebSocket, receive: Receive, send: Send) -> None:
        self._door = door
        self.operations = door.operations
        self.streams = door.streams
        self._websocket = websocket
        # What Starlette's layers would see again for each of a thousand listeners.
        self._raw_receive, self._raw_send = receive, send
        self.push = push_of(websocket.scope)
        self._claims: Claims | None = None
        self._holds: asyncio.Timeout | None = None  # messages are taken for as long as the token holds
        self._revoked = False
        self._closing = False
        self._running: dict[str, Running] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Returns when the socket is closed and nothing that ran on it is left."""
        try:
            await self._shake_hands()
            with self._door.callers.room_for(self._websocket, self._claims, self._revoke):
                await self.send({"type": "connection_ack"})
                await self._take_messages()
        except Gone:
            pass
        except Closing as closing:
            await self._close(closing.code, closing.reason)
        except TooManyStreams as error:
            await self._close(4403, str(error))
        except BadText as error:
            await self._close(4400, str(error))
        except Exception as error:  # noqa: BLE001  a mistake of ours must not end in an abnormal closure
            await self._close(4500, request_error(error).errors[0]["message"])
        finally:
            await self._stop()

    async def _shake_hands(self) -> None:
        try:
            async with asyncio.timeout(self._door.bounds.init_seconds):
                message = await self._receive()
                while message["type"] != "connection_init":
                    if message["type"] == "subscribe":
                        raise Closing(4401, "Unauthorized")
                    await self._take(message)
                    message = await self._receive()
                self._claims = await self._read_claims(message.get("payload"))
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None

    async def _read_claims(self, payload: Any) -> Claims | None:
        given = {name.lower(): value for name, value in _object(payload).items()}
        authorization = given.get("authorization") or self._websocket.headers.get("authorization")
        if authorization is not None and not isinstance(authorization, str):
            raise Closing(4400, "`authorization` is a text: Bearer <token>")
        try:
            return await self._door.tokens.claims(authorization)
        except Unauthorized as error:
            raise Closing(4403, str(error)) from None
        except Unavailable as error:
            raise Closing(1013, str(error)) from None

    async def _take_messages(self) -> None:
        seconds = self._claims.expires_at - time.time() if self._claims else None
        try:
            async with asyncio.timeout(0 if self._revoked else seconds) as self._holds:
                while True:
                    try:
                        message = await self._receive()
                    except BadText as error:
                        await self._refuse(error)
                    else:
                        await self._take(message)
                        del message  # which nobody needs while nothing comes
        except TimeoutError:
            why = "was revoked" if self._revoked else "has expired"
            raise Closing(4403, f"The token {why}; connect again with a new one") from None
        finally:
            self._holds = None

    def _revoke(self) -> None:
        self._revoked = True
        if self._holds is not None:
            self._holds.reschedule(asyncio.get_running_loop().time())

    async def _receive(self) -> Message:
        message = await self._raw_receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        try:
            value = read_json((message.get("text") or "").encode())
        except BadText:
            raise
        except RequestError as error:
            raise Closing(4400, str(error)) from None
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise Closing(4400, "A message is an object with a type")
        return value

    async def _refuse(self, error: BadText) -> None:
        # One bad text in one operation is no reason to end the others.
        if not isinstance(error.given, dict) or error.given.get("type") != "subscribe":
            raise Closing(4400, str(error))
        await self.send({"id": _id(error.given), "type": "error", "payload": error.errors})

    async def _take(self, message: Message) -> None:
        match message["type"]:
            case "subscribe":
                await self._subscribe(_id(message), message.get("payload"))
            case "complete":
                running = self._running.pop(_id(message), None)
                if running is not None:
                    self._end(running)
            case "ping":
                payload = _object(message.get("payload"))
                await self.send({"type": "pong", "payload": payload} if payload else {"type": "pong"})
            case "pong":
                _object(message.get("payload"))
            case "connection_init":
                raise Closing(4429, "Too many initialisation requests")
            case unknown:
                raise Closing(4400, f"There is no message of type {unknown[:32]!r}")

    async def _subscribe(self, id: str, payload: Any) -> None:
        if id in self._running:
            raise Closing(4409, f"Subscriber for {id[:64]} already exists")
        try:
            parameters = _parameters(payload)
            self._check_room()
        except (PersistedQueryNotSupported, TooComplex) as error:
            await self.send({"id": id, "type": "error", "payload": error.errors})
            return
        self._running[id] = Running(self, id, parameters)

    def _check_room(self) -> None:
        most = self._door.bounds.operations
        if len(self._running) + len(self._ending) >= most:
            raise TooComplex(f"At most {most} operations may run on one socket.")

    async def context(self) -> Any:
        """What an operation of this socket is answered with."""
        return await self._door.context(self._websocket.scope, self._claims)

    def forget(self, running: "Running") -> None:
        """An operation has come to its end."""
        if self._running.get(running.id) is running:
            del self._running[running.id]

    def _end(self, running: "Running") -> None:
        task = asyncio.create_task(running.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def send(self, message: Message) -> None:
        """Sends a message, or raises Gone."""
        await self.write(written(message))

    async def write(self, *parts: bytes) -> None:
        """Sends a message, in parts, once there is room for it, or raises Gone."""
        if self._closing:
            raise Gone
        try:
            await self._raw_send({"type": "websocket.send", "text": b"".join(parts).decode()})
        except (
            OSError,
            RuntimeError,
        ):  # the latter where the server closed the socket by itself: nobody answers its pings, or it stops
            raise Gone from None

    async def _close(self, code: int, reason: str) -> None:
        self._closing = True
        self._end_all()
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            await self._websocket.close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))

    def _end_all(self) -> None:
        for running in self._running.values():
            self._end(running)
        self._running.clear()

    async def _stop(self) -> None:
        self._end_all()
        if self._ending:
            await asyncio.wait(self._ending)


def _id(message: Message) -> str:
    given = message.get("id")
    if not isinstance(given, str) or not 1 <= len(given) <= LONGEST_ID:
        raise Closing(4400, f"The id of a message is a text of 1 to {LONGEST_ID} characters")
    return given


def _parameters(payload: Any) -> Parameters:
    try:
        return from_value(payload)
    except PersistedQueryNotSupported:
        raise
    except RequestError as error:
        raise Closing(4400, str(error)) from None


def _object(payload: Any) -> dict[str, Any]:
    if payload is not None and not isinstance(payload, dict):
        raise Closing(4400, "The payload of a message is an object or null")
    return payload or {}
