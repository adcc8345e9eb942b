"""Seats, add-ons, plans that begin later, and what timers begin: collectable first, also by what Stripe alone knows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import CustomerNotCollectable
from billing_sdk.server.domain.catalog import Trial
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.link_payer import link_payer
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import add_add_on
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.stripe import Fault
from tests.contract.agreements import live, rows, sell
from tests.contract.konnect.door import door_of, fee, phase, sold
from tests.contract.stripe.links import payer_at, paying_by_stripe
from tests.contract.test_add_ons import add_on
from tests.engines import NOON, advance, payer

TRIAL = Trial(days=14, requires_payment_method=False)
CARD_OF_STRIPE = "pm_card_visa"


@pytest.fixture
def account(stripe_simulator):
    with paying_by_stripe(stripe_simulator) as found:
        sell(found[0], "team", flat=1_000, seat=700, seats=(1, 50))
        sell(found[0], "trial", flat=1_000, trial=TRIAL)
        add_on(found[0])
        yield found


@pytest.fixture
def engine(account):
    return account[0]


@pytest.fixture
def ada(account, stripe_simulator):
    """A customer whose card is known to Stripe alone, and is looked up there."""
    engine, link = account
    customer = payer(engine, number=None)
    link_payer(engine, customer_id=customer.id, payer_reference=payer_at(stripe_simulator, link))
    return customer


def lose_the_card(link, stripe_simulator):
    """Take away at Stripe what the customer is charged by there."""
    for customer in stripe_simulator.all("customer"):
        for method in link.client.v1.payment_methods.list({"customer": customer["id"]}).data:
            link.client.v1.payment_methods.detach(method.id)


def find_a_card(link, stripe_simulator):
    """Leave a card at Stripe, as a customer would in its portal."""
    for customer in stripe_simulator.all("customer"):
        method = link.client.v1.payment_methods.attach(CARD_OF_STRIPE, {"customer": customer["id"]})
        link.client.v1.customers.update(customer["id"], {"invoice_settings": {"default_payment_method": method.id}})


MORE = {
    "seats": lambda engine, one: set_quantity(engine, agreement_id=one.id, fee_key="seats", quantity=5),
    "seats, later": lambda engine, one: set_quantity(
        engine, agreement_id=one.id, fee_key="seats", quantity=5, timing="period_end"
    ),
    "an add-on": lambda engine, one: add_add_on(engine, agreement_id=one.id, plan_key="extra"),
    "a plan, later": lambda engine, one: subscribe(
        engine, customer_id=one.customer_id, plan_key="pro_monthly", options=ChangeOptions(timing="period_end")
    ),
    "a plan with an add-on": lambda engine, one: subscribe(
        engine, customer_id=one.customer_id, plan_key="free", options=ChangeOptions(add_ons={"extra": 1})
    ),
}


def test_more_is_refused_before_anything_is_written_where_stripe_has_nothing_to_charge(account, stripe_simulator, ada):
    engine, link = account
    agreement = subscribe(engine, customer_id=ada.id, plan_key="team")
    lose_the_card(link, stripe_simulator)
    before = rows(engine)
    for what, more in MORE.items():
        with pytest.raises(CustomerNotCollectable) as refused:
            more(engine, agreement)
        assert (what, refused.value.facts["reason"]) == (what, "no_payment_method")
        # That the card is gone is all that is kept.
        changed = {name for name, found in rows(engine).items() if found != before[name]}
        assert (what, changed) == (what, {"payment_methods"})
    find_a_card(link, stripe_simulator)
    assert MORE["seats"](engine, agreement).quantity_of("seats") == 5


def test_fewer_seats_ask_stripe_nothing(account, stripe_simulator, ada):
    engine, link = account
    agreement = subscribe(engine, customer_id=ada.id, plan_key="team", options=ChangeOptions(quantities={"seats": 5}))
    lose_the_card(link, stripe_simulator)
    assert set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=2).quantity_of("seats") == 2


def test_what_was_paused_goes_on_only_where_it_can_be_collected(account, stripe_simulator, ada):
    engine, link = account
    agreement = subscribe(engine, customer_id=ada.id, plan_key="team")
    pause_agreement(engine, agreement_id=agreement.id)
    lose_the_card(link, stripe_simulator)
    advance(engine, days=40)
    with pytest.raises(CustomerNotCollectable):
        resume_agreement(engine, agreement_id=agreement.id)
    find_a_card(link, stripe_simulator)
    assert resume_agreement(engine, agreement_id=agreement.id).status == "active"


def test_a_trial_ends_with_the_card_that_the_customer_has_left_at_stripe_meanwhile(account, stripe_simulator):
    engine, link = account
    customer = payer(engine, number=None)
    link_payer(engine, customer_id=customer.id, payer_reference=payer_at(stripe_simulator, link, card=None))
    subscribe(engine, customer_id=customer.id, plan_key="trial")
    find_a_card(link, stripe_simulator)
    advance(engine, days=15)
    run_due(engine)
    [paid] = stripe_simulator.all("invoice")
    assert (live(engine, customer).status, paid["status"], paid["total"]) == ("active", "paid", 1_000)


def test_a_trial_ends_without_a_plan_where_stripe_has_nothing_to_charge(account, stripe_simulator, ada):
    engine, link = account
    subscribe(engine, customer_id=ada.id, plan_key="trial")
    lose_the_card(link, stripe_simulator)
    advance(engine, days=15)
    run_due(engine)
    assert live(engine, ada) is None
    assert stripe_simulator.all("invoice") == []


def test_a_trial_goes_on_while_stripe_does_not_answer(engine, stripe_simulator, ada):
    subscribe(engine, customer_id=ada.id, plan_key="trial")
    stripe_simulator.faults.script([Fault("error_500", times=99)])
    advance(engine, days=15)
    run_due(engine)
    assert live(engine, ada).status == "trialing"
    stripe_simulator.faults.clear()
    advance(engine, hours=1)
    run_due(engine)
    assert live(engine, ada).status == "active"


def test_a_plan_that_was_to_begin_is_dropped_where_stripe_has_nothing_to_charge_by_then(account, stripe_simulator, ada):
    engine, link = account
    agreement = subscribe(engine, customer_id=ada.id, plan_key="free")
    subscribe(
        engine,
        customer_id=ada.id,
        plan_key="pro_monthly",
        options=ChangeOptions(timing=NOON + timedelta(days=5)),
    )
    lose_the_card(link, stripe_simulator)
    advance(engine, days=6)
    run_due(engine)
    assert (live(engine, ada).id, live(engine, ada).pending_change) == (agreement.id, None)


def test_a_subscription_of_the_konnect_door_leaves_nothing_where_it_is_refused(account, stripe_simulator):
    engine, link = account
    with door_of(engine) as door:
        pro, best = sold(door, "pro", phase(fee("29"))), sold(door, "best", phase(fee("99")))
        customer = door.made("/customers", {"key": "acme", "name": "Acme", "primary_email": "acme@example.com"})
        before = rows(engine)["konnect_extras"]
        wanted = {"customer": {"id": customer["id"]}, "plan": {"id": pro["id"]}}
        refused = door.call("POST", "/subscriptions", wanted, **{"idempotency-key": "once"})
        assert (refused.status, "payment method" in refused.body["detail"]) == (409, True)
        assert rows(engine)["konnect_extras"] == before
        at_stripe = payer_at(stripe_simulator, link)
        link_payer(engine, customer_id=id_from_ulid("customer", customer["id"]), payer_reference=at_stripe)
        made = door.made("/subscriptions", wanted)
        lose_the_card(link, stripe_simulator)
        before = rows(engine)["konnect_extras"]
        wanted = {"customer": {"id": customer["id"]}, "plan": {"id": best["id"]}, "timing": "immediate"}
        assert door.call("POST", f"/subscriptions/{made['id']}/change", wanted).status == 409
        assert rows(engine)["konnect_extras"] == before
