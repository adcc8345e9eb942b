"""Billing intents of v2."""

from __future__ import annotations

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, intent, sell, subscribe

SEED, OLD, NEW = "2025-07-30.preview", "2025-09-30.preview", "2026-10-14.preview"


def test_an_intent_is_drafted_reserved_and_committed(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    bills_at = cadence(door, owner)
    drafted = intent(door, bills_at, subscribe(plan, seats=3))
    assert drafted["id"].startswith("bilint_test_")
    assert (drafted["object"], drafted["status"], drafted["cadence"]) == ("v2.billing.intent", "draft", bills_at)
    assert drafted["amount_details"] == {
        "currency": "usd",
        "discount": "0",
        "shipping": "0",
        "subtotal": "3000",
        "tax": "0",
        "total": "3000",
        "amount_due": "3000",
        "customer_balance_applied": "0",
    }
    path = f"/billing/intents/{drafted['id']}"
    reserved = door.v2.post(f"{path}/reserve", {})
    assert (reserved["status"], reserved["amount_details"]) == ("reserved", drafted["amount_details"])
    assert reserved["status_transitions"]["reserved_at"] is not None
    committed = door.v2.post(f"{path}/commit", {})
    assert committed["status"] == "committed"
    assert door.v2.get(path) == committed
    (action,) = door.v2.get(f"{path}/actions")["data"]
    details = action["subscribe"]["pricing_plan_subscription_details"]
    assert details["pricing_plan_subscription"].startswith("bpps_test_")
    assert details["component_configurations"] == [
        {"lookup_key": "seat", "pricing_plan_component": None, "quantity": 3}
    ]
    assert door.v2.get(f"{path}/actions/{action['id']}") == action


def test_the_call_of_the_guide_works_as_it_is_printed(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    body = {
        "effective_at": "on_commit",
        "currency": "usd",
        "cadence": cadence(door, owner),
        "actions": {
            "type": "subscribe",
            "subscribe": {
                "type": "pricing_plan_subscription_details",
                "proration_behavior": "none",
                "pricing_plan_subscription_details": {
                    "pricing_plan": plan.id,
                    "pricing_plan_version": plan.version,
                    "component_configurations": [],
                },
            },
        },
    }
    drafted = door.v2.post("/billing/intents", body, Stripe_Version=SEED)
    assert "amount_due" not in drafted["amount_details"]
    (action,) = door.v2.get(f"/billing/intents/{drafted['id']}/actions", Stripe_Version=SEED)["data"]
    assert (drafted["effective_at"], action["subscribe"]["proration_behavior"]) == ("on_reserve", "none")
    assert not {"effective_at", "billing_details", "overrides"} & {*action["subscribe"]}
    path = f"/billing/intents/{drafted['id']}"
    assert door.v2.post(f"{path}/reserve", Stripe_Version=SEED)["status"] == "reserved"
    assert door.v2.post(f"{path}/commit", Stripe_Version=SEED)["status"] == "committed"


def test_what_a_version_does_not_have_is_not_shown_to_it(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    when = {"type": "on_reserve"}
    proration = {"proration_behavior": "no_adjustment"}
    drafted = intent(door, cadence(door, owner), subscribe(plan, billing_details=proration, effective_at=when))
    path = f"/billing/intents/{drafted['id']}/actions"
    (old,), (new,) = (door.v2.get(path, Stripe_Version=one)["data"] for one in (OLD, NEW))
    assert old["subscribe"]["billing_details"] == proration
    assert "overrides" not in old["subscribe"]["pricing_plan_subscription_details"]
    assert "billing_details" not in new["subscribe"]
    behaviors = new["subscribe"]["pricing_plan_subscription_details"]["overrides"]["partial_period_behaviors"]
    assert behaviors[0]["license_fee"]["debit_proration_behavior"] == "none"


def test_intents_are_listed_the_newest_first(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    bills_at = cadence(door, owner)
    ids = [intent(door, bills_at, subscribe(plan))["id"] for _ in range(3)]
    page = door.v2.get("/billing/intents?limit=2")
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    following = door.v2.get(page["next_page_url"])
    assert following["data"][0]["id"] == ids[0]
    back = door.v2.get(following["previous_page_url"])
    assert [one["id"] for one in back["data"]] == [ids[2], ids[1]]


def test_a_call_that_is_sent_again_does_nothing_again(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    body = {"currency": "usd", "cadence": cadence(door, owner), "actions": [subscribe(plan)]}
    first = door.v2.post("/billing/intents", body, Idempotency_Key="draft-1")
    path = f"/billing/intents/{first['id']}"
    door.v2.post(f"{path}/reserve", {}, Idempotency_Key="reserve-1")
    assert door.v2.post(f"{path}/reserve", {}, Idempotency_Key="reserve-1")["status"] == "reserved"
    assert door.v2.post("/billing/intents", body, Idempotency_Key="draft-1")["status"] == "reserved"
