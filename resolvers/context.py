"""What a request is answered with: the database, who asks, and what time it is."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from db.database import Database
from db.loading import Loading, loaded, loading
from events.chart_stream import ChartWatch
from events.cursor import Cursors
from events.fact_stream import LogWatch
from resolvers.errors import NoProfile, Unauthenticated
from trending.demand import Demand

# Rows, or the tagged dicts that stand in for them. A batch function that needs nothing but one load returns the load's awaitable itself.
Rows = list[Any]
Reads = frozenset[str] | None  # the columns that are read of rows; None where nobody knows
Function = TypeVar("Function", bound=Callable[..., Any])


def reads(*columns: str) -> Callable[[Function], Function]:
    """Says which columns a batch function reads of its parents; of those that do not say, the parents' rows are loaded whole."""

    def say(function: Function) -> Function:
        function.reads = frozenset(columns)  # type: ignore[attr-defined]
        return function

    return say


@dataclass(slots=True)
class Context:
    """One an operation. `subject` is the token's, `viewer` the user it belongs to; `now` is the only clock of a read."""

    db: Database
    cursors: Cursors
    now: datetime
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # for streams, which outlive the moment
    charts: ChartWatch | None = None
    facts: LogWatch | None = None
    demand: Demand = field(default_factory=Demand)
    subject: str | None = None
    viewer: int | None = None
    idempotency_key: str | None = None
    last_event_id: str | None = None  # the cursor that a stream goes on from, if the transport has a place for it
    site: Callable[[], str] = lambda: "http://127.0.0.1:8000"  # where people open what was passed on to them
    loaders: dict[Hashable, Any] = field(default_factory=dict)
    _hidden: Loading[frozenset[int]] | None = None

    def forget_hidden(self) -> None:
        """Whom the viewer blocked has just changed."""
        self._hidden = None

    def signed_in(self) -> int:
        """The viewer's user id; raises Unauthenticated or NoProfile where there is none."""
        if self.subject is None:
            raise Unauthenticated
        if self.viewer is None:
            raise NoProfile
        return self.viewer

    def share_url(self, *place: object) -> str:
        """The address to pass something on by: `share_url("track", 12)`."""
        return "/".join((self.site(), *map(str, place)))

    async def sign_in(self, subject: str) -> datetime | None:
        """Lets the bearer of this subject's token ask; returns until when such tokens were revoked, if they were."""
        self.subject = subject
        (row,) = await self.db.viewer_by_subject([subject])
        if row is None:
            return None
        self.viewer = row["user_id"]
        self._hidden = loaded(frozenset(row["hidden_ids"]))
        return row["revoked_at"]  # type: ignore[no-any-return]

    def hidden(self) -> Loading[frozenset[int]]:
        """The users who are hidden from this viewer, and to whom the viewer is: one load a request at most."""
        if self._hidden is None:
            self._hidden = loaded(frozenset()) if self.viewer is None else self._load_hidden(self.viewer)
        return self._hidden

    def _load_hidden(self, viewer: int) -> Loading[frozenset[int]]:
        return loading(self.db.hidden_by_user([viewer])).then(
            lambda lists: frozenset(row["hidden_id"] for row in lists[0])
        )
