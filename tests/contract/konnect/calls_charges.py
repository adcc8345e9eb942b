"""Good calls of the operations on charges."""

from __future__ import annotations

from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent
from tests.contract.konnect.calls_usage import feature_of

MONTH = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


def flat(**fields: Any) -> dict[str, Any]:
    """Return the body of a flat fee of a far day."""
    return {
        "type": "flat_fee",
        "name": "Set-up",
        "currency": "USD",
        "invoice_at": "2030-01-01T00:00:00Z",
        "service_period": MONTH,
        "settlement_mode": "credit_then_invoice",
        "payment_term": "in_advance",
        "proration_configuration": {"mode": "no_proration"},
        "amount_before_proration": {"amount": "100", "currency": "USD"},
        **fields,
    }


def usage_based(feature_key: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a charge for what was used in January."""
    return {
        "type": "usage_based",
        "name": "Burst",
        "currency": "USD",
        "invoice_at": "2030-01-01T00:00:00Z",
        "service_period": MONTH,
        "settlement_mode": "credit_then_invoice",
        "feature_key": feature_key,
        "price": {"type": "unit", "amount": "0.015"},
        **fields,
    }


def charge_of(door: Door, customer: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Return a new charge of a customer."""
    return door.made(f"/customers/{customer['id']}/charges", body)


def _listed(door: Door) -> Sent:
    customer = door.customer()
    charge_of(door, customer, flat(tax_config={"behavior": "exclusive"}, discounts={"percentage": 12.5}))
    charge_of(door, customer, usage_based(feature_of(door)["key"], labels={"a": "b"}, description="Peak"))
    asked = "filter[status][oeq]=created,active&sort=service_period.from desc&expand=real_time_usage&page[size]=5"
    return Sent(f"/customers/{customer['id']}/charges", query=asked)


CALLS = {
    "create-customer-charges": Call(
        lambda door: Sent(
            f"/customers/{door.customer()['id']}/charges",
            usage_based(
                feature_of(door)["key"],
                unique_reference_id="order 7",
                price={"type": "graduated", "tiers": [{"unit_price": {"type": "unit", "amount": "1"}}]},
                discounts={"usage": "10", "percentage": 5},
            ),
        ),
        201,
    ),
    "list-customer-charges": Call(_listed),
}
