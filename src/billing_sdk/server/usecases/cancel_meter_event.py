"""Cancel meter events: within a day of their arrival, by the identifier that they came with."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.errors import EventTooLate, NotFound
from billing_sdk.server.domain.metering import StoredEvent
from billing_sdk.server.usecases.correct_event import cancel_event
from billing_sdk.server.usecases.engine import Engine

CANCELLABLE = timedelta(hours=24)
REASON = "cancelled by a meter event adjustment"


def cancel_meter_event(engine: Engine, *, source: str, identifier: str, actor: str) -> StoredEvent:
    """Have a meter event count no more; one that was cancelled stays so.

    Args:
        engine: within a call.
        source: of events of its name.
        identifier: which of them.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such event.
        EventTooLate: it arrived more than 24 hours ago, by its customer's time.
    """
    with engine.read() as tx:
        found = tx.usage_log.find(source, identifier)
        if found is None:
            raise NotFound("there is no such event", entity="meter_event")
        subject = tx.subjects.find_many((found.event.subject,)).get(found.event.subject)
        at = engine.now() if subject is None else engine.now_for(tx, tx.customers.get(subject.customer_id))
    if at - found.event.recorded_at > CANCELLABLE:
        earliest = (at - CANCELLABLE).isoformat()
        raise EventTooLate("the event arrived more than 24 hours ago", earliest=earliest)
    return cancel_event(engine, source=source, id=identifier, reason=REASON, actor=actor)
