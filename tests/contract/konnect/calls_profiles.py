"""Good calls of the operations on apps and billing profiles."""

from __future__ import annotations

from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent

SUPPLIER = {
    "key": "us",
    "name": "Seller Ltd",
    "tax_id": {"code": "DE123456789"},
    "addresses": {"billing_address": {"country": "DE", "city": "Berlin", "line1": "Street 1"}},
}
WORKFLOW = {
    "collection": {"alignment": {"type": "subscription"}, "interval": "PT2H"},
    "invoicing": {"auto_advance": True, "draft_period": "P1D", "progressive_billing": False},
    "payment": {"collection_method": "send_invoice", "due_after": "P14D"},
    "tax": {"enabled": True, "enforced": True, "default_tax_config": {"behavior": "inclusive"}},
}
FIELDS = {"name": "Invoiced", "supplier": SUPPLIER, "workflow": WORKFLOW, "default": False}


def new_profile(door: Door, **fields: Any) -> dict[str, Any]:
    """Return the body of a profile of the first app."""
    app = {"id": door.get("/apps").json()["data"][0]["id"]}
    return {**FIELDS, "apps": {"tax": app, "invoicing": app, "payment": app}, **fields}


def _path(door: Door) -> str:
    return f"/profiles/{door.made('/profiles', new_profile(door))['id']}"


CALLS = {
    "list-apps": Call(lambda _: Sent("/apps")),
    "get-app": Call(lambda door: Sent(f"/apps/{door.get('/apps').json()['data'][0]['id']}")),
    "list-billing-profiles": Call(lambda _: Sent("/profiles", query="page[size]=1000")),
    "create-billing-profile": Call(lambda door: Sent("/profiles", new_profile(door, labels={"a": "b"})), 201),
    "get-billing-profile": Call(lambda door: Sent(_path(door))),
    "update-billing-profile": Call(lambda door: Sent(_path(door), FIELDS)),
    "delete-billing-profile": Call(lambda door: Sent(_path(door)), 204),
}
