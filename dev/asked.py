"""A database that tells which queries it is asked for, when it is asked, before loads are coalesced."""

from collections.abc import Awaitable, Callable
from typing import Any

from db.database import Database
from db.queries import Query


class AskedDatabase(Database):
    """Calls `asked` with the name of each query, in the context of whoever asks."""

    def __init__(self, dsn: str, asked: Callable[[str], None]) -> None:
        super().__init__(dsn)
        self._asked = asked

    def _bind(self, query: Query) -> Callable[..., Awaitable[Any]]:
        call = super()._bind(query)

        def ask(*args: Any, **reads: Any) -> Awaitable[Any]:
            self._asked(query.name)
            return call(*args, **reads)

        return ask
