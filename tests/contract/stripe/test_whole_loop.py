"""The whole loop with Stripe: a plan is bought, renewed, not paid, paid after all, and partly paid back."""

from __future__ import annotations

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.gateways import SetupWanted
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.stripe import Fault
from tests.contract.stripe.links import paying_by_stripe
from tests.engines import advance, payer

HOME = "http://127.0.0.1:3000/done"
FEE = 2_900
PAY = "POST /v1/invoices/*/pay"


@pytest.fixture
def engine(stripe_simulator):
    with paying_by_stripe(stripe_simulator) as (opened, _):
        yield opened


@pytest.fixture
def ada(engine, stripe_simulator):
    """Somebody who has left a card at Stripe's checkout."""
    customer = payer(engine, number=None)
    session = begin_checkout(engine, customer_id=customer.id, wanted=SetupWanted("first", "hosted", HOME))
    stripe_simulator.complete_checkout(session.id, card="4242424242424242")
    finish_checkout(engine, session_id=session.id)
    return customer


def month(engine, simulator):
    """Let a month go by, on both sides."""
    simulator.clock.advance(days=31)
    advance(engine, days=31)
    run_due(engine)


def bills(engine, customer):
    with engine.read() as tx:
        return [(one.status, one.amount.minor) for one in tx.invoices.newest_of(customer.id, limit=9)[::-1]]


def at_stripe(simulator):
    return [(one["status"], one["total"]) for one in simulator.all("invoice")]


def received(simulator):
    return [one["amount_received"] for one in simulator.all("payment_intent") if one["status"] == "succeeded"]


def test_a_plan_is_paid_when_it_is_bought_and_each_month_after_that(engine, stripe_simulator, ada):
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    month(engine, stripe_simulator)
    assert bills(engine, ada) == at_stripe(stripe_simulator) == [("paid", FEE)] * 2
    assert received(stripe_simulator) == [FEE] * 2


def test_a_change_that_is_declined_changes_nothing_and_may_be_tried_again(engine, stripe_simulator, ada):
    stripe_simulator.faults.script([Fault("decline:insufficient_funds", match=PAY)])
    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert bills(engine, ada) == []
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert bills(engine, ada) == [("paid", FEE)]
    assert received(stripe_simulator) == [FEE]


def test_a_renewal_that_is_declined_is_paid_by_a_later_attempt_at_the_same_invoice(engine, stripe_simulator, ada):
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    stripe_simulator.faults.script([Fault("decline:insufficient_funds", match=PAY)])
    month(engine, stripe_simulator)
    assert bills(engine, ada)[1:] == [("issued", FEE)]
    assert at_stripe(stripe_simulator)[1:] == [("open", FEE)]
    advance(engine, days=3)
    run_due(engine)
    assert bills(engine, ada) == at_stripe(stripe_simulator) == [("paid", FEE)] * 2


@pytest.mark.parametrize("what", ["reset", "error_500", "error_500_after", "error_503"])
def test_a_renewal_whose_answer_is_lost_is_settled_once(engine, stripe_simulator, ada, what):
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    stripe_simulator.faults.script([Fault(what, match=PAY)])
    month(engine, stripe_simulator)
    advance(engine, hours=2)
    settle_left_over_charges(engine)
    assert bills(engine, ada) == at_stripe(stripe_simulator) == [("paid", FEE)] * 2
    assert received(stripe_simulator) == [FEE] * 2


def test_what_is_credited_goes_back_to_the_card(engine, stripe_simulator, ada):
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    with engine.read() as tx:
        [invoice] = tx.invoices.newest_of(ada.id, limit=1)
    credit_invoice(engine, invoice_id=invoice.id, wanted=Money(1_000, "USD"), reason="a mistake")
    assert [one["amount"] for one in stripe_simulator.all("refund")] == [1_000]
