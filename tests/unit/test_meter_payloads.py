"""Meter events of the Stripe door: what they become, and what is said of those that count for nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    EventConflict,
    EventTooEarly,
    EventTooLate,
    InvalidQuantity,
    InvalidRequest,
    ServerBusy,
    UnknownMeter,
    UnknownSubject,
)
from billing_sdk.server.api.stripe.meter_payloads import (
    CODES,
    Fault,
    MeterEvent,
    PayloadKeys,
    fault_of,
    texts_of,
    usage_event,
)

HEX = "0" * 31 + "1"
CUSTOMER = f"cus_{HEX}"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEYS = PayloadKeys("meter_1")


def sent(keys=KEYS, identifier="e1", timestamp=None, **payload):
    return usage_event(MeterEvent("tokens", {"stripe_customer_id": CUSTOMER, **payload}, identifier, timestamp), keys)


def test_a_meter_event_becomes_usage_of_its_customer_under_its_name_and_identifier():
    found = sent(value="17", model="large", timestamp=NOON)
    assert (found.source, found.id, found.type, found.subject, found.time) == (
        "stripe/tokens",
        "e1",
        "tokens",
        f"customer_{HEX}",
        NOON,
    )
    assert found.data == {"value": 17, "model": "large"}


def test_an_event_without_an_identifier_is_given_one_of_its_own():
    assert sent(identifier=None, value="1").id != sent(identifier=None, value="1").id


def test_a_meter_reads_the_members_that_it_names():
    keys = PayloadKeys("meter_1", customer="who", value="tokens", dimensions=("model",))
    found = usage_event(MeterEvent("t", {"who": CUSTOMER, "tokens": "2", "model": "m", "value": "x"}), keys)
    assert found.subject == f"customer_{HEX}"
    assert found.data == {"tokens": 2, "model": "m", "value": "x"}


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        (100, 100),
        ("100", 100),
        ("007", 7),
        ("0", 0),
        ("-3", "-3"),
        (-3, "-3"),
        ("1.5", "1.5"),
        (Decimal("0.10"), "0.10"),
        ("123456789012345", 123456789012345),
        ("1234567890.12345", "1234567890.12345"),
        ("-1234567890.12345", "-1234567890.12345"),
    ],
)
def test_a_value_is_a_plain_decimal_number_as_text_or_as_it_stands(value, counted):
    assert sent(value=value).data["value"] == counted


@pytest.mark.parametrize(
    ("payload", "name", "param"),
    [
        ({"stripe_customer_id": None}, "no_customer", "payload[stripe_customer_id]"),
        ({"stripe_customer_id": ""}, "no_customer", "payload[stripe_customer_id]"),
        ({"stripe_customer_id": "cus_" + "1" * 100}, "customer_not_found", "payload[stripe_customer_id]"),
        ({"stripe_customer_id": 5}, "customer_not_found", "payload[stripe_customer_id]"),
        ({"stripe_customer_id": f"agreement_{HEX}"}, "customer_not_found", "payload[stripe_customer_id]"),
        ({}, "no_value", "payload[value]"),
        ({"value": ""}, "no_value", "payload[value]"),
        ({"value": "many"}, "invalid_value", "payload[value]"),
        ({"value": "1e3"}, "invalid_value", "payload[value]"),
        ({"value": "+1"}, "invalid_value", "payload[value]"),
        ({"value": " 1"}, "invalid_value", "payload[value]"),
        ({"value": "٣"}, "invalid_value", "payload[value]"),
        ({"value": "NaN"}, "invalid_value", "payload[value]"),
        ({"value": "1234567890123456"}, "too_many_digits", "payload[value]"),
        ({"value": "0.1234567890123456"}, "too_many_digits", "payload[value]"),
        ({"value": True}, "invalid_payload", "payload[value]"),
        ({"value": 1, "model": {"a": 1}}, "invalid_payload", "payload[model]"),
        ({"value": 1, "model": None}, "invalid_payload", "payload[model]"),
        ({str(number): "1" for number in range(60)}, "invalid_payload", "payload"),
    ],
)
def test_what_is_wrong_with_a_payload_is_said_of_the_member_that_it_is_about(payload, name, param):
    found = sent(**payload)
    assert isinstance(found, Fault)
    assert (found.name, found.param) == (name, param)


@pytest.mark.parametrize("payload", [{}, {"model": ""}, {"model": "m"}])
def test_every_dimension_of_the_meter_has_to_be_there(payload):
    found = sent(PayloadKeys("meter_1", dimensions=("model", "region")), value="1", **payload)
    assert isinstance(found, Fault)
    assert found.name == "dimensions_missing"


def test_a_meter_that_counts_events_needs_no_value():
    assert sent(PayloadKeys("meter_1", value=None)).data == {}


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (UnknownMeter(), "no_meter"),
        (UnknownSubject(), "customer_not_found"),
        (EventTooEarly(), "timestamp_in_future"),
        (EventTooLate(), "timestamp_in_past"),
        (EventConflict(), "duplicate"),
        (InvalidQuantity(), "invalid_value"),
        (InvalidRequest("there are too many", parameter="dimensions"), "too_many_dimensions"),
    ],
)
def test_what_the_engine_refuses_has_a_name_here(error, name):
    assert fault_of(error, MeterEvent("tokens", {"stripe_customer_id": "cus_1"}, "e1"), KEYS).name == name


def test_what_is_no_matter_of_the_event_stays_what_it_is():
    assert fault_of(ServerBusy(), MeterEvent("tokens", {}), KEYS) is None


def test_a_payload_is_shown_as_text():
    assert texts_of({"a": "x", "b": 100, "c": Decimal("1E+2")}) == {"a": "x", "b": "100", "c": "100"}


def test_every_fault_has_a_code_for_an_answer_and_one_for_a_report():
    assert {codes.reported for codes in CODES.values()} >= {
        "archived_meter",
        "meter_event_customer_not_found",
        "meter_event_dimension_count_too_high",
        "meter_event_invalid_value",
        "meter_event_no_customer_defined",
        "meter_event_value_too_many_digits",
        "missing_dimension_payload_keys",
        "no_meter",
        "timestamp_in_future",
        "timestamp_too_far_in_past",
    }
    assert {codes.answered for codes in CODES.values()} >= {
        "archived_meter",
        "duplicate_meter_event",
        "no_meter",
        "payload_invalid_value",
        "payload_no_customer_defined",
        "payload_no_value_defined",
    }
