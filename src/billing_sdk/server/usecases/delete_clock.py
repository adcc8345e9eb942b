"""Delete a test clock, with the customers that live by it."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.metering import Correction
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.create_clock import require_test_environment
from billing_sdk.server.usecases.engine import Engine


def delete_clock(engine: Engine, clock_id: str, *, actor: str = "operator") -> int:
    """Remove a clock and its customers with all that they agreed to, used and paid; return how many they were.

    The people and organizations behind the customers stay, and can become customers anew.

    Raises:
        NotFound: there is no such clock.
        ClockNotAllowed: the environment is live.
        Conflict: it is being advanced.
    """
    require_test_environment(engine)
    with engine.begin() as tx:
        clock = tx.clocks.lock(clock_id)
        now = engine.now()
        if clock.is_held(now):
            raise Conflict(f"{clock.id} is being advanced", remedy="Wait until it has arrived.")
        names = tx.subjects.of_customers(tx.clocks.customers_of(clock.id))
        count = tx.clocks.delete(clock.id)
        tx.audit.record(actor, "clock.delete", clock.id, now, before=clock, after={"customers": count})
        _cancel_usage(tx, {name for of_one in names.values() for name in of_one}, actor, now)
    return count


def _cancel_usage(tx: UnitOfWork, subjects: set[str], actor: str, at: datetime) -> None:
    """Cancel what was used in the customers' names: whoever becomes a customer anew has used nothing yet."""
    meters = tx.meters.all()
    for stored in list(tx.usage_log.events(subjects=subjects)) if subjects else ():
        if not stored.is_cancelled:
            event = stored.event
            correction = Correction(event.source, event.id, None, "the test clock was deleted", actor, at)
            tx.usage_log.correct(correction, [meter for meter in meters if meter.event_type == event.type])
