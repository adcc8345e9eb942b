"""Renewals: what is billed when a period ends, whether the card works or not, whoever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage.tables.billing import payment_methods
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.renew_agreement import renew_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer, person
from tests.trip import Trip

FEE = 2_900


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def invoices_of(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=100)[::-1]


def bills(engine, customer):
    """Return the status and the amount of each invoice, the oldest first."""
    return [(invoice.status, invoice.amount.minor) for invoice in invoices_of(engine, customer)]


def stored(engine, agreement):
    with engine.read() as tx:
        return tx.agreements.get(agreement.id)


def payments_of(engine, customer):
    with engine.read() as tx:
        return [payment.status for payment in tx.invoices.list_payments(customer_id=customer.id).items]


def owed(engine, customer):
    with engine.read() as tx:
        at = engine.now_for(tx, tx.customers.get(customer.id))
        return changes_unpaid(tx, customer, at=at)


def renewal_of(engine, agreement) -> Timer:
    with engine.read() as tx:
        timer = tx.timers.find("renew", agreement.id)
    assert timer is not None
    return timer


def test_a_period_that_ends_is_followed_by_one_that_is_billed(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    advance(engine, days=28)
    assert run_due(engine) == 1

    renewed = stored(engine, agreement)
    first, second = invoices_of(engine, customer)
    assert bills(engine, customer) == [("paid", FEE), ("paid", FEE)]
    assert second.lines[0].period.start == first.lines[0].period.end == NOON + timedelta(days=28)
    assert (renewed.billed_until, renewed.is_unpaid) == (second.lines[0].period.end, False)
    assert renewal_of(engine, agreement).due_at == renewed.billed_until
    assert events_of(engine, customer.id)[-2:] == ["customer.agreement_renewed", "customer.payment_succeeded"]


def test_usage_is_charged_when_its_period_is_over(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
    advance(engine, days=28)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="7")

    run_due(engine)

    (line,) = [line for line in invoices_of(engine, customer)[-1].lines if line.kind == "usage"]
    assert (line.quantity, line.period.end) == (Decimal(10_000), NOON + timedelta(days=28))
    assert line.derivation["quantity"] == "10000"


@pytest.mark.attack(189)
def test_a_server_that_was_away_bills_each_period_by_itself(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    advance(engine, days=95)
    run_due(engine)

    starts = [f"{invoice.lines[0].period.start:%m-%d}" for invoice in invoices_of(engine, customer)]
    assert starts == ["01-31", "02-28", "03-31", "04-30"]


def test_a_free_plan_moves_on_without_an_invoice(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")

    advance(engine, days=28)
    run_due(engine)

    assert bills(engine, customer) == []
    assert stored(engine, agreement).billed_until > agreement.billed_until


def test_a_declined_renewal_leaves_the_invoice_open_and_is_asked_for_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    advance(engine, days=28)
    run_due(engine)

    assert bills(engine, customer) == [("paid", FEE), ("issued", FEE)]
    assert stored(engine, agreement).is_unpaid
    assert payments_of(engine, customer) == ["succeeded", "failed"]
    assert "customer.payment_failed" in events_of(engine, customer.id)

    (change,) = owed(engine, customer)
    with pytest.raises(CardDeclined):
        collect_pending(engine, customer_id=customer.id, terms=change.terms)
    add_card(engine, customer_id=customer.id, card=card())
    settled = collect_pending(engine, customer_id=customer.id, terms=change.terms)

    assert bills(engine, customer) == [("paid", FEE), ("paid", FEE)]
    assert (settled.is_unpaid, owed(engine, customer)) == (False, ())


def test_several_open_invoices_are_settled_one_after_the_other(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=60)
    run_due(engine)
    (change,) = owed(engine, customer)
    assert change.amount.minor == 2 * FEE

    add_card(engine, customer_id=customer.id, card=card())
    collect_pending(engine, customer_id=customer.id, terms=change.terms)

    assert bills(engine, customer) == [("paid", FEE)] * 3
    assert not stored(engine, agreement).is_unpaid


def test_what_was_invoiced_stays_owed_when_the_agreement_ends_and_keeps_nobody_out(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)
    run_due(engine)

    before = Trip(engine)
    before.sign_in()
    assert before.step == "payment"

    cancel_agreement(engine, agreement_id=agreement.id)

    assert [change.amount.minor for change in owed(engine, customer)] == [FEE]
    afterwards = Trip(engine)
    afterwards.sign_in()
    assert afterwards.step == "plans"


def test_a_plan_on_credit_is_billed_for_all_of_its_periods(engine):
    customer = payer(engine, number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")

    advance(engine, days=28)
    run_due(engine)

    (invoice,) = invoices_of(engine, customer)
    assert (invoice.status, invoice.amount.minor) == ("overdue", 2 * FEE)
    assert [line.period.start for line in invoice.lines] == [NOON, NOON + timedelta(days=28)]
    assert stored(engine, agreement).is_unpaid
    add_card(engine, customer_id=customer.id, card=card())
    (change,) = owed(engine, customer)
    collect_pending(engine, customer_id=customer.id, terms=change.terms)
    assert (bills(engine, customer), owed(engine, customer)) == ([("paid", 2 * FEE)], ())


@pytest.mark.parametrize("days", [0, 28])
def test_a_coupon_of_a_plan_on_credit_counts_when_its_first_period_is_billed(engine, days):
    customer = payer(engine, number=None)
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50))
    half = ChangeOptions(coupon_key="HALF")
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly", options=half)
    advance(engine, days=days)
    run_due(engine)
    add_card(engine, customer_id=customer.id, card=card())
    (change,) = owed(engine, customer)
    collect_pending(engine, customer_id=customer.id, terms=change.terms)

    advance(engine, days=31)
    run_due(engine)

    assert sum(amount for _, amount in bills(engine, customer)) == (FEE // 2 + FEE if days == 0 else FEE // 2 + 2 * FEE)
    assert {status for status, _ in bills(engine, customer)} == {"paid"}


def test_a_plan_on_credit_that_gives_back_what_was_paid_before_is_billed_for_its_first_period(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    with engine.begin() as tx:
        tx.agreements._connection.execute(delete(payment_methods))
    refund = ChangeOptions(is_prorate=True)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly", options=refund)

    advance(engine, days=28)
    run_due(engine)

    fees = [line for line in invoices_of(engine, customer)[-1].lines if line.kind == "licence_fee"]
    assert [line.amount.minor for line in fees] == [FEE, FEE]


@pytest.mark.parametrize(("credit", "charged"), [(1_000, [1_900]), (5_000, [])])
def test_a_plan_on_credit_is_paid_from_the_credit_balance_first(engine, credit, charged):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    with engine.begin() as tx:
        tx.credits.add(CreditEntry("credit_1", customer.id, Money(credit, "USD"), "unused_time", NOON))
    add_card(engine, customer_id=customer.id, card=card())

    (change,) = owed(engine, customer)
    settled = collect_pending(engine, customer_id=customer.id, terms=change.terms)

    with engine.read() as tx:
        payments = tx.invoices.list_payments(customer_id=customer.id).items
        balance = tx.credits.balance(customer.id, "USD").minor
    assert [payment.amount.minor for payment in payments] == charged
    assert (balance, settled.is_unpaid) == (max(0, credit - FEE), False)
    assert [line.amount.minor for line in invoices_of(engine, customer)[0].lines] == [FEE, -min(credit, FEE)]


def test_a_plan_on_credit_that_is_paid_late_is_not_billed_again_for_the_same_time(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card())
    advance(engine, days=40)
    (change,) = owed(engine, customer)
    collect_pending(engine, customer_id=customer.id, terms=change.terms)

    run_due(engine)

    assert bills(engine, customer) == [("paid", FEE)]


def test_an_agreement_that_has_ended_is_not_renewed(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    timer = renewal_of(engine, agreement)
    cancel_agreement(engine, agreement_id=agreement.id)
    with engine.begin() as tx:
        tx.timers.set("renew", agreement.id, timer.due_at, customer)

    advance(engine, days=28)
    run_due(engine)

    assert bills(engine, customer) == [("paid", FEE)]
    with engine.read() as tx:
        assert tx.timers.of_customer(customer.id) == ()


@pytest.mark.attack(190)
def test_two_workers_with_the_same_timer_bill_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=28)
    with engine.begin() as tx:
        taken = tx.timers.claim(now=engine.now(), leased_until=engine.now())
    assert taken is not None
    renew_agreement(engine, taken)

    assert run_due(engine) == 0
    with pytest.raises(Exception, match="somebody else's"):
        renew_agreement(engine, taken)

    assert bills(engine, customer) == [("paid", FEE), ("paid", FEE)]
    assert stored(engine, agreement).billed_until > taken.due_at


class Killed(BaseException):
    """A process dies where this is raised."""


@pytest.mark.attack(190)
@pytest.mark.parametrize("is_paid", [True, False])
def test_a_process_that_dies_before_the_answer_of_the_gateway_leaves_one_payment(engine, is_paid, monkeypatch):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    if not is_paid:
        add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(engine.gateway, "collect", die)
        with pytest.raises(Killed):
            run_due(engine)
    assert bills(engine, customer)[-1] == ("issued", FEE)

    advance(engine, minutes=2)
    settle_left_over_charges(engine)
    settle_left_over_charges(engine)
    run_due(engine)

    assert bills(engine, customer) == [("paid", FEE), ("paid" if is_paid else "issued", FEE)]
    assert payments_of(engine, customer) == ["succeeded", "succeeded" if is_paid else "failed"]
    assert stored(engine, agreement).is_unpaid is not is_paid


def test_a_gateway_out_of_reach_holds_up_no_renewal_and_is_asked_again(engine, monkeypatch):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=28)

    def unreachable(*_: object, **__: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(engine.gateway, "collect", unreachable)
        assert run_due(engine) == 1
    advance(engine, days=31)
    assert run_due(engine) == 1

    assert bills(engine, customer) == [("paid", FEE)] * 3


def test_a_version_that_takes_over_bills_usage_at_the_old_prices_and_fees_at_the_new(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
    with engine.begin() as tx:
        old = tx.catalog.get_version(agreement.plan_version_id)
        new = replace(old, id="version_new", number=old.number + 1)
        tx.catalog.add_version(new)
        tx.agreements.save(replace(agreement, next_version_id=new.id))

    advance(engine, days=28)
    run_due(engine)

    lines = invoices_of(engine, customer)[-1].lines
    assert {line.kind: line.plan_version_id for line in lines} == {"licence_fee": new.id, "usage": old.id}
    after = stored(engine, agreement)
    assert (after.plan_version_id, after.next_version_id) == (new.id, None)


def test_three_years_of_monthly_renewals_with_usage_come_to_what_they_should(engine):
    clock = create_clock(engine, at=NOON)
    customer = become_customer(
        engine, user_id=person(engine, "bo@example.com"), billing_email="bo@example.com", clock_id=clock.id
    )
    add_card(engine, customer_id=customer.id, card=card())
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    for _ in range(36):
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
        advance_clock(engine, clock.id, to=stored(engine, agreement).billed_until)

    invoices = invoices_of(engine, customer)
    usage = [line for invoice in invoices for line in invoice.lines if line.kind == "usage"]
    assert (len(invoices), {invoice.status for invoice in invoices}) == (37, {"paid"})
    assert [line.quantity for line in usage] == [Decimal(10_000)] * 36
    assert stored(engine, agreement).billed_until == NOON.replace(year=2029, month=2, day=28)
    assert [invoice.number for invoice in invoices] == [f"INV-{count:06d}" for count in range(1, 38)]
