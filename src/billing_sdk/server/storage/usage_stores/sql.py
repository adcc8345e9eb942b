"""The usage log in SQL: on SQLite and PostgreSQL, in whatever transaction its connection is in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from secrets import randbits
from typing import Any

from sqlalchemy import Connection

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.metering import (
    Correction,
    HourOfUsage,
    MeasuredEvent,
    Meter,
    Recorded,
    StoredEvent,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores.appending import Appending
from billing_sdk.server.storage.usage_stores.folding import FOLDED, Ahead, folded, read_ahead
from billing_sdk.server.storage.usage_stores.names import Names
from billing_sdk.server.storage.usage_stores.postgres_append import PostgresWriter
from billing_sdk.server.storage.usage_stores.protocol import Change
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recalled import Known
from billing_sdk.server.storage.usage_stores.recounting import Recounting
from billing_sdk.server.storage.usage_stores.sqlite_append import SqliteWriter
from billing_sdk.server.storage.usage_stores.writer import Writer


class SqlUsageLog:
    """Usage in the transaction of a connection.

    Whoever appends is alone until the transaction ends, so what else has to be locked is locked before.
    """

    def __init__(self, connection: Connection, known: Known | None = None) -> None:
        known = known or Known()
        self._connection = connection
        self._known = known
        self._names = Names(connection, known.names)
        self._reading = Reading(connection, self._names)
        self._ahead: list[Ahead] = []
        self._changes: dict[tuple[int, int], tuple[tuple[Change, ...], int]] = {}

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:
        """Record events, each once for ever, and change the roll-ups with them."""
        if not events:
            return []
        recalled = self._known.hours
        return Appending(self._writer(), self._names, self._reading, self._recounting(), recalled).append(
            events, meters
        )

    def correct(self, correction: Correction, meters: Collection[Meter]) -> StoredEvent:
        """Cancel or amend an event, and count its hour anew.

        Raises:
            NotFound: there is no such event.
        """
        number = self._writer().take_places(1, randbits(63)).first
        found = self._reading.find(correction.source, correction.id)
        if found is None:
            raise NotFound(f"there is no event {correction.id} of {correction.source}")
        return self._recounting().correct(found, correction, number, meters)

    def find(self, source: str, id: str) -> StoredEvent | None:  # noqa: A002 - the attribute's name in CloudEvents
        """Return an event as it stands."""
        return self._reading.find(source, id)

    def hours(self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return the roll-ups of a meter for every hour that overlaps a window."""
        return self._reading.hours(meter, window, subjects)

    def folded(self, meter: Meter, window: Period, subjects: Mapping[str, Period]) -> list[HourOfUsage]:
        """Return the roll-ups of a meter, those that lie in a subject's stretch of time as one of each series."""
        if meter.aggregation in FOLDED:
            ahead = next((one for one in self._ahead if one.covers(meter, window, subjects)), None)
            return folded(self._connection, self._names, meter, window, subjects, ahead)
        return self.hours(meter, window, subjects=subjects)

    def look_ahead(self, meters: Collection[Meter], since: datetime, subjects: Collection[str]) -> None:
        """Read at once what is to be asked from an instant on, of meters that add up or count."""
        added = [meter for meter in meters if meter.aggregation in FOLDED]
        self._ahead.append(read_ahead(self._connection, self._names, added, since, subjects))

    def hours_together(
        self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None
    ) -> list[HourOfUsage] | None:
        """Return the same with all subjects side by side; `UsageLog` says when it can."""
        return self._reading.hours_together(meter, window, subjects)

    def before(self, meter: Meter, at: datetime, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return what all hours that ended by an instant come to."""
        return self._reading.before(meter, at, subjects)

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
        return self._reading.events(window, types, subjects, after, limit)

    def changes(self, *, after: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """Return what has changed since a place in the order of arrival, and the place that was reached."""
        if not self._ahead:
            return self._reading.changes(after, limit)
        if (after, limit) not in self._changes:
            self._changes[after, limit] = self._reading.changes(after, limit)
        return self._changes[after, limit]

    def corrected(self) -> Iterator[StoredEvent]:
        """Yield the events that were corrected, in the order of their arrival."""
        return self._reading.corrected()

    def count(self) -> int:
        """Return how many events there are."""
        return self._reading.count()

    def newest(self) -> int:
        """Return the last place in the order of arrival that was taken."""
        return self._reading.newest()

    def roll_up_again(self, meter: Meter) -> int:
        """Make the roll-ups of a meter from the events that there are."""
        self._writer().take_places(0, randbits(63))
        return self._recounting().roll_up_again(meter)

    def forget(self, subjects: Collection[str], meters: Collection[Meter]) -> int:
        """Take what no meter reads out of the data of subjects' events."""
        self._writer().take_places(0, randbits(63))
        return self._recounting().forget(subjects, meters)

    def _recounting(self) -> Recounting:
        return Recounting(self._connection, self._writer(), self._names, self._reading)

    def _writer(self) -> Writer:
        raw: Any = self._connection.connection.driver_connection
        if self._connection.dialect.name == "sqlite":
            return SqliteWriter(raw)
        return PostgresWriter(raw, self._known.months, self._connection.dialect.loaded_dbapi.IntegrityError)
