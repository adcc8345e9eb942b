"""Meter events as they are sent, and the usage events that they become.

A meter names the members of a payload that say who used something, and how much. What is wrong with an event has two
codes: one for whoever waits for an answer, and one for reports of what a stream could not take. Sources: Stripe
documentation, "Record usage for billing", and "Meters API errors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from billing_sdk.errors import (
    BillingError,
    EventConflict,
    EventTooEarly,
    EventTooLate,
    InvalidQuantity,
    InvalidRequest,
    UnknownMeter,
    UnknownSubject,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.event_meters import CUSTOMER_KEY, VALUE_KEY, EventMeter
from billing_sdk.server.usecases.incoming_events import IncomingEvent, Time

LONGEST_NAME, LONGEST_IDENTIFIER = 100, 100
MOST_DIGITS = 15
LONGEST_CUSTOMER = 100
MOST_MEMBERS = 50
SOURCE = "stripe/"
TEXTS = {str}
# What the engine calls an attribute of an event, and what it is called here.
PARAMS = MappingProxyType({"id": "identifier", "time": "timestamp", "type": "event_name", "subject": "payload"})
VALUE = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


class MeterEvent(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A meter event as it is sent.

    Attributes:
        identifier: tells it from every other of its name, for ever; made where there is none.
        timestamp: when it was used; None is the customer's present.
    """

    event_name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    payload: dict[str, Any]
    identifier: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_IDENTIFIER)] | None = None
    timestamp: Time | None = None


@dataclass(frozen=True, slots=True)
class PayloadKeys:
    """Which members of a payload a meter reads.

    Attributes:
        meter_id: whose they are.
        customer: names who used something.
        value: says how much; None where events are counted.
        dimensions: have to be there.
    """

    meter_id: str
    customer: str = CUSTOMER_KEY
    value: str | None = VALUE_KEY
    dimensions: tuple[str, ...] = ()


FaultName = Literal[
    "archived_meter",
    "customer_not_found",
    "dimensions_missing",
    "duplicate",
    "invalid_payload",
    "invalid_value",
    "no_customer",
    "no_meter",
    "no_value",
    "timestamp_in_future",
    "timestamp_in_past",
    "too_many_dimensions",
    "too_many_digits",
]


class Codes(NamedTuple):
    """What a fault is called: in an answer, and in a report."""

    answered: str
    reported: str


CODES: Mapping[FaultName, Codes] = MappingProxyType(
    {
        "archived_meter": Codes("archived_meter", "archived_meter"),
        "customer_not_found": Codes("meter_event_customer_not_found", "meter_event_customer_not_found"),
        "dimensions_missing": Codes("missing_dimension_payload_keys", "missing_dimension_payload_keys"),
        "duplicate": Codes("duplicate_meter_event", "duplicate_meter_event"),
        "invalid_payload": Codes("payload_invalid_value", "meter_event_invalid_value"),
        "invalid_value": Codes("payload_invalid_value", "meter_event_invalid_value"),
        "no_customer": Codes("payload_no_customer_defined", "meter_event_no_customer_defined"),
        "no_meter": Codes("no_meter", "no_meter"),
        "no_value": Codes("payload_no_value_defined", "meter_event_invalid_value"),
        "timestamp_in_future": Codes("timestamp_in_future", "timestamp_in_future"),
        "timestamp_in_past": Codes("timestamp_too_far_in_past", "timestamp_too_far_in_past"),
        "too_many_dimensions": Codes("meter_event_dimension_count_too_high", "meter_event_dimension_count_too_high"),
        "too_many_digits": Codes("meter_event_value_too_many_digits", "meter_event_value_too_many_digits"),
    }
)


class Fault(NamedTuple):
    """Why an event does not count.

    Attributes:
        param: the member that it is about, if it is about one.
    """

    name: FaultName
    message: str
    param: str | None = None


def usage_event(event: MeterEvent, keys: PayloadKeys) -> IncomingEvent | Fault:
    """Return a meter event as the engine takes usage, or why it counts for nothing.

    Numbers in the payload are as good as text. The customer is left out of the data, as the event's subject says it.
    """
    data = event.payload.copy()
    customer = data.pop(keys.customer, None)
    if customer.__class__ is not str or customer[:4] != "cus_" or len(customer) > LONGEST_CUSTOMER:
        return _nobody(customer, keys)
    if len(data) > MOST_MEMBERS or set(map(type, data.values())) != TEXTS:
        texts = texts_of(data)
        if isinstance(texts, Fault):
            return texts
        data = texts
    for name in keys.dimensions:
        if not data.get(name):
            return Fault("dimensions_missing", f"the payload lacks the dimension {name!r}", _param(name))
    if keys.value is not None:
        value = _value(data.get(keys.value), keys.value)
        if isinstance(value, Fault):
            return value
        data[keys.value] = value
    name = event.event_name
    identifier = event.identifier or new_id("mtrevt")
    return IncomingEvent(SOURCE + name, identifier, name, "customer_" + customer[4:], event.timestamp, data)


def texts_of(payload: Mapping[str, Any]) -> dict[str, Any] | Fault:
    """Return a payload with text only, as it is shown, or which of its members is neither text nor a number."""
    if len(payload) > MOST_MEMBERS:
        return Fault("invalid_payload", f"a payload has at most {MOST_MEMBERS} members", "payload")
    found: dict[str, Any] = {}
    for name, value in payload.items():
        kind = value.__class__
        if kind is str:
            found[name] = value
        elif kind is int:
            found[name] = str(value)
        elif kind is Decimal or kind is float:
            found[name] = f"{Decimal(str(value)):f}"
        else:
            return Fault("invalid_payload", f"{name[:64]!r} is neither text nor a number", _param(name))
    return found


def payload_keys(meter: EventMeter) -> PayloadKeys:
    """Return which members of a payload a meter reads."""
    return PayloadKeys(
        meter.meter.id,
        meter.customer_key,
        None if meter.formula == "count" else meter.value_key,
        meter.dimension_keys if meter.requires_dimensions else (),
    )


def fault_of(error: BillingError, event: MeterEvent, keys: PayloadKeys | None) -> Fault | None:
    """Return what the engine's refusal of an event is here; None where it is nothing that is known of events."""
    match error:
        case UnknownMeter():
            return no_meter(event.event_name)
        case UnknownSubject() if keys is not None:
            return _nobody(event.payload.get(keys.customer), keys)
        case EventTooEarly():
            return Fault("timestamp_in_future", "the timestamp is more than 5 minutes ahead", "timestamp")
        case EventTooLate():
            return Fault("timestamp_in_past", "the timestamp is more than 35 days ago", "timestamp")
        case EventConflict():
            return duplicate(event.identifier or "")
        case InvalidQuantity() if keys is not None:
            return Fault("invalid_value", error.detail, _param(keys.value or VALUE_KEY))
        case _ if error.facts.get("parameter") == "dimensions":
            return Fault("too_many_dimensions", error.detail, "payload")
        case InvalidRequest():
            name = str(error.facts.get("parameter", "payload"))
            return Fault("invalid_payload", error.detail, PARAMS.get(name, name))
    return None


def no_meter(event_name: str) -> Fault:
    """Return what is said of an event that no meter counts."""
    return Fault("no_meter", f"there is no meter for the event name {event_name[:64]!r}", "event_name")


def archived_meter(event_name: str) -> Fault:
    """Return what is said of an event whose meter was deactivated."""
    return Fault("archived_meter", f"the meter for the event name {event_name[:64]!r} is inactive", "event_name")


def duplicate(identifier: str) -> Fault:
    """Return what is said of an event whose identifier another one has."""
    return Fault("duplicate", f"An event already exists with identifier {identifier}.", "identifier")


def _value(text: str | None, key: str) -> int | str | Fault:
    if text is None or text == "":
        return Fault("no_value", f"the payload has no {key!r}", _param(key))
    if text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS:
        return int(text)
    if not VALUE.fullmatch(text):
        return Fault("invalid_value", f"{text[:40]!r} is not a plain decimal number", _param(key))
    if sum(map(str.isdecimal, text)) > MOST_DIGITS:
        return Fault("too_many_digits", f"a value has at most {MOST_DIGITS} digits", _param(key))
    return text


def _nobody(customer: Any, keys: PayloadKeys) -> Fault:
    if customer is None or customer == "":
        return Fault("no_customer", f"the payload has no {keys.customer!r}", _param(keys.customer))
    return Fault("customer_not_found", f"there is no customer {str(customer)[:64]!r}", _param(keys.customer))


def _param(key: str) -> str:
    return f"payload[{key[:64]}]"
