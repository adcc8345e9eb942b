"""What is told of subscriptions: whether service is provided, whether money comes in, and what was billed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing_sdk.server.api.stripe.event_subjects import subjects_of
from billing_sdk.server.domain.collection import BUILT_IN_ID, DunningPolicy
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.storage.pointing_events import EventQuery
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.hybrid import Hybrid, hybrid_plan, monthly, subscribed
from tests.engines import DECLINED_WHEN_CHARGED, NOON, advance, card, payer

TO_CONFIRM_EACH_TIME = "4000002760003184"
PLAN = "v2.billing.pricing_plan_subscription."
CARD = "v2.billing.rate_card_subscription."
QUIET = {
    "name": "Quiet",
    "type": "webhook_endpoint",
    "event_payload": "thin",
    "enabled_events": ["v2.billing.cadence.canceled"],
    "webhook_endpoint": {"url": "https://shop.example.com/"},
}


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """A door that somebody listens at."""
    with new_door() as door:
        door.v2.post("/core/event_destinations", QUIET)
        yield door


@pytest.fixture(scope="module")
def plan(door: Door) -> Hybrid:
    return hybrid_plan(door.engine)


class Subscriber:
    """Somebody on the plan, who has paid for the first month by card."""

    def __init__(self, door: Door, plan: Hybrid, email: str) -> None:
        self.door, self.engine = door, door.engine
        made = door.v1.post("/customers", {"email": email})
        customer_id = "customer_" + made["id"].rpartition("_")[2]
        add_card(self.engine, customer_id=customer_id, card=card())
        with self.engine.read() as tx:
            self.customer, method = tx.customers.get(customer_id), tx.customers.find_payment_method(customer_id)
        assert method is not None
        self.cadence = monthly(self.engine, self.customer.id)
        self.agreement_id = subscribed(self.engine, self.cadence, plan, method_id=method.id)
        digits = self.agreement_id.rpartition("_")[2]
        self.shown_id = f"bpps_test_{digits}"
        self.card_id = f"rcds_test_{digits}{plan.card_id.rpartition('_')[2]}"

    def told(self, shown_id: str, prefix: str) -> list[str]:
        """What has been told of an object, in the order of time."""
        query = EventQuery("thin", NOON, 100, subjects=subjects_of(shown_id))
        with self.engine.read() as tx:
            found = tx.pointing_events.page(query).events[::-1]
        return [one.type.removeprefix(prefix) for one in found]

    def plan_told(self) -> list[str]:
        return self.told(self.shown_id, PLAN)

    def go(self, **units: int) -> None:
        """Let time go by, a day at a time, and do what is due."""
        until = self.engine.now() + timedelta(**units)
        while self.engine.now() < until:
            advance(self.engine, days=1)
            run_due(self.engine)


def test_who_has_paid_is_served_from_then_on_and_never_was_pending(door: Door, plan: Hybrid) -> None:
    somebody = Subscriber(door, plan, "first@example.com")
    assert somebody.plan_told() == ["servicing_activated", "collection_current"]
    assert somebody.told(somebody.card_id, CARD) == ["activated", "servicing_activated", "collection_current"]
    cadence_id = "bc_test_" + somebody.cadence.id.rpartition("_")[2]
    (billed,) = door.v2.pages(f"/core/events?object_id={cadence_id}&types[0]=v2.billing.cadence.billed")
    (invoice,) = billed["data"]["invoices"]
    assert door.v1.get(f"/invoices/{invoice}")["total"] == 50_000
    snapshots = {one["type"] for one in door.v1.pages("/events") if one["data"]["object"].get("id") == invoice}
    assert {"invoice.created", "invoice.finalized", "invoice.paid"} <= snapshots


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (pause_agreement, ["servicing_paused", "collection_paused"]),
        (resume_agreement, ["servicing_activated", "collection_current"]),
        (cancel_agreement, ["servicing_canceled"]),
    ],
)
def test_each_change_of_service_is_told_once(door: Door, plan: Hybrid, act, told: list[str]) -> None:
    somebody = Subscriber(door, plan, f"{act.__name__}@example.com")
    if act is resume_agreement:
        pause_agreement(door.engine, agreement_id=somebody.agreement_id)
    before = len(somebody.plan_told())
    act(door.engine, agreement_id=somebody.agreement_id)
    assert somebody.plan_told()[before:] == told
    expected = [*(["canceled"] if act is cancel_agreement else []), *told]
    assert somebody.told(somebody.card_id, CARD)[-len(expected) :] == expected


def test_who_does_not_pay_is_past_due_then_unpaid_and_current_again_after_paying(plan: Hybrid) -> None:
    with new_door() as own:
        own.v2.post("/core/event_destinations", QUIET)
        policy = DunningPolicy((Duration(days=2),), Duration(days=5), at_end="mark_uncollectible")
        update_profile(own.engine, BUILT_IN_ID, dunning=policy)
        somebody = Subscriber(own, hybrid_plan(own.engine), "owing@example.com")
        add_card(own.engine, customer_id=somebody.customer.id, card=card(DECLINED_WHEN_CHARGED))
        somebody.go(days=30)
        assert somebody.plan_told()[2:] == ["collection_past_due"]
        somebody.go(days=12)
        assert somebody.plan_told()[3:] == ["servicing_paused", "collection_unpaid"]
        assert somebody.told(somebody.card_id, CARD)[-2:] == ["servicing_paused", "collection_unpaid"]
        add_card(own.engine, customer_id=somebody.customer.id, card=card())
        somebody.go(days=31)
        assert somebody.plan_told()[-1] == "collection_current"


def test_a_bank_that_wants_a_word_with_the_customer_is_told_as_such() -> None:
    with new_door() as own:
        own.v2.post("/core/event_destinations", QUIET)
        somebody = Subscriber(own, hybrid_plan(own.engine), "asked@example.com")
        add_card(own.engine, customer_id=somebody.customer.id, card=card(TO_CONFIRM_EACH_TIME))
        somebody.go(days=32)
        assert somebody.plan_told()[2:] == ["collection_awaiting_customer_action"]


def test_nothing_is_told_where_nobody_has_ever_used_this_door() -> None:
    with new_door() as own:
        subscribe(own.engine, customer_id=payer(own.engine).id, plan_key="pro_monthly")
        assert own.v1.pages("/events") == own.v2.pages("/core/events") == []
