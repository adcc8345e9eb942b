"""What every usage store does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from billing_sdk.server.domain.metering import (
    Correction,
    HourOfUsage,
    MeasuredEvent,
    Meter,
    Recorded,
    StoredEvent,
)
from billing_sdk.server.domain.periods import Period


class Change(NamedTuple):
    """That what was used by a subject has changed, for whoever follows.

    Attributes:
        type: of the events.
        since: the earliest instant at which something counts differently.
        source: which system has reported it.
    """

    type: str
    subject: str
    since: datetime
    source: str


class UsageLog(Protocol):
    """Events and their roll-ups, in one transaction."""

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:
        """Record events, each once for ever, and change the roll-ups with them; the answers are in their order.

        An event that is there already, also earlier in the same call, is a duplicate, or a conflict where it says
        something else; neither changes anything.

        Args:
            events: with what meters read in them.
            meters: all that have read anything; an hour in which a total is said has to be counted anew.
        """
        ...

    def correct(self, correction: Correction, meters: Collection[Meter]) -> StoredEvent:
        """Cancel or amend an event, and have the roll-ups say what the events say now.

        Args:
            correction: what is wrong.
            meters: those of the event's type.

        Raises:
            NotFound: there is no such event.
        """
        ...

    def find(self, source: str, id: str) -> StoredEvent | None:  # noqa: A002 - the attribute's name in CloudEvents
        """Return an event as it stands."""
        ...

    def hours(self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return the roll-ups of a meter for every hour (UTC) that overlaps a window, of some subjects or of all."""
        ...

    def folded(self, meter: Meter, window: Period, subjects: Mapping[str, Period]) -> list[HourOfUsage]:
        """Return the roll-ups of a window, of which some may be put together as one of each series.

        Args:
            meter: whose.
            window: those of every hour that overlaps it.
            subjects: of whom, and for each the stretch of time within which hours may be put together.
        """

    def look_ahead(self, meters: Collection[Meter], since: datetime, subjects: Collection[str]) -> None:
        """Read at once what is to be asked of many meters; the transaction appends nothing.

        The answers are those of one query each, as of this moment. A store that has no quicker way does nothing.

        Args:
            meters: whose hours are to be asked for.
            since: from when on.
            subjects: of whom.
        """

    def hours_together(
        self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None
    ) -> list[HourOfUsage] | None:
        """Return the same with all subjects side by side, one bucket for each hour and dimensions, of nobody.

        It is what a sum of everybody's usage takes, and much less than `hours`. None where it can't be told: in one
        of the hours a total is said, which begins anew for its subject alone; or this store has no quicker way.
        """
        ...

    def before(self, meter: Meter, at: datetime, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return what all hours that ended by an instant come to, as one bucket for each series."""
        ...

    def events(
        self,
        window: Period | None = None,
        *,
        types: Collection[str] | None = None,
        subjects: Collection[str] | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[StoredEvent]:
        """Yield events as they stand, in the order of their arrival; the window is about when they count.

        Args:
            window: when they count; any time by default.
            types: of which types.
            subjects: of which subjects.
            after: those that arrived after the one with this number.
            limit: at most so many.
        """
        ...

    def changes(self, *, after: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """Return what has changed since a place in the order of arrival, and the place that was reached.

        Corrections have places of their own in that order, and no change is missed or comes late: what has committed
        after another has a higher place.
        """
        ...

    def corrected(self) -> Iterator[StoredEvent]:
        """Yield the events that were corrected, in the order of their arrival."""
        ...

    def count(self) -> int:
        """Return how many events there are, cancelled ones too."""
        ...

    def newest(self) -> int:
        """Return the last place in the order of arrival that was taken; 0 where nothing has arrived."""
        ...

    def roll_up_again(self, meter: Meter) -> int:
        """Make the roll-ups of a meter from the events that there are, and return how many of them it counts."""
        ...

    def forget(self, subjects: Collection[str], meters: Collection[Meter]) -> int:
        """Take out of the data of subjects' events what no meter reads; what is counted stays. Return how many."""
        ...


class UsageStore(Protocol):
    """A place where usage is kept; safe to share between threads."""

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[UsageLog]:
        """Return one transaction: it is durable at the end of the block, and changes nothing where the block raises.

        Args:
            read_only: it appends nothing, and so waits for nobody.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
