"""Report what was wrong with meter events that came by a stream, as whoever sent them was not told."""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.server.domain.metering import MeterFaults
from billing_sdk.server.usecases.engine import Engine


def note_meter_faults(engine: Engine, faults: Collection[MeterFaults]) -> None:
    """Keep faults until they are reported; those of one meter and reason are counted together."""
    with engine.begin() as tx:
        tx.meter_faults.add(faults)
