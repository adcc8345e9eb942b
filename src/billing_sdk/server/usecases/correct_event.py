"""Correct usage events: cancel what should not have been, amend what should have said something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk.errors import EventCancelled, InvalidQuantity, InvalidRequest, NotFound
from billing_sdk.server.domain.metering import Correction, Meter, StoredEvent, UsageEvent
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.note_usage import note_correction

LONGEST_REASON = 500


def cancel_event(
    engine: Engine,
    *,
    source: str,
    id: str,  # noqa: A002 - the attribute's name in CloudEvents
    reason: str,
    actor: str = "api",
) -> StoredEvent:
    """Have an event count no more, for good; what it said stays in its trail. Cancelled again, it stays as it is.

    Raises:
        NotFound: there is no such event.
        InvalidRequest: there is no reason, or it is too long.
    """
    return _correct(engine, source, id, None, reason, actor)


def amend_event(
    engine: Engine,
    *,
    source: str,
    id: str,  # noqa: A002 - as above
    data: Mapping[str, Any],
    reason: str,
    actor: str = "api",
) -> StoredEvent:
    """Have an event say something else from now on; it keeps its type, subject and time.

    Its meters measure it anew, and it counts as if it had always said that. The same data again changes nothing.

    Raises:
        NotFound: there is no such event.
        EventCancelled: it was cancelled.
        InvalidQuantity: a meter finds no value in the data that it takes; nothing is changed.
        InvalidRequest: a dimension is out of its bounds; or there is no reason, or it is too long.
    """
    return _correct(engine, source, id, data, reason, actor)


def event_reference(tx: UnitOfWork, source: str, id: str) -> str:  # noqa: A002 - as above
    """Return what the audit calls an event, whose source and id may be longer than a name there."""
    return tx.audit.pseudonym(f"{source}\0{id}")


def _correct(
    engine: Engine,
    source: str,
    id: str,  # noqa: A002 - as above
    data: Mapping[str, Any] | None,
    reason: str,
    actor: str,
) -> StoredEvent:
    correction = Correction(source, id, data, _checked_reason(reason), actor, engine.now())
    with engine.begin() as tx:
        before = _lock(tx, source, id)
        if before.is_cancelled and data is not None:
            raise EventCancelled(f"the event {id[:64]!r} was cancelled")
        if before.is_cancelled or data == before.event.data:
            return before
        meters = _meters_of(tx, before.event)
        if data is not None:
            for meter in meters:
                if _can_read(meter, before.event):
                    meter.measure(data)
        after = tx.usage_log.correct(correction, meters)
        note_correction(tx, after.event)
        verb = "cancel" if data is None else "amend"
        subject = event_reference(tx, source, id)
        tx.audit.record(
            actor, f"usage_event.{verb}", subject, correction.at, before=before.event.data, after=correction._asdict()
        )
    return after


def _meters_of(tx: UnitOfWork, event: UsageEvent) -> list[Meter]:
    """Return the meters that an event counts for: not those that had been archived when it arrived."""
    ours = (meter for meter in tx.meters.all() if meter.event_type == event.type)
    return [meter for meter in ours if meter.was_in_use(event.recorded_at)]


def _can_read(meter: Meter, event: UsageEvent) -> bool:
    """Tell whether a meter can read an event as it stands; a younger one may not, and then never has."""
    try:
        meter.measure(event.data)
    except (InvalidQuantity, InvalidRequest):
        return False
    return True


def _lock(tx: UnitOfWork, source: str, id: str) -> StoredEvent:  # noqa: A002 - as above
    """Return an event as it stands; whoever corrects one of its type waits until the transaction ends."""
    found = tx.usage_log.find(source, id)
    if found is None:
        raise NotFound(f"there is no event {id[:64]!r} of {source[:64]!r}")
    tx.meters.lock_type(found.event.type)
    return tx.usage_log.find(source, id) or found


def _checked_reason(reason: str) -> str:
    stripped = reason.strip()
    if not 1 <= len(stripped) <= LONGEST_REASON or not stripped.isprintable():
        raise InvalidRequest(f"a reason has 1 to {LONGEST_REASON} characters", parameter="reason")
    return stripped
