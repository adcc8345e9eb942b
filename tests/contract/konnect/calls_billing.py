"""Good calls of the operations on how customers are billed, where the gateway is Stripe."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent

HOSTED = {
    "success_url": "https://example.com/success",
    "cancel_url": "https://example.com/cancel",
    "currency": "USD",
    "metadata": {"cart": "7"},
    "tax_id_collection": {"enabled": True},
}


def _path(door: Door, rest: str) -> str:
    return f"/customers/{door.customer()['id']}/billing{rest}"


def _payer(door: Door) -> dict[str, Any]:
    """Return a customer that stands at Stripe by itself."""
    path = _path(door, "/stripe/checkout-sessions")
    return {"path": path, "cus": door.made(path, {"stripe_options": HOSTED})["stripe_customer_id"]}


def _linked(door: Door, rest: str = "") -> Sent:
    found = _payer(door)
    data = {"stripe": {"customer_id": found["cus"], "labels": {"env": "test"}}}
    path = found["path"].replace("/stripe/checkout-sessions", rest)
    return Sent(path, {"app_data": data} if not rest else data)


def _portal(door: Door) -> Sent:
    path = _payer(door)["path"].replace("checkout", "portal")
    return Sent(path, {"stripe_options": {"return_url": "https://example.com/back"}})


CALLS = {
    "get-customer-billing": Call(lambda door: Sent(_path(door, ""))),
    "update-customer-billing": Call(_linked, is_linked=True),
    "update-customer-billing-app-data": Call(partial(_linked, rest="/app-data"), is_linked=True),
    "create-customer-stripe-checkout-session": Call(
        lambda door: Sent(_path(door, "/stripe/checkout-sessions"), {"stripe_options": HOSTED}), 201, is_linked=True
    ),
    "create-customer-stripe-portal-session": Call(_portal, 201, is_linked=True),
}
