"""How one meter event is recorded, and cancelled, for whoever waits for the answer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from billing_sdk.errors import BillingError, EventTooLate, NotFound
from billing_sdk.server.api.stripe.meter_payloads import (
    CODES,
    SOURCE,
    Fault,
    MeterEvent,
    archived_meter,
    duplicate,
    fault_of,
    no_meter,
    payload_keys,
    texts_of,
    usage_event,
)
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.cancel_meter_event import cancel_meter_event
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_meters import EventMeter, archived_meters, meters_of_events
from billing_sdk.server.usecases.incoming_events import IncomingEvent
from billing_sdk.server.usecases.ingest_usage import Ingestion


class Reported(NamedTuple):
    """A meter event that is recorded.

    Attributes:
        payload: as it is shown.
        timestamp: when it was used, in its customer's time.
        recorded_at: when it arrived, likewise.
    """

    event_name: str
    identifier: str
    payload: dict[str, str]
    timestamp: datetime
    recorded_at: datetime


def report(engine: Engine, ingestion: Ingestion, event: MeterEvent, *, is_v1: bool) -> Reported:
    """Record a meter event.

    It is recorded in a transaction with others, and not in that of the call. So a request that is sent again after its
    process died finds the identifier that was made for it, and the event is the same.

    Args:
        engine: within a call.
        ingestion: records events.
        event: as it was sent.
        is_v1: whose codes what is wrong with it has.

    Raises:
        BillingError: something is wrong with it, or it was sent before.
    """
    begun = None if engine.call is None else engine.call.effect_id
    is_again = event.identifier is None and begun is not None
    made = None if event.identifier is not None else begun or new_id("mtrevt")
    event.identifier = event.identifier or made
    with engine.read() as tx:
        meter = meters_of_events(tx, {event.event_name}).get(event.event_name)
        is_archived = meter is None and bool(archived_meters(tx, {event.event_name}))
    payload, incoming = _read(event, meter, is_archived=is_archived, is_v1=is_v1)
    engine.checkpoint(made)
    (answer,) = ingestion.ingest((incoming,))
    if isinstance(answer, BillingError):
        fault = fault_of(answer, event, None if meter is None else payload_keys(meter))
        raise answer if fault is None else refusal_of(fault, is_v1=is_v1)
    if answer.outcome != "accepted" and not is_again:
        raise refusal_of(duplicate(incoming.id), is_v1=is_v1)
    return Reported(event.event_name, incoming.id, payload, event.timestamp or answer.recorded_at, answer.recorded_at)


def cancel(engine: Engine, *, event_name: str, identifier: str, actor: str) -> None:
    """Cancel a meter event.

    Raises:
        BillingError: there is none, or it arrived more than 24 hours ago.
    """
    with engine.read() as tx:
        if not meters_of_events(tx, {event_name}) and not archived_meters(tx, {event_name}):
            raise refused("no_meter", no_meter(event_name).message, param="event_name")
    try:
        cancel_meter_event(engine, source=SOURCE + event_name, identifier=identifier, actor=actor)
    except NotFound:
        raise refused(
            "invalid_cancel_configuration",
            f"there is no event {identifier[:100]!r} of the name {event_name[:100]!r}",
            param="cancel[identifier]",
        ) from None
    except EventTooLate as error:
        raise refused(
            "invalid_cancel_configuration",
            error.detail,
            param="cancel[identifier]",
            remedy="Send an event with a negative value instead.",
        ) from None


def refusal_of(fault: Fault, *, is_v1: bool) -> BillingError:
    """Return an error that says why an event does not count."""
    code = CODES[fault.name].answered
    if is_v1 and fault.name == "customer_not_found":
        code = "resource_missing"
    return refused(code, fault.message, param=fault.param)


def _read(
    event: MeterEvent, meter: EventMeter | None, *, is_archived: bool, is_v1: bool
) -> tuple[dict[str, str], IncomingEvent]:
    if meter is None:
        raise refusal_of((archived_meter if is_archived else no_meter)(event.event_name), is_v1=is_v1)
    payload = texts_of(event.payload)
    found = usage_event(event, payload_keys(meter))
    for one in (found, payload):
        if isinstance(one, Fault):
            raise refusal_of(one, is_v1=is_v1)
    assert isinstance(found, IncomingEvent)  # noqa: S101 - what is left of it
    assert isinstance(payload, dict)  # noqa: S101 - as above
    return payload, found
