"""What is sent to the event stream: read fast where it is as clients write it, and with care where it is not.

The fast reader does not see a member that is there twice; that is found by counting members.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.meter_payloads import MeterEvent
from billing_sdk.server.web.cloud_events import MEMBER, is_loose
from billing_sdk.server.web.strict_json import read_json

MOST_EVENTS = 100
LONGEST_NUMBER = 40


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    events: list[MeterEvent]


def read_events(body: bytes) -> list[MeterEvent]:
    """Return the events of a body, all of them or none.

    Raises:
        InvalidRequest: it can't be read, has another form, or holds more than 100 events.
    """
    events = _quickly(body)
    if events is None:
        events = _with_care(body)
    if len(events) > MOST_EVENTS:
        raise InvalidRequest(f"a request has at most {MOST_EVENTS} events", parameter="events")
    return events


def _quickly(body: bytes) -> list[MeterEvent] | None:
    """Return the events of a body of the usual form; None says nothing yet."""
    try:
        events = _decode(body).events
        if is_loose(body):
            return None
    except (msgspec.MsgspecError, InvalidOperation, RecursionError, UnicodeDecodeError):
        return None
    count = 1
    for event in events:
        count += 2 + len(event.payload) + (event.identifier is not None) + (event.timestamp is not None)
    return events if count == body.count(MEMBER) else None


def _with_care(body: bytes) -> list[MeterEvent]:
    document = read_json(body)
    try:
        return msgspec.convert(document, _Body).events
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        name = path.strip("`").removeprefix("$.") or "events"
        raise InvalidRequest(f"{name[:128]}: {reason}", parameter=name[:128]) from None


def _fraction(text: str) -> Decimal:
    found = Decimal(text)
    if len(text) > LONGEST_NUMBER or abs(found.adjusted()) > LONGEST_NUMBER:
        raise InvalidOperation
    return found


_decode = msgspec.json.Decoder(_Body, float_hook=_fraction).decode
