"""Pricing plan subscriptions of v2: they are changed by intents, and looked at here."""

from __future__ import annotations

import pytest

from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.usecases.run_due import run_due
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, made, sell, subscribe
from tests.engines import advance

LIST = "/billing/pricing_plan_subscriptions"
OLD = "2025-09-30.preview"
DETAILS = "pricing_plan_subscription_details"


def deactivate(subscription, when, **more):
    act = {"type": DETAILS, "effective_at": {"type": when}, DETAILS: {"pricing_plan_subscription": subscription}}
    return {"type": "deactivate", "deactivate": {**act, **more}}


def test_a_subscription_is_shown_as_it_stands(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    bills_at = cadence(door, owner)
    action = subscribe(plan, seats=2)
    action["subscribe"][DETAILS]["metadata"] = {"tier": "gold"}
    (subscription,) = made(door, bills_at, action)
    shown = door.v2.get(f"{LIST}/{subscription}")
    assert shown["id"] == subscription
    assert (shown["billing_cadence"], shown["pricing_plan"]) == (bills_at, plan.id)
    assert (shown["pricing_plan_version"], shown["metadata"]) == (plan.version, {"tier": "gold"})
    assert (shown["servicing_status"], shown["collection_status"]) == ("active", "current")
    assert shown["servicing_status_transitions"]["activated_at"] is not None
    changed = door.v2.post(f"{LIST}/{subscription}", {"metadata": {"tier": None, "seen": "yes"}})
    assert changed["metadata"] == {"seen": "yes"}


def test_subscriptions_are_found_by_what_they_are_like_and_by_one_of_these_at_a_time(door: Door) -> None:
    plan, other, owner = sell(door), sell(door), customer(door)
    bills_at = cadence(door, owner)
    first, second = made(door, bills_at, subscribe(plan), subscribe(other))
    wanted = {
        f"billing_cadence={bills_at}": [second, first],
        f"payer[type]=customer&payer[customer]={owner}": [second, first],
        f"pricing_plan={plan.id}": [first],
        f"pricing_plan_version={other.version}": [second],
        f"billing_cadence={bills_at}&servicing_status=active": [second, first],
        f"billing_cadence={bills_at}&servicing_status=canceled": [],
        f"billing_cadence={bills_at}&limit=1": [second, first],
    }
    for query, ids in wanted.items():
        assert [one["id"] for one in door.v2.pages(f"{LIST}?{query}")] == ids, query
    two = f"{LIST}?billing_cadence={bills_at}&pricing_plan={plan.id}"
    assert door.v2.refused("GET", two) == (400, "parameter_invalid", "pricing_plan")


def test_an_end_that_is_planned_is_told_with_its_reason_and_can_be_taken_back(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    bills_at = cadence(door, owner)
    (subscription,) = made(door, bills_at, subscribe(plan))
    why = {"feedback": "too_complex", "comment": "no"}
    made(door, bills_at, deactivate(subscription, "current_billing_period_end", cancellation_details=why))
    shown = door.v2.get(f"{LIST}/{subscription}")
    assert shown["servicing_status_transitions"]["will_cancel_at"] is not None
    assert shown["cancellation_details"] == {**why, "reason": "cancellation_requested"}
    back = door.v2.post(f"{LIST}/{subscription}", {"clear_cancel_at": True})
    assert back["servicing_status_transitions"]["will_cancel_at"] is None
    made(door, bills_at, deactivate(subscription, "on_reserve"))
    ended = door.v2.get(f"{LIST}/{subscription}")
    assert (ended["servicing_status"], ended["servicing_status_transitions"]["canceled_at"] is not None) == (
        "canceled",
        True,
    )
    refusal = door.v2.refused("POST", f"{LIST}/{subscription}", {"metadata": {}})
    assert refusal == (400, "invalid_pricing_plan_subscription_status_for_update", None)


def test_an_older_version_shows_what_a_subscription_has_of_its_components(door: Door) -> None:
    plan, owner = sell(door, calls=5), customer(door)
    (subscription,) = made(door, cadence(door, owner), subscribe(plan, seats=4))
    found = door.v2.get(f"{LIST}/{subscription}/components", Stripe_Version=OLD)
    fee, card = found["components"]
    assert (fee["type"], card["type"]) == ("license_fee_subscription", "rate_card_subscription")
    shown = door.v2.get(f"/billing/license_fee_subscriptions/{fee['license_fee_subscription']}", Stripe_Version=OLD)
    assert (shown["license_fee"], shown["quantity"]) == (plan.fee, 4)
    assert card["rate_card_subscription"].startswith("rcds_test_")


def test_a_subscription_keeps_its_id_through_versions_of_its_plan(door: Door) -> None:
    plan, other, owner = sell(door, seat=1_000), sell(door, seat=2_000), customer(door)
    bills_at = cadence(door, owner)
    (subscription,) = made(door, bills_at, subscribe(plan))
    details = {"pricing_plan_subscription": subscription, "new_pricing_plan": other.id}
    made(door, bills_at, {"type": "modify", "modify": {"type": DETAILS, DETAILS: details}})
    shown = door.v2.get(f"{LIST}/{subscription}")
    assert (shown["pricing_plan"], shown["servicing_status"]) == (other.id, "active")
    assert [one["id"] for one in door.v2.pages(f"{LIST}?billing_cadence={bills_at}")] == [subscription]
    advance(door.engine, days=31)
    run_due(door.engine)
    with door.engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(ours("customer", owner), limit=1)
    assert invoice.amount.minor == 2_000 + 1_000


def test_what_a_subscription_has_of_its_components_and_discounts_is_shown_where_it_is_asked_for(door: Door) -> None:
    plan, owner = sell(door, seat=1_000, calls=5, credit=700), customer(door)
    (subscription,) = made(door, cadence(door, owner), subscribe(plan, seats=4))
    asked = "include[0]=pricing_plan_component_details&include[1]=discount_details"
    shown = door.v2.get(f"{LIST}/{subscription}?{asked}")
    fee, card, grant = shown["pricing_plan_component_details"]
    assert (fee["license_fee_details"]["quantity"], fee["license_fee_details"]["unit_amount"]) == (4, "1000")
    assert card["rate_card_details"]["rate_card"] == plan.card
    assert grant["recurring_credit_grant_details"]["credit_grant_details"]["amount"]["monetary"]["value"] == 700
    assert shown["discount_details"] == []
    plain = door.v2.get(f"{LIST}/{subscription}")
    assert (plain["pricing_plan_component_details"], plain["discount_details"]) == (None, None)
    assert door.v2.post(f"{LIST}/{subscription}/remove_discounts", {}) == plain
    assert door.v2.refused("GET", f"{LIST}/{subscription}?include[0]=nobody")[0] == 400


@pytest.mark.parametrize("path", ["bpps_test_" + 32 * "0", "bpps_x", "cus_" + 32 * "0"])
def test_what_is_no_subscription_is_not_found(door: Door, path: str) -> None:
    assert door.v2.refused("GET", f"{LIST}/{path}") == (404, "pricing_plan_subscription_not_found", None)
