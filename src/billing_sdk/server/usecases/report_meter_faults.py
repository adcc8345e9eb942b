"""Report what was wrong with meter events that came by a stream, as whoever sent them was not told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from billing_sdk.server.domain.events import Told
from billing_sdk.server.domain.metering import MeterFaults
from billing_sdk.server.usecases.engine import Engine

REPORT = "v1.billing.meter.error_report_triggered"
UNKNOWN = "v1.billing.meter.no_meter_found"


def note_meter_faults(engine: Engine, faults: Collection[MeterFaults]) -> None:
    """Keep faults until they are reported; those of one meter and reason are counted together."""
    with engine.begin() as tx:
        tx.meter_faults.add(faults)


def report_meter_faults(engine: Engine) -> tuple[str, ...]:
    """Tell what has been noted since the last time, with one event for each meter, and one for names of none.

    Returns:
        The ids of the events.
    """
    with engine.begin() as tx:
        told = list(_told(tx.meter_faults.take()))
        return tx.outbox.tell(told, at=engine.now()) if told else ()


def _told(faults: Sequence[MeterFaults]) -> Iterator[Told]:
    """Yield one event for each meter; the faults are in the order of meters."""
    for meter_id, of_meter in groupby(faults, key=lambda one: one.meter_id):
        found = list(of_meter)
        subject = f"billing.meter/{meter_id}" if meter_id else ""
        data = _data(found, knows_meter=bool(meter_id))
        yield Told(REPORT if meter_id else UNKNOWN, "thin", subject, {"data": data})


def _data(faults: Sequence[MeterFaults], *, knows_meter: bool) -> dict[str, Any]:
    count = sum(one.count for one in faults)
    what = "could not be counted" if knows_meter else "have names that no active meter has"
    types = [
        {
            "code": one.code,
            "error_count": one.count,
            "sample_errors": [
                {"error_message": sample.message, "request": {"identifier": sample.identifier}}
                for sample in one.samples
            ],
        }
        for one in faults
    ]
    return {
        "developer_message_summary": f"Of the meter events that were sent to the stream, {count} {what}.",
        "reason": {"error_count": count, "error_types": types},
        "validation_start": ["instant", min(one.first_at for one in faults).isoformat()],
        "validation_end": ["instant", max(one.last_at for one in faults).isoformat()],
    }
