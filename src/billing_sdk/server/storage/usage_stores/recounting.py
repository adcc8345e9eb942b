"""Counting anew from the events themselves: hours in which a total is said, and what corrections have changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, update

from billing_sdk.server.domain.metering import (
    Aggregation,
    Correction,
    HourOfUsage,
    Meter,
    StoredEvent,
    essential,
    recount,
)
from billing_sdk.server.storage.tables.usage import usage_corrections, usage_events, usage_hours, usage_values
from billing_sdk.server.storage.usage_stores.documents import data_in, fingerprint_of, text_of_data
from billing_sdk.server.storage.usage_stores.instants import HOUR, micros_of
from billing_sdk.server.storage.usage_stores.names import Names, name_of
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recalled import SubjectHour
from billing_sdk.server.storage.usage_stores.sums import row_of, sum_of_bucket
from billing_sdk.server.storage.usage_stores.writer import Writer


class Recounting:
    """Counts anew, in a transaction in which nobody else appends."""

    def __init__(self, connection: Connection, writer: Writer, names: Names, reading: Reading) -> None:
        self._connection = connection
        self._writer = writer
        self._names = names
        self._reading = reading

    def recount(self, meter: Meter, hour: SubjectHour) -> None:
        """Make the buckets of a subject in an hour from its events."""
        meter_no, hour_no, subject_no = hour
        for table in (usage_hours, usage_values):
            self._connection.execute(
                delete(table).where(
                    table.c.meter_no == meter_no, table.c.hour == hour_no, table.c.subject_no == subject_no
                )
            )
        events = self._reading.events_of_hour(hour_no, meter.event_type, subject_no=subject_no)
        self._save(meter_no, meter.aggregation, recount(meter, events))

    def correct(
        self, found: StoredEvent, correction: Correction, number: int, meters: Collection[Meter]
    ) -> StoredEvent:
        """Write down what was wrong with an event, and count its hour anew."""
        self._connection.execute(
            insert(usage_corrections).values(
                number=number,
                event_number=found.number,
                data=None if correction.data is None else text_of_data(correction.data),
                reason=correction.reason,
                actor=correction.actor,
                at=micros_of(correction.at),
            )
        )
        event = found.event
        numbers = self._names.find_or_add({event.subject, *(meter.id for meter in meters)})
        hour = micros_of(event.counted_at) // HOUR
        for meter in meters:
            self.recount(meter, (numbers[meter.id], hour, numbers[event.subject]))
        data = event.data if correction.data is None else correction.data
        trail = (*found.corrections, correction)
        is_amended = found.first_data is not None or correction.data is not None
        first_data = (found.first_data or event.data) if is_amended else None
        return StoredEvent(found.number, event._replace(data=data), correction.data is None, trail, first_data)

    def roll_up_again(self, meter: Meter) -> int:
        """Make all buckets of a meter from its events, hour by hour; return how many events it counts."""
        meter_no = self._names.find_or_add({meter.id})[meter.id]
        for table in (usage_hours, usage_values):
            self._connection.execute(delete(table).where(table.c.meter_no == meter_no))
        if meter.event_type not in self._names.find({meter.event_type}):
            return 0  # there has never been an event of this type
        counted = 0
        for hour in self._reading.hours_with_events():
            found = recount(meter, self._reading.events_of_hour(hour, meter.event_type))
            counted += sum(one.bucket.count for one in found)
            self._save(meter_no, meter.aggregation, found)
        return counted

    def forget(self, subjects: Collection[str], meters: Collection[Meter]) -> int:
        """Keep of the data of subjects' events, and of what corrections say, what meters read."""
        changed = 0
        for stored in list(self._reading.events(None, None, subjects, 0, None)):
            mine = [meter for meter in meters if meter.event_type == stored.event.type]
            fingerprint = fingerprint_of(stored.event)
            for table, number, text in self._reading.data_of(stored):
                kept = text_of_data(essential(data_in(text), mine))
                if kept != text:
                    changed += 1
                    # What it said is known no more, and still told from what else it might have said.
                    values = {"data": kept} | ({"fingerprint": fingerprint} if table is usage_events else {})
                    self._connection.execute(update(table).where(table.c.number == number).values(values))
        return changed

    def _save(self, meter_no: int, aggregation: Aggregation, hours: Sequence[HourOfUsage]) -> None:
        if not hours:
            return
        numbers = self._names.find_or_add(
            {name for one in hours for name in (one.series.subject, name_of(one.series.dimensions))}
        )
        sums = {
            (
                meter_no,
                micros_of(one.hour) // HOUR,
                numbers[one.series.subject],
                numbers[name_of(one.series.dimensions)],
            ): sum_of_bucket(one.bucket, aggregation)
            for one in hours
        }
        in_order = sorted(sums.items(), key=lambda one: one[0])
        first = self._writer.last_hour() + 1
        self._writer.add_hours(
            [row_of(key, place, one, aggregation) for place, (key, one) in enumerate(in_order, first)]
        )
        self._writer.add_values([(*key, value) for key, one in in_order for value in sorted(one.values)])
