"""Rate card subscriptions of v2: to a card alone, and of the cards of a plan."""

from __future__ import annotations

from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.usecases.run_due import run_due
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, made, sell, subscribe
from tests.contract.stripe_door.test_intent_refusals import deactivate
from tests.contract.usage_events import report
from tests.engines import advance

LIST = "/billing/rate_card_subscriptions"


def test_a_card_alone_is_subscribed_to_changed_and_canceled(door: Door) -> None:
    cards, owner = sell(door, calls=5), customer(door)
    bills_at = cadence(door, owner)
    plans = door.v2.pages("/billing/pricing_plans")
    new = {"billing_cadence": bills_at, "rate_card": cards.card, "metadata": {"a": "b"}}
    alone = door.v2.post(LIST, new)
    assert door.v2.pages("/billing/pricing_plans") == plans
    assert alone["id"].startswith("rcds_test_")
    assert (alone["rate_card"], alone["servicing_status"], alone["metadata"]) == (cards.card, "active", {"a": "b"})
    assert door.v2.post(f"{LIST}/{alone['id']}", {"metadata": {"a": None, "c": "d"}})["metadata"] == {"c": "d"}
    assert [one["id"] for one in door.v2.pages(f"{LIST}?billing_cadence={bills_at}")] == [alone["id"]]
    assert door.v2.pages(f"/billing/pricing_plan_subscriptions?billing_cadence={bills_at}") == []
    assert door.v2.post(f"{LIST}/{alone['id']}/cancel", {})["servicing_status"] == "canceled"


def test_the_cards_of_a_plan_are_subscribed_to_with_it(door: Door) -> None:
    plan, other, owner = sell(door, calls=5), sell(door, calls=7), customer(door)
    bills_at = cadence(door, owner)
    made(door, bills_at, subscribe(plan), subscribe(other))
    found = door.v2.pages(f"{LIST}?billing_cadence={bills_at}&limit=1")
    assert [one["rate_card"] for one in found] == [other.card, plan.card]
    (one,) = door.v2.pages(f"{LIST}?rate_card={plan.card}")
    assert door.v2.get(f"{LIST}/{one['id']}") == one
    assert door.v2.post(f"{LIST}/{one['id']}", {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
    refusal = door.v2.refused("POST", f"{LIST}/{one['id']}/cancel", {})
    assert refusal[:2] == (400, "invalid_rate_card_subscription_status_for_cancel")


def test_a_cadence_can_come_with_the_intent(door: Door) -> None:
    plan, owner = sell(door), customer(door)
    data = {
        "billing_cycle": {"type": "month", "interval_count": 1},
        "payer": {"billing_profile_data": {"customer": owner}},
    }
    body = {"currency": "usd", "cadence_data": data, "actions": [subscribe(plan)]}
    drafted = door.v2.post("/billing/intents", body)
    assert door.v2.get(f"/billing/cadences/{drafted['cadence']}")["payer"]["customer"] == owner
    both = {**body, "cadence": drafted["cadence"]}
    assert door.v2.refused("POST", "/billing/intents", both) == (400, "parameter_invalid", "cadence")


def test_what_a_card_charges_and_what_plans_charge_is_one_invoice_of_the_cadence(door: Door) -> None:
    cards, plan, owner = sell(door, calls=5), sell(door, seat=700), customer(door)
    bills_at = cadence(door, owner)
    made(door, bills_at, subscribe(plan))
    door.v2.post(LIST, {"billing_cadence": bills_at, "rate_card": cards.card})
    advance(door.engine, days=31)
    run_due(door.engine)
    with door.engine.read() as tx:
        found = tx.invoices.newest_of(ours("customer", owner), limit=5)
    assert [one.amount.minor for one in found] == [700, 700]


def test_each_plan_charges_what_its_card_prices_of_the_same_usage(door: Door) -> None:
    cheap, dear, owner = sell(door, seat=0, calls=1), sell(door, seat=0, calls=2), customer(door)
    bills_at = cadence(door, owner)
    first, _ = made(door, bills_at, subscribe(cheap), subscribe(dear))
    advance(door.engine, days=1)
    report(door.engine, ours("customer", owner), 100, id=f"both {owner}")
    preview = {"billing_cadence": bills_at}
    assert door.v1.post("/invoices/create_preview", preview)["total"] == 100 + 200
    made(door, bills_at, deactivate(str(first)))
    # What is used at the very instant of the end is charged by both as well.
    assert door.v1.post("/invoices/create_preview", preview)["total"] == 200
    with door.engine.read() as tx:
        found = tx.invoices.newest_of(ours("customer", owner), limit=1)
    assert [one.amount.minor for one in found] == [100]


def test_what_takes_the_place_of_a_plan_does_not_charge_its_usage_again(door: Door) -> None:
    cheap, dear, owner = sell(door, seat=0, calls=1), sell(door, seat=0, calls=2), customer(door)
    bills_at = cadence(door, owner)
    (first,) = made(door, bills_at, subscribe(cheap))
    advance(door.engine, days=1)
    report(door.engine, ours("customer", owner), 100, id=f"before {owner}")
    advance(door.engine, days=1)
    made(door, bills_at, deactivate(str(first)), subscribe(dear))
    report(door.engine, ours("customer", owner), 10, id=f"after {owner}")
    with door.engine.read() as tx:
        found = tx.invoices.newest_of(ours("customer", owner), limit=2)
    preview = door.v1.post("/invoices/create_preview", {"billing_cadence": bills_at})
    assert ([one.amount.minor for one in found], preview["total"]) == ([100], 20)


def test_the_last_invoice_of_a_plan_that_is_to_end_is_previewed(door: Door) -> None:
    plan, owner = sell(door, calls=1), customer(door)
    bills_at = cadence(door, owner)
    (subscription,) = made(door, bills_at, subscribe(plan))
    advance(door.engine, days=1)
    report(door.engine, ours("customer", owner), 77, id=f"last {owner}")
    made(door, bills_at, deactivate(str(subscription), "current_billing_period_end"))
    preview = door.v1.post("/invoices/create_preview", {"billing_cadence": bills_at})
    assert preview["total"] == 77
    advance(door.engine, days=31)
    run_due(door.engine)
    last = door.v1.get(f"/invoices?customer={owner}")["data"][0]
    assert (last["total"], last["lines"]["data"][0]["amount"]) == (77, 77)
    assert door.v1.refused("POST", "/invoices/create_preview", {"billing_cadence": bills_at})[0] == 404
