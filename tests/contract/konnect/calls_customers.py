"""Good calls of the operations on customers."""

from __future__ import annotations

from tests.contract.konnect.calling import Call, Door, Sent

CUSTOMER = {
    "name": "ACME, Inc.",
    "description": "makes everything",
    "labels": {"tier": "gold"},
    "currency": "USD",
    "primary_email": "billing@acme.test",
    "billing_address": {"country": "US", "postal_code": "12345", "state": "NY", "city": "New York", "line1": "1 Main"},
}
LISTED = "filter[name][contains]=company&filter[plan_key][neq]=x&sort=name desc&page[size]=2&page[number]=1"


def _create(door: Door) -> Sent:
    key = door.name("acme")
    return Sent("/customers", {**CUSTOMER, "key": key, "usage_attribution": {"subject_keys": [f"subject {key}"]}})


def _one(door: Door) -> Sent:
    return Sent(f"/customers/{door.customer()['id']}")


def _upsert(door: Door) -> Sent:
    return Sent(f"/customers/{door.customer()['id']}", CUSTOMER)


CALLS = {
    "create-customer": Call(_create, 201),
    "list-customers": Call(lambda door: Sent("/customers", query=LISTED)),
    "get-customer": Call(_one),
    "upsert-customer": Call(_upsert),
    "delete-customer": Call(_one, 204),
}
