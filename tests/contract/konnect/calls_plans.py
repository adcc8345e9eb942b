"""Good calls of the operations on plans, add-ons and subscriptions."""

from __future__ import annotations

from functools import cache
from typing import Any

from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.set_add_on import add_add_on
from tests.contract.konnect.calling import Call, Door, Sent
from tests.engines import GOOD_CARD, card

BASE = {
    "key": "base",
    "name": "Base",
    "billing_cadence": "P1M",
    "payment_term": "in_advance",
    "price": {"type": "flat", "amount": "29.00"},
}
SEAT = {**BASE, "key": "seat", "name": "Seat", "labels": {"team": "a"}, "description": "One more"}
TIERS = [
    {"up_to_amount": "1000", "flat_price": {"type": "flat", "amount": "5"}},
    {"unit_price": {"type": "unit", "amount": "0.0004"}},
]
PLANS = "filter[key][contains]=p&filter[status][eq]=active&filter[currency][oeq]=USD,EUR&sort=version desc&page[size]=2"
ADDONS = "filter[name]=Extra&filter[status][neq]=draft&sort=key&page[size]=2&page[number]=1"
SUBSCRIPTIONS = "filter[status][oeq]=active,canceled&filter[plan_key][neq]=x&sort=active_to desc&page[size]=3"


@cache
def _feature(door: Door) -> tuple[str, str]:
    key = door.name("calls")
    feature = add_feature(door.engine, key=key, name="Calls", feature_type="metered", unit_name="call")
    return key, ulid_of(feature.id)


def _phases(door: Door) -> list[dict[str, Any]]:
    key, feature_id = _feature(door)
    usage = {
        "key": key,
        "name": "Calls",
        "feature": {"id": feature_id},
        "billing_cadence": "P1M",
        "price": {"type": "graduated", "tiers": TIERS},
        "unit_config": {"operation": "divide", "conversion_factor": "10", "rounding": "ceiling", "precision": 1},
        "commitments": {"minimum_amount": "1", "maximum_amount": "100.5"},
        "discounts": {"percentage": 12.5, "usage": "10"},
        "entitlement": {"type": "metered", "is_soft_limit": True, "limit": 5000, "usage_period": "P1D"},
    }
    setup = {"key": "setup", "name": "Set-up", "price": {"type": "flat", "amount": "99"}}
    return [
        {"key": "trial", "name": "Trial", "duration": "P1M", "rate_cards": [usage], "labels": {"a": "b"}},
        {"key": "default", "name": "Default", "rate_cards": [BASE, setup, usage]},
    ]


def _plan(door: Door) -> dict[str, Any]:
    usual = {"key": door.name("plan"), "name": "Pro", "currency": "USD", "billing_cadence": "P1M"}
    return {**usual, "labels": {"tier": "gold"}, "description": "For pros", "phases": _phases(door)}


def _addon(door: Door) -> dict[str, Any]:
    usual = {"key": door.name("extra"), "name": "Extra", "currency": "USD", "instance_type": "multiple"}
    return {**usual, "rate_cards": [SEAT], "labels": {"tier": "gold"}, "description": "More"}


def _draft(door: Door) -> str:
    return str(door.made("/plans", _plan(door))["id"])


def _draft_addon(door: Door) -> str:
    return str(door.made("/addons", _addon(door))["id"])


def _published(door: Door) -> str:
    plan_id = _draft(door)
    door.made(f"/plans/{plan_id}/publish", None)
    return plan_id


def _published_addon(door: Door) -> dict[str, Any]:
    return door.made(f"/addons/{_draft_addon(door)}/publish", None)


sold = cache(_published)
extra = cache(_published_addon)


def _fields(made: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name not in ("key", "currency", "billing_cadence", *names)}


def _association(door: Door) -> tuple[str, dict[str, Any]]:
    body = {"name": "Extra", "addon": {"id": extra(door)["id"]}, "from_plan_phase": "default", "max_quantity": 3}
    return f"/plans/{_draft(door)}/addons", {**body, "labels": {"a": "b"}}


def _made_association(door: Door) -> str:
    path, body = _association(door)
    return f"{path}/{door.made(path, body)['id']}"


def _who_pays(door: Door) -> dict[str, Any]:
    customer = door.customer()
    add_card(door.engine, customer_id=id_from_ulid("customer", customer["id"]), card=card(GOOD_CARD))
    return customer


def _wanted(door: Door) -> dict[str, Any]:
    return {"customer": {"key": _who_pays(door)["key"]}, "plan": {"id": sold(door)}, "labels": {"a": "b"}}


def _subscription(door: Door) -> dict[str, Any]:
    return door.made("/subscriptions", _wanted(door))


def _cancelled(door: Door) -> str:
    path = f"/subscriptions/{_subscription(door)['id']}"
    door.made(f"{path}/cancel", {"timing": "next_billing_cycle"})
    return path


@cache
def _other(door: Door) -> str:
    return _published(door)


def _change(door: Door) -> Sent:
    made = _subscription(door)
    asked = {"customer": {"id": made["customer_id"]}, "plan": {"id": _other(door)}, "timing": "next_billing_cycle"}
    return Sent(f"/subscriptions/{made['id']}/change", {**asked, "labels": {"a": "b"}})


def _with_addon(door: Door) -> str:
    made, addon = _subscription(door), extra(door)
    add_add_on(door.engine, agreement_id=id_from_ulid("agreement", made["id"]), plan_key=addon["key"], quantity=2)
    return f"/subscriptions/{made['id']}/addons"


def _one_addon(door: Door) -> Sent:
    path = _with_addon(door)
    return Sent(f"{path}/{door.get(path).json()['data'][0]['id']}")


CALLS = {
    "create-plan": Call(lambda door: Sent("/plans", _plan(door)), 201),
    "list-plans": Call(lambda door: Sent("/plans", query=PLANS)),
    "get-plan": Call(lambda door: Sent(f"/plans/{sold(door)}")),
    "update-plan": Call(lambda door: Sent(f"/plans/{_draft(door)}", _fields(_plan(door)))),
    "delete-plan": Call(lambda door: Sent(f"/plans/{_draft(door)}"), 204),
    "publish-plan": Call(lambda door: Sent(f"/plans/{_draft(door)}/publish")),
    "archive-plan": Call(lambda door: Sent(f"/plans/{_published(door)}/archive")),
    "create-product-catalog-addon": Call(lambda door: Sent("/addons", _addon(door)), 201),
    "list-product-catalog-addons": Call(lambda door: Sent("/addons", query=ADDONS)),
    "get-product-catalog-addon": Call(lambda door: Sent(f"/addons/{extra(door)['id']}")),
    "update-product-catalog-addon": Call(lambda door: Sent(f"/addons/{_draft_addon(door)}", _fields(_addon(door)))),
    "delete-product-catalog-addon": Call(lambda door: Sent(f"/addons/{_draft_addon(door)}"), 204),
    "publish-product-catalog-addon": Call(lambda door: Sent(f"/addons/{_draft_addon(door)}/publish")),
    "archive-product-catalog-addon": Call(lambda door: Sent(f"/addons/{_published_addon(door)['id']}/archive")),
    "create-plan-addon": Call(lambda door: Sent(*_association(door)), 201),
    "list-plan-addons": Call(lambda door: Sent(_made_association(door).rpartition("/")[0], query="page[size]=1")),
    "get-plan-addon": Call(lambda door: Sent(_made_association(door))),
    "update-plan-addon": Call(lambda door: Sent(_made_association(door), _fields(_association(door)[1], "addon"))),
    "delete-plan-addon": Call(lambda door: Sent(_made_association(door)), 204),
    "create-subscription": Call(lambda door: Sent("/subscriptions", _wanted(door)), 201),
    "list-subscriptions": Call(lambda door: Sent("/subscriptions", query=SUBSCRIPTIONS)),
    "get-subscription": Call(lambda door: Sent(f"/subscriptions/{_subscription(door)['id']}")),
    "cancel-subscription": Call(
        lambda door: Sent(f"/subscriptions/{_subscription(door)['id']}/cancel", {"timing": "immediate"})
    ),
    "unschedule-cancelation": Call(lambda door: Sent(f"{_cancelled(door)}/unschedule-cancelation")),
    "change-subscription": Call(_change),
    "list-subscription-addons": Call(lambda door: Sent(_with_addon(door), query="sort=created_at desc&page[size]=1")),
    "get-subscription-addon": Call(_one_addon),
}
