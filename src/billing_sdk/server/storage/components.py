"""Plan components and phases as JSON, and back."""

from __future__ import annotations

from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Component, CreditGrant, Entitlement, LicenceFee, Phase, Rate
from billing_sdk.server.domain.catalog.component import CurrencyTerms
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document


def to_json(component: Component) -> dict[str, Any]:
    """Return a component as it is stored: its kind, and its fields; prices as exact digits."""
    match component:
        case LicenceFee():
            return {"kind": "licence_fee", "id": component.id, "key": component.key, **_priced(component)}
        case Rate():
            return {"kind": "rate", "id": component.id, "feature_key": component.feature_key, **_priced(component)}
        case CreditGrant():
            return {
                "kind": "credit_grant",
                "id": component.id,
                "key": component.key,
                "name": component.name,
                "amount": _amount(component.amount),
                "service": _service(component.service),
                "expires_with_interval": component.expires_with_interval,
                "applies_to": list(component.applies_to),
                "category": component.category,
                "priority": component.priority,
                "other_currencies": [_amount(amount) for amount in component.other_currencies],
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
    if kind == "entitlement":
        return Entitlement(**values)
    service = values.pop("service")
    values["service"] = None if service is None else Cadence.from_text(service)
    others = values.pop("other_currencies")
    if kind == "credit_grant":
        values["applies_to"] = tuple(values["applies_to"])
        values["amount"] = Money(**values["amount"])
        return CreditGrant(other_currencies=tuple(Money(**amount) for amount in others), **values)
    values["terms"] = terms_from_document(values["terms"])
    values["other_currencies"] = tuple(_currency_terms(other) for other in others)
    return LicenceFee(**values) if kind == "licence_fee" else Rate(**values)


def phase_to_json(phase: Phase) -> dict[str, Any]:
    """Return an opening phase as it is stored."""
    return {
        "key": phase.key,
        "name": phase.name,
        "periods": phase.periods,
        "components": [to_json(component) for component in phase.components],
    }


def phase_from_json(stored: dict[str, Any]) -> Phase:
    """Return the phase that was stored."""
    components = tuple(from_json(component) for component in stored["components"])
    return Phase(stored["key"], stored["name"], stored["periods"], components)


def _priced(component: LicenceFee | Rate) -> dict[str, Any]:
    return {
        "name": component.name,
        "currency": component.currency,
        "terms": document_of(component.terms),
        "line_description": component.line_description,
        "service": _service(component.service),
        "other_currencies": [
            {"currency": currency, "terms": document_of(terms)} for currency, terms in component.other_currencies
        ],
    }


def _currency_terms(stored: dict[str, Any]) -> CurrencyTerms:
    return stored["currency"], terms_from_document(stored["terms"])


def _service(service: Cadence | None) -> str | None:
    return None if service is None else str(service)


def _amount(amount: Money) -> dict[str, Any]:
    return {"minor": amount.minor, "currency": amount.currency}
