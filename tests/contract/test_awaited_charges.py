"""Charges that wait for their outcome: how long, what ends that, and that money is taken once for one invoice."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing_sdk.cli.doctor import of_charges
from billing_sdk.errors import (
    AuthenticationRequired,
    GatewayUnreachable,
    PaymentPending,
)
from billing_sdk.money import Money
from billing_sdk.server.gateways import Awaited, Charge
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from tests.awaited import (
    ALWAYS,
    ONCE,
    Told,
    begin,
    charges_of,
    confirm,
    payments_of,
    plans_of,
    renewed,
    statuses_of,
)
from tests.engines import IN_MEMORY, advance, card, engine_on, events_of, payer, person


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_on(IN_MEMORY) as engine:
        yield engine


@pytest.fixture
def told() -> Iterator[Engine]:
    with engine_on(IN_MEMORY, gateway=Told()) as engine:
        yield engine


def test_a_change_that_is_confirmed_within_23_hours_happens(engine):
    customer_id = begin(engine)
    advance(engine, hours=22)
    settle_left_over_charges(engine)
    assert (plans_of(engine, customer_id), payments_of(engine, customer_id)) == ([], [])

    assert confirm(engine, customer_id) == "paid"
    assert plans_of(engine, customer_id) == ["pro_monthly"]
    assert payments_of(engine, customer_id) == ["succeeded 2900"]


def test_a_change_that_nobody_has_confirmed_for_23_hours_is_declined_and_its_bill_withdrawn(told):
    told.gateway.says = Awaited("authentication", url="https://bank.example/1")
    customer_id = begin(told)
    (charge,) = charges_of(told, customer_id)
    advance(told, hours=22.9)
    settle_left_over_charges(told)
    assert told.gateway.withdrawn == []
    advance(told, hours=0.1)
    settle_left_over_charges(told)

    assert told.gateway.withdrawn == [charge.id]
    assert payments_of(told, customer_id) == ["failed 2900 authentication_required"]
    assert (charges_of(told, customer_id), plans_of(told, customer_id)) == ((), [])


def test_asking_in_between_does_not_put_the_23_hours_off(engine):
    customer_id = begin(engine)
    for _ in range(3):
        advance(engine, hours=7)
        with pytest.raises(PaymentPending):
            subscribe(engine, customer_id=customer_id, plan_key="pro_monthly")
    advance(engine, hours=2)
    settle_left_over_charges(engine)
    assert charges_of(engine, customer_id) == ()


def test_an_outage_in_between_does_not_put_the_23_hours_off(told):
    told.gateway.says = Awaited("authentication", url="https://bank.example/1")
    customer_id = begin(told)
    since = told.now()
    told.gateway.says = GatewayUnreachable("nobody is there", retry_after_seconds=90)
    advance(told, hours=23)
    settle_left_over_charges(told)

    (charge,) = charges_of(told, customer_id)
    assert (charge.awaits.reason, charge.awaits.since) == ("authentication", since)
    assert charge.lease_ends_at == told.now() + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("asked", "waits"), [(None, [30, 30, 60, 120, 240]), (100, [100, 100, 200, 400, 800]), (7_200, [7_200, 7_200])]
)
def test_a_gateway_that_is_out_of_reach_rests_longer_each_time_and_as_long_as_it_asks_for(told, asked, waits):
    facts = {} if asked is None else {"retry_after_seconds": asked}
    told.gateway.says = GatewayUnreachable("nobody is there", **facts)
    customer = payer(told)
    with pytest.raises(GatewayUnreachable):
        subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    seen = []
    for wanted in waits:
        (charge,) = charges_of(told, customer.id)
        seen.append((charge.lease_ends_at - told.now()).total_seconds())
        advance(told, seconds=wanted - 1)
        asked_before = len(told.gateway.keys)
        settle_left_over_charges(told)
        assert len(told.gateway.keys) == asked_before
        advance(told, seconds=1)
        settle_left_over_charges(told)
    assert seen == waits
    assert set(told.gateway.keys) == {charge.id}


def test_a_round_in_which_nothing_can_be_learnt_is_one_line_of_the_log(told, caplog):
    told.gateway.says = GatewayUnreachable("nobody is there")
    for name in ("ada", "bea", "cai"):
        customer = payer(told, f"{name}@example.com")
        with pytest.raises(GatewayUnreachable):
            subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    advance(told, minutes=1)
    caplog.set_level(logging.INFO)
    settle_left_over_charges(told)

    said = [one for one in caplog.records if one.name.startswith("billing_sdk.server.usecases")]
    assert [one.getMessage() for one in said] == ["3 of 3 charges left over are still open (GatewayUnreachable 3)"]
    assert [one.exc_info for one in said] == [None]


def test_an_outcome_that_is_late_is_learnt_by_asking_again_and_paid_for_once(told):
    told.gateway.says = Awaited("processing")
    customer_id = begin(told, "4242424242424242")
    for hours in (1, 1, 6, 24):
        advance(told, hours=hours)
        settle_left_over_charges(told)
    told.gateway.says = None
    advance(told, days=1)
    settle_left_over_charges(told)
    settle_left_over_charges(told)

    assert len(set(told.gateway.keys)) == 1
    assert payments_of(told, customer_id) == ["succeeded 2900"]
    assert (plans_of(told, customer_id), statuses_of(told, customer_id)) == (["pro_monthly"], ["paid"])


def test_two_workers_that_learn_the_same_outcome_record_it_once(told):
    told.gateway.says = Awaited("processing")
    customer_id = begin(told, "4242424242424242")
    told.gateway.says = None
    advance(told, hours=1)
    answered, collect = [], told.gateway.collect

    def both(bill, *, idempotency_key):
        answer = collect(bill, idempotency_key=idempotency_key)
        if not answered:
            answered.append(answer)
            settle_left_over_charges(told)  # the other worker, before this one can record what it has heard
        return answer

    told.gateway.collect = both
    settle_left_over_charges(told)

    assert payments_of(told, customer_id) == ["succeeded 2900"]
    assert statuses_of(told, customer_id) == ["paid"]


def test_another_amount_than_was_asked_for_pays_nothing_and_is_in_the_audit_once(told):
    told.gateway.says = Charge("pi_1", Money(1, "USD"))
    customer = payer(told)
    with pytest.raises(PaymentPending):
        subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    for _ in range(3):
        advance(told, days=2)
        settle_left_over_charges(told)
    with pytest.raises(PaymentPending):
        subscribe(told, customer_id=customer.id, plan_key="enterprise_monthly")

    assert (plans_of(told, customer.id), payments_of(told, customer.id)) == ([], [])
    assert told.gateway.withdrawn == []
    with told.read() as tx:
        (charge,) = tx.charges.of_customer(customer.id)
        assert [one["action"] for one in tx.audit.of(charge.id)].count("payment.mismatch") == 1


def test_an_invoice_of_which_another_amount_was_taken_is_settled_by_hand(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    told.gateway.says = Charge("pi_1", Money(1, "USD"))
    advance(told, days=28)
    run_due(told)
    with told.read() as tx:
        assert tx.charges.waiting_reasons() == {"mismatch": 1}
        (owed,) = tx.invoices.owed_by(customer.id)
    assert [found.mark for found in of_charges({"mismatch": 1, "processing": 2})] == ["wrong", "look"]
    assert pay_by_other_means(told, owed.id, reference="pi_1").status == "paid"
    assert charges_of(told, customer.id) == ()


def test_a_payment_that_the_bank_works_at_is_not_settled_by_hand(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    told.gateway.says = Awaited("processing")
    advance(told, days=28)
    run_due(told)
    with told.read() as tx:
        (owed,) = tx.invoices.owed_by(customer.id)
    with pytest.raises(PaymentPending):
        pay_by_other_means(told, owed.id)


def test_an_invoice_that_the_bank_works_at_holds_up_no_later_one(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    told.gateway.says = Awaited("processing")
    for _ in range(2):
        advance(told, days=31)
        run_due(told)
    assert statuses_of(told, customer.id) == ["issued", "issued", "paid"]
    assert len(charges_of(told, customer.id)) == 2
    told.gateway.says = None
    advance(told, days=1)
    settle_left_over_charges(told)
    assert statuses_of(told, customer.id) == ["paid", "paid", "paid"]
    assert payments_of(told, customer.id) == ["succeeded 2900"] * 3


def test_the_time_to_confirm_is_that_of_the_customers_clock(engine):
    clock = create_clock(engine, at=engine.now())
    user_id = person(engine)
    customer = become_customer(engine, user_id=user_id, billing_email="ada@example.com", clock_id=clock.id)
    add_card(engine, customer_id=customer.id, card=card(ALWAYS))
    with pytest.raises(AuthenticationRequired):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    confirm(engine, customer.id)
    advance_clock(engine, clock.id, by=timedelta(days=29))
    assert len(charges_of(engine, customer.id)) == 1
    advance_clock(engine, clock.id, by=timedelta(days=40))

    assert payments_of(engine, customer.id)[:2] == ["succeeded 2900", "failed 2900 authentication_required"]


def test_a_renewal_that_waits_leaves_the_invoice_owed_and_says_where_it_is_confirmed(engine):
    customer_id = renewed(engine)

    (charge,) = charges_of(engine, customer_id)
    assert statuses_of(engine, customer_id) == ["issued", "paid"]
    assert events_of(engine, customer_id).count("customer.payment_action_required") == 2
    with engine.read() as tx:
        told = [e for e in tx.outbox.list(customer_id=customer_id) if e.type == "customer.payment_action_required"]
    assert told[-1].data["url"] == charge.awaits.url
    assert confirm(engine, customer_id) == "paid"
    assert statuses_of(engine, customer_id) == ["paid", "paid"]
    assert payments_of(engine, customer_id) == ["succeeded 2900", "succeeded 2900"]


def test_a_renewal_that_the_bank_refuses_because_nobody_is_there_says_where_it_is_confirmed(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    told.gateway.says = AuthenticationRequired("nobody is there", url="https://bank.example/1")
    advance(told, days=28)
    run_due(told)

    with told.read() as tx:
        events = [e for e in tx.outbox.list(customer_id=customer.id) if e.type == "customer.payment_action_required"]
    assert [event.data["url"] for event in events] == ["https://bank.example/1"]
    assert payments_of(told, customer.id)[1:] == ["failed 2900 authentication_required"]
    assert charges_of(told, customer.id) == ()


def test_a_renewal_that_nobody_confirms_is_declined_and_chased(engine):
    customer_id = renewed(engine)
    advance(engine, hours=23)
    settle_left_over_charges(engine)

    assert payments_of(engine, customer_id)[-1] == "failed 2900 authentication_required"
    assert statuses_of(engine, customer_id) == ["issued", "paid"]
    assert "customer.payment_failed" in events_of(engine, customer_id)


def test_a_card_that_was_confirmed_once_is_charged_without_its_holder(engine):
    customer = payer(engine, number=ONCE)
    with pytest.raises(AuthenticationRequired):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    confirm(engine, customer.id)
    advance(engine, days=28)
    run_due(engine)
    assert statuses_of(engine, customer.id) == ["paid", "paid"]


def test_an_owed_invoice_is_paid_by_another_card_while_the_first_one_waits(engine):
    customer_id = renewed(engine)
    with engine.read() as tx:
        (owed,) = tx.invoices.owed_by(customer_id)
    with pytest.raises(AuthenticationRequired) as waits:
        pay_now(engine, invoice_id=owed.id)
    assert waits.value.facts["url"] == charges_of(engine, customer_id)[0].awaits.url
    add_card(engine, customer_id=customer_id, card=card())

    assert pay_now(engine, invoice_id=owed.id).status == "paid"
    assert payments_of(engine, customer_id)[1:] == ["failed 2900 authentication_required", "succeeded 2900"]
