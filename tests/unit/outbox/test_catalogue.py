"""The event catalogue: every type has a schema and an example that fits it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.outbox.catalogue import EVENT_TYPES, event_type_for

DOCUMENTED = """
    customer.agreement_created customer.agreement_cancelled customer.plan_assigned customer.plan_changed
    customer.plan_created customer.payment_succeeded customer.payment_failed customer.invoice_overdue
    customer.invoice_issued customer.invoice_held
    customer.payment_action_required
    customer.meter_usage_updated
    customer.agreement_updated customer.agreement_paused customer.agreement_resumed customer.agreement_renewed
    customer.trial_ending customer.cancellation_requested customer.cancellation_decided
    customer.credit_granted customer.credit_expired customer.credit_voided customer.credit_low customer.credit_used_up
    customer.top_up_stopped customer.usage_threshold_reached customer.entitlement_changed
    customer.credit_note_issued customer.refund_succeeded customer.refund_failed customer.invoice_voided
    customer.payment_disputed customer.payment_dispute_closed customer.payment_fraud_warned
    customer.invoice_uncollectible customer.dunning_started customer.dunning_ended
    billing.enabled billing.disabled billing.gateway_changed
    user.created user.updated user.deleted user.authenticated
    organization.created organization.updated organization.deleted
""".split()

PYTHON_TYPES = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value fits a schema of the few words that the catalogue uses."""
    if "anyOf" in schema:
        return any(fits(value, choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if not isinstance(value, PYTHON_TYPES[schema["type"]]):
        return False
    properties = schema.get("properties", {})
    return set(schema.get("required", ())) <= set(value if properties else ()) and all(
        fits(value[name], properties[name]) for name in properties
    )


def test_the_types_are_those_that_are_documented():
    assert sorted(event_type.code for event_type in EVENT_TYPES) == sorted(DOCUMENTED)


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda event_type: event_type.code)
def test_the_example_of_a_type_fits_its_schema(event_type):
    assert fits(event_type.example, event_type.schema)
    assert json.loads(json.dumps(event_type.example)) == event_type.example
    assert json.loads(json.dumps(event_type.schema)) == event_type.schema


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda event_type: event_type.code)
def test_billing_events_carry_their_owner_and_a_sequence_number(event_type):
    owner = {"customer_id", "user_id", "org_code", "sequence"}
    assert (owner <= set(event_type.example)) == event_type.is_about_customer


def test_an_unknown_type_is_refused_with_the_list_of_those_that_exist():
    with pytest.raises(InvalidRequest, match=r"customer\.plan_changed"):
        event_type_for("customer.plan_chagned")
