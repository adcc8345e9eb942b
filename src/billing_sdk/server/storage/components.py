"""Plan components as JSON, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Component, Entitlement, LicenceFee, Rate


def to_json(component: Component) -> dict[str, Any]:
    """Return a component as it is stored: its kind, and its fields; a rate's amount as exact digits."""
    match component:
        case LicenceFee():
            return {
                "kind": "licence_fee",
                "id": component.id,
                "key": component.key,
                "name": component.name,
                "amount_minor": component.amount.minor,
                "currency": component.amount.currency,
                "line_description": component.line_description,
            }
        case Rate():
            return {
                "kind": "rate",
                "id": component.id,
                "feature_key": component.feature_key,
                "name": component.name,
                "unit_amount": f"{component.unit_amount:f}",
                "currency": component.currency,
                "line_description": component.line_description,
            }
        case Entitlement():
            return {
                "kind": "entitlement",
                "id": component.id,
                "feature_key": component.feature_key,
                "feature_name": component.feature_name,
                "limit_max": component.limit_max,
                "limit_min": component.limit_min,
            }


def from_json(stored: dict[str, Any]) -> Component:
    """Return the component that was stored."""
    values = dict(stored)
    kind = values.pop("kind")
    if kind == "licence_fee":
        return LicenceFee(amount=Money(values.pop("amount_minor"), values.pop("currency")), **values)
    if kind == "rate":
        return Rate(unit_amount=Decimal(values.pop("unit_amount")), **values)
    return Entitlement(**values)
