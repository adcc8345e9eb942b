"""Good calls of the operations on credit."""

from __future__ import annotations

from typing import Any

from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.add_card import add_card
from tests.contract.konnect.calling import Call, Door, Sent
from tests.contract.konnect.calls_usage import feature_of
from tests.engines import card

GRANT = {
    "name": "Starter",
    "description": "for the beginning",
    "labels": {"tier": "gold"},
    "funding_method": "none",
    "currency": "USD",
    "amount": "12.5",
    "priority": 1000,
    "expires_after": "P1Y",
}


def credits_of(door: Door) -> str:
    """Return where the credit of a new customer is."""
    return f"/customers/{door.customer()['id']}/credits"


def granted(door: Door, credit: str, **fields: Any) -> Any:
    """Make a grant."""
    return door.made(f"{credit}/grants", GRANT | {"key": door.name("grant")} | fields)


def external(door: Door, **fields: Any) -> tuple[str, Any]:
    """Make a grant that somebody else collects half its amount for, and return where its credit is, too."""
    credit = credits_of(door)
    purchase = {"currency": "USD", "per_unit_cost_basis": "0.5"}
    return credit, granted(door, credit, funding_method="external", purchase=purchase, **fields)


def _create(door: Door) -> Sent:
    customer = door.customer()
    add_card(door.engine, customer_id=id_from_ulid("customer", customer["id"]), card=card())
    [code, *_] = door.get("/tax-codes").json()["data"]
    body = {
        **GRANT,
        "key": door.name("grant"),
        "funding_method": "invoice",
        "purchase": {"currency": "USD", "per_unit_cost_basis": "0.50", "availability_policy": "on_creation"},
        "tax_config": {"behavior": "exclusive", "tax_code": {"id": code["id"]}},
        "filters": {"features": [feature_of(door)["key"]]},
    }
    return Sent(f"/customers/{customer['id']}/credits/grants", body)


def _list(door: Door) -> Sent:
    credit, _ = external(door)
    asked = "filter[status]=active&filter[currency]=USD&filter[key][contains]=grant&page[size]=2&page[number]=1"
    return Sent(f"{credit}/grants", query=asked)


def _get(door: Door) -> Sent:
    credit, grant = external(door)
    return Sent(f"{credit}/grants/{grant['id']}")


def _settle(door: Door) -> Sent:
    credit, grant = external(door)
    return Sent(f"{credit}/grants/{grant['id']}/settlement/external", {"status": "authorized"})


def _adjust(door: Door) -> Sent:
    credit = credits_of(door)
    granted(door, credit)
    body = {"name": "Usage correction", "description": "counted twice", "labels": {"by": "ops"}}
    return Sent(f"{credit}/adjustments", {**body, "currency": "USD", "amount": "-2.5"})


def _transactions(door: Door) -> Sent:
    sent = _adjust(door)
    door.made(sent.path, sent.body)
    asked = "filter[type]=consumed&filter[currency]=USD&filter[feature_key][eq]=x&page[size]=1"
    return Sent(sent.path.replace("adjustments", "transactions"), query=asked)


def _balance(door: Door) -> Sent:
    credit, _ = external(door)
    asked = "filter[currency][eq]=USD&filter[feature_key][oeq]=a,b&timestamp=2026-01-01T00:00:00Z"
    return Sent(f"{credit}/balance", query=asked)


CALLS = {
    "create-credit-grant": Call(_create, 201),
    "list-credit-grants": Call(_list),
    "get-credit-grant": Call(_get),
    "update-credit-grant-external-settlement": Call(_settle),
    "create-credit-adjustment": Call(_adjust, 201),
    "list-credit-transactions": Call(_transactions),
    "get-customer-credit-balance": Call(_balance),
}
