"""What was wrong with events that came by a stream, until it is told."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from billing_sdk.server.domain.metering.faults import FaultSample, MeterFaults, together
from billing_sdk.server.storage.tables.metering import meter_faults as table
from billing_sdk.server.storage.upsert import upsert


class MeterFaultRepository:
    """Keeps faults, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, faults: Iterable[MeterFaults]) -> None:
        """Keep faults with those that are there; the samples are those of whoever came first."""
        for one in together(faults):
            values = {
                "meter_id": one.meter_id,
                "code": one.code,
                "count": one.count,
                "first_at": one.first_at,
                "last_at": one.last_at,
                "samples": [[sample.message, sample.identifier] for sample in one.samples],
            }
            changes = {"count": table.c.count + one.count, "last_at": one.last_at}
            self._connection.execute(upsert(self._connection, table, values, changes))

    def take(self) -> tuple[MeterFaults, ...]:
        """Return all faults, in the order of meters and reasons; they are gone when the transaction commits."""
        if self._connection.execute(select(table.c.code).limit(1)).first() is None:
            return ()
        rows = self._connection.execute(delete(table).returning(table)).mappings().all()
        found = (
            MeterFaults(
                row["meter_id"],
                row["code"],
                row["count"],
                row["first_at"],
                row["last_at"],
                tuple(FaultSample(message, identifier) for message, identifier in row["samples"]),
            )
            for row in rows
        )
        return together(found)
