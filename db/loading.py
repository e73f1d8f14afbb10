"""A load: what was asked of the database, which whoever asked may await, go on from or drop."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from db.batch import Batch, Partial, another

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

Listener = Callable[[Any], None]


class Loading(Generic[T]):
    """What was asked of one or more batches. `await` it, or take the `result()` when it is `done()`.

    It is no future: each request waits on a waiter of its own, so that one that is cancelled takes nothing from those who wait for the same batch.
    """

    __slots__ = ("_batches", "_compute", "_listeners", "_value")

    def __init__(self, batches: tuple[Batch, ...], compute: Callable[[], T]) -> None:
        self._batches = batches
        self._compute: Callable[[], T] | None = compute
        self._listeners: list[Listener] = []
        self._value: T

    def done(self) -> bool:
        """True where `result()` has an answer."""
        for batch in self._batches:  # noqa: SIM110  asked several times a load, and a generator costs more than the loop
            if not batch.settled:
                return False
        return True

    def result(self) -> T:
        """The answer, a failed key's exception in its position; raises what went wrong with the statement."""
        if self._compute is not None:
            self._value = self._compute()
            self._compute, self._batches = None, ()  # the rows of others go with the batch
        return self._value

    def exception(self) -> Exception | None:
        """What `result()` raises; None where it has an answer."""
        try:
            self.result()
        except Exception as error:  # noqa: BLE001  whatever it was, it is asked for
            return error
        return None

    def then(self, function: Callable[[T], U | Awaitable[U]]) -> "Loading[U]":
        """What the function makes of this, without a task. That may have to be awaited in its turn: then so has the `result()`."""

        def result() -> Any:
            value: Any = self._whole()
            return then(value, function) if _is_awaitable(value) else function(value)

        return Loading(self._batches, result)

    def joined(self, other: "Loading[U]", function: Callable[[T, U], V | Awaitable[V]]) -> "Loading[V]":
        """What the function makes of this and the other."""

        def result() -> Any:
            value, beside = self._whole(), other._whole()  # noqa: SLF001  its own class
            if _is_awaitable(value) or _is_awaitable(beside):
                return then(_both(value, beside), lambda both: function(*both))
            return function(value, beside)

        return Loading(self._batches + other._batches, result)  # noqa: SLF001

    def add_done_callback(self, listener: Listener) -> None:
        """Calls the listener with this as soon as it is done."""
        if not self._listeners:
            for batch in self._batches:
                if not batch.settled:
                    batch.waiting[self] = None
        self._listeners.append(listener)

    def remove_done_callback(self, listener: Listener) -> None:
        """The listener is not called; where it was the last, nobody waits here any more."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            if not self._listeners:
                self.cancel()

    def cancel(self) -> None:
        """Nobody waits here any more; what others wait for goes on."""
        self._listeners.clear()
        for batch in self._batches:
            batch.waiting.pop(self, None)

    def wake(self) -> None:
        """One of the batches is settled."""
        if self.done():
            listeners, self._listeners = self._listeners, []
            for listener in listeners:
                listener(self)

    def _whole(self) -> T:
        result = self.result()
        if isinstance(result, Partial):
            raise another(next(value for value in result if isinstance(value, Exception)))
        return result

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def wake(_: Any) -> None:
                if not waiter.done():
                    waiter.set_result(None)

            self.add_done_callback(wake)
            try:
                yield from waiter
            finally:
                self.remove_done_callback(wake)
        value: Any = self._whole()
        return (yield from value.__await__()) if _is_awaitable(value) else value  # type: ignore[no-any-return]


def loaded(value: T) -> Loading[T]:
    """What needs no load."""
    return Loading((), lambda: value)


def loading(awaitable: Awaitable[T]) -> Loading[T]:
    """The load that this is, for whoever goes on from it without a task; raises TypeError for anything else that may be awaited."""
    if not isinstance(awaitable, Loading):
        raise TypeError(f"{awaitable!r} is not the load of a batched query")
    return awaitable


def then(awaitable: Awaitable[T], function: Callable[[T], U | Awaitable[U]]) -> Awaitable[U]:
    """What the function makes of what is awaited; without a task where that is a load."""
    return awaitable.then(function) if isinstance(awaitable, Loading) else _then(awaitable, function)


async def _then(awaitable: Awaitable[T], function: Callable[[T], Any]) -> Any:
    value = function(await awaitable)
    return await value if _is_awaitable(value) else value


async def _both(value: Any, beside: Any) -> tuple[Any, Any]:
    return await value if _is_awaitable(value) else value, await beside if _is_awaitable(beside) else beside


def _is_awaitable(value: Any) -> bool:
    return hasattr(value, "__await__")
