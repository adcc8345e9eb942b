"""The usage log of a transaction of the main database, where usage is kept in another place.

What is appended is durable there before the main transaction commits. Where that one fails, or the process dies in
between, the event stays recorded, and is a duplicate when it is sent again: nothing is lost, and nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from billing_sdk.server.domain.metering import (
    Correction,
    HourOfUsage,
    MeasuredEvent,
    Meter,
    Recorded,
    StoredEvent,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores.protocol import Change, UsageStore


class LogApart:
    """Does each thing in a transaction of the store's own."""

    def __init__(self, store: UsageStore) -> None:
        self._store = store

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:
        """Record events; `UsageLog` says how."""
        with self._store.begin() as log:
            return log.append(events, meters)

    def correct(self, correction: Correction, meters: Collection[Meter]) -> StoredEvent:
        """Cancel or amend an event; `UsageLog` says how."""
        with self._store.begin() as log:
            return log.correct(correction, meters)

    def find(self, source: str, id: str) -> StoredEvent | None:  # noqa: A002 - the attribute's name in CloudEvents
        """Return an event as it stands."""
        with self._store.begin(read_only=True) as log:
            return log.find(source, id)

    def hours(self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return the roll-ups of a meter for every hour that overlaps a window."""
        with self._store.begin(read_only=True) as log:
            return log.hours(meter, window, subjects=subjects)

    def folded(self, meter: Meter, window: Period, subjects: Mapping[str, Period]) -> list[HourOfUsage]:
        """Return the roll-ups of a meter, where those that lie in a window may be put together."""
        with self._store.begin(read_only=True) as log:
            return log.folded(meter, window, subjects)

    def look_ahead(self, meters: Collection[Meter], since: datetime, subjects: Collection[str]) -> None:
        """Do nothing: each question goes to the store by itself."""

    def hours_together(
        self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None
    ) -> list[HourOfUsage] | None:
        """Return the same with all subjects side by side; `UsageLog` says when it can."""
        with self._store.begin(read_only=True) as log:
            return log.hours_together(meter, window, subjects=subjects)

    def before(self, meter: Meter, at: datetime, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return what all hours that ended by an instant come to."""
        with self._store.begin(read_only=True) as log:
            return log.before(meter, at, subjects=subjects)

    def events(
        self,
        window: Period | None = None,
        *,
        types: Collection[str] | None = None,
        subjects: Collection[str] | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[StoredEvent]:
        """Yield events as they stand, in the order of their arrival."""
        with self._store.begin(read_only=True) as log:
            yield from log.events(window, types=types, subjects=subjects, after=after, limit=limit)

    def changes(self, *, after: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """Return what has changed since a place in the order of arrival, and the place that was reached."""
        with self._store.begin(read_only=True) as log:
            return log.changes(after=after, limit=limit)

    def corrected(self) -> Iterator[StoredEvent]:
        """Yield the events that were corrected, in the order of their arrival."""
        with self._store.begin(read_only=True) as log:
            yield from log.corrected()

    def count(self) -> int:
        """Return how many events there are."""
        with self._store.begin(read_only=True) as log:
            return log.count()

    def newest(self) -> int:
        """Return the last place in the order of arrival that was taken."""
        with self._store.begin(read_only=True) as log:
            return log.newest()

    def roll_up_again(self, meter: Meter) -> int:
        """Make the roll-ups of a meter from the events that there are."""
        with self._store.begin() as log:
            return log.roll_up_again(meter)

    def forget(self, subjects: Collection[str], meters: Collection[Meter]) -> int:
        """Take out of the data of subjects' events what no meter reads."""
        with self._store.begin() as log:
            return log.forget(subjects, meters)
