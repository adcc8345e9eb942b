"""Renewals that fall due together are billed in one transaction, and each comes to what it would have come to alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases import renew_agreement
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.timer_handlers import TOGETHER
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, card, engine_on, events_of, payer

NAMES = ("ada", "bo", "cleo", "dan", "eve", "flo")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def populated(engine):
    """Put six customers on a plan, with usage, a coupon, a pause, a planned end and a card that will be declined."""
    create_coupon(engine, key="fifth", name="A fifth", percent_off=Decimal(20), duration="forever")
    customers = {name: payer(engine, f"{name}@example.com") for name in NAMES}
    agreements = {
        name: subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
        for name, customer in customers.items()
    }
    for number, name in enumerate(("ada", "bo", "cleo"), start=1):
        record_usage(engine, agreement_id=agreements[name].id, feature_key="ai_tokens", value=str(10_000 * number))
    apply_coupon(engine, agreement_id=agreements["bo"].id, coupon_key="fifth")
    add_card(engine, customer_id=customers["cleo"].id, card=card(DECLINED_WHEN_CHARGED))
    pause_agreement(engine, agreement_id=agreements["dan"].id)
    cancel_agreement(engine, agreement_id=agreements["eve"].id, timing="period_end")
    return customers


def story(engine, customers):
    """Return what became of each customer, without ids."""
    told = {}
    with engine.read() as tx:
        for name, customer in customers.items():
            told[name] = (
                [
                    (invoice.status, [(line.amount, line.period, line.quantity) for line in invoice.lines])
                    for invoice in sorted(tx.invoices.newest_of(customer.id), key=lambda one: one.number)
                ],
                [
                    (one.status, one.is_unpaid, one.billed_until)
                    for one in tx.agreements.list(customer_id=customer.id, live_only=False).items
                ],
                [(timer.kind, timer.due_at) for timer in tx.timers.of_customer(customer.id)],
                [(event.type, event.sequence) for event in tx.outbox.list(customer_id=customer.id)],
            )
    return told


def pending(tx, agreement, at):
    return PendingCharge(
        id=new_id("charge"),
        customer_id=agreement.customer_id,
        agreement=agreement,
        payment_method_id=tx.customers.find_payment_method(agreement.customer_id).id,
        lines=(),
        currency=agreement.currency,
        source="api",
        actor="api",
        started_at=at,
        lease_ends_at=at,
    )


def test_what_is_renewed_together_comes_to_what_it_comes_to_alone(engine, monkeypatch, caplog):
    customers = populated(engine)
    for _ in range(2):
        advance(engine, days=31)
        run_due(engine)
    together = story(engine, customers)
    assert "one by one" not in caplog.text

    monkeypatch.setattr("billing_sdk.server.usecases.run_due.TOGETHER", {})
    with engine_on(IN_MEMORY) as other:
        its_customers = populated(other)
        for _ in range(2):
            advance(other, days=31)
            run_due(other)
        assert story(other, its_customers) == together
    assert {status for status, _ in together["ada"][0]} == {"paid"}


def test_one_renewal_that_fails_holds_up_nobody_it_was_taken_with(engine, monkeypatch):
    customers = populated(engine)
    work_out = renew_agreement.next_invoice

    def fail_for_ada(tx, customer, agreement):
        if agreement.customer_id == customers["ada"].id:
            raise InvalidAmount("more than can be real")
        return work_out(tx, customer, agreement)

    monkeypatch.setattr(renew_agreement, "next_invoice", fail_for_ada)
    advance(engine, days=31)

    run_due(engine)

    told = story(engine, customers)
    assert [status for status, _ in told["ada"][0]] == ["paid"]
    assert [status for status, _ in told["bo"][0]] == ["paid", "paid"]
    assert "customer.agreement_renewed" not in events_of(engine, customers["ada"].id)
    monkeypatch.undo()
    advance(engine, hours=1)
    run_due(engine)
    assert [status for status, _ in story(engine, customers)["ada"][0]] == ["paid", "paid"]


def test_a_renewal_with_a_charge_under_way_is_left_to_be_run_alone(engine):
    customers = populated(engine)
    advance(engine, days=31)
    with engine.read() as tx:
        timers = [
            timer
            for customer in customers.values()
            for timer in tx.timers.of_customer(customer.id)
            if timer.kind == "renew"
        ]
    with engine.begin() as tx:
        tx.charges.add(pending(tx, tx.agreements.get(timers[0].subject_id), engine.now()))

    alone = TOGETHER["renew"](engine, timers)

    assert alone == (timers[0],)


def test_plans_without_usage_are_renewed_together_as_well(engine, caplog):
    for name in NAMES[:3]:
        subscribe(engine, customer_id=payer(engine, f"{name}@example.com").id, plan_key="pro_monthly")
    advance(engine, days=29)

    assert run_due(engine) >= 3

    assert "one by one" not in caplog.text
