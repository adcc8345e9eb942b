"""Roll up meters: a new one, and one that is taken back, count the events that there are already."""

from __future__ import annotations

from billing_sdk.server.domain.metering import Meter
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def roll_up_meter(engine: Engine, tx: UnitOfWork, meter: Meter) -> None:
    """Count past events together with the meter; whoever appends waits, and then sees it."""
    if not engine.database.keeps_usage_apart:
        tx.usage_log.roll_up_again(meter)


def roll_up_meter_apart(engine: Engine, meter: Meter) -> None:
    """Count past events in a store apart, once the meter is committed.

    Whoever appends there asks for the meters when it is alone. So an event is either there before it is counted here,
    or is read by the meter; counted before the commit, one between the two would be neither.
    """
    if engine.database.keeps_usage_apart:
        engine.checkpoint()
        with engine.begin() as tx:
            tx.usage_log.roll_up_again(meter)
