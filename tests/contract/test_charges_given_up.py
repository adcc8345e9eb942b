"""Charges that are waited for and not wanted any more: what they hold is given back, and nobody pays for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingError,
    CardDeclined,
    Conflict,
    GatewayRefused,
    GatewayUnreachable,
    NotFound,
    PaymentPending,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.gateways import Awaited
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.collect_charge import collect_charge
from billing_sdk.server.usecases.confirm_payment import confirm_payment, find_question
from billing_sdk.server.usecases.confirmations import DatabaseConfirmations
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.preview_change import preview_change
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from tests.awaited import (
    ALWAYS,
    Told,
    begin,
    charges_of,
    confirm,
    live,
    payments_of,
    plans_of,
    renewed,
    statuses_of,
    upgrade,
)
from tests.engines import IN_MEMORY, advance, card, engine_on, payer


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_on(IN_MEMORY) as engine:
        yield engine


@pytest.fixture
def told() -> Iterator[Engine]:
    with engine_on(IN_MEMORY, gateway=Told()) as engine:
        yield engine


@pytest.mark.parametrize("timing", ["now", "period_end"])
def test_cancelling_gives_up_an_upgrade_that_is_waited_for(engine, timing):
    customer_id = upgrade(engine)
    (charge,) = charges_of(engine, customer_id)
    cancel_agreement(engine, agreement_id=live(engine, customer_id), timing=timing)

    assert charges_of(engine, customer_id) == ()
    assert confirm_payment(engine, charge.awaits.url.rpartition("/")[2], is_confirmed=True) == "over"
    assert payments_of(engine, customer_id) == []
    assert "pro_monthly" not in plans_of(engine, customer_id)


def test_cancelling_gives_up_the_attempt_at_a_renewal_whose_invoice_stays_owed(engine):
    customer_id = renewed(engine)
    cancel_agreement(engine, agreement_id=live(engine, customer_id))

    assert (plans_of(engine, customer_id), charges_of(engine, customer_id)) == ([], ())
    assert "issued" in statuses_of(engine, customer_id)


def test_what_was_paid_while_somebody_cancels_has_happened(told):
    told.gateway.says = None
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="free")
    told.gateway.says = Awaited("processing")
    with pytest.raises(PaymentPending):
        subscribe(told, customer_id=customer.id, plan_key="pro_monthly")

    def withdraw(bill_id):
        told.gateway.says = None  # the bank was faster
        raise Conflict("it was paid meanwhile")

    told.gateway.withdraw = withdraw
    with suppress(BillingError):
        cancel_agreement(told, agreement_id=live(told, customer.id))

    assert plans_of(told, customer.id) == ["pro_monthly"]
    assert payments_of(told, customer.id) == ["succeeded 2900"]


def test_what_the_processor_can_not_take_back_stands_in_the_way(told):
    told.gateway.says = Awaited("processing")
    customer_id = begin(told, "4242424242424242")
    told.gateway.withdrawal = GatewayRefused("the bank is at it")
    with pytest.raises(PaymentPending):
        subscribe(told, customer_id=customer_id, plan_key="enterprise_monthly")
    assert len(charges_of(told, customer_id)) == 1


def test_a_preview_of_another_plan_counts_on_the_place_of_a_change_that_waits(engine):
    customer_id = upgrade(engine)
    shown = preview_change(engine, customer_id=customer_id, plan_key="enterprise_monthly")
    with pytest.raises(PaymentPending):
        preview_change(engine, customer_id=customer_id, plan_key="pro_monthly")
    assert len(charges_of(engine, customer_id)) == 1

    with pytest.raises(AuthenticationRequired):
        subscribe(engine, customer_id=customer_id, plan_key="enterprise_monthly", terms=shown.terms)
    (charge,) = charges_of(engine, customer_id)
    assert charge.amount == shown.amount


def test_a_preview_does_not_count_on_what_a_waiting_change_holds_or_a_bank_is_at(told):
    told.gateway.says = Awaited("processing")
    customer_id = begin(told, "4242424242424242")
    with pytest.raises(PaymentPending):
        preview_change(told, customer_id=customer_id, plan_key="enterprise_monthly")
    told.gateway.says = None
    holding = payer(told, "held@example.com", number=ALWAYS)
    with told.begin() as tx:
        held = CreditEntry("credit_1", holding.id, Money(500, "USD"), "unused_time", told.now_for(tx, holding))
        tx.credits.add(held)
    with pytest.raises(AuthenticationRequired):
        subscribe(told, customer_id=holding.id, plan_key="pro_monthly")
    with pytest.raises(PaymentPending):
        preview_change(told, customer_id=holding.id, plan_key="enterprise_monthly")


def test_an_invoice_that_the_bank_works_at_keeps_nobody_from_leaving_later(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="pro_monthly")
    told.gateway.says = Awaited("processing")
    advance(told, days=28)
    run_due(told)
    ending = cancel_agreement(told, agreement_id=live(told, customer.id), timing="period_end")

    assert ending.cancel_at is not None
    assert len(charges_of(told, customer.id)) == 1
    assert told.gateway.withdrawn == []


def test_an_invoice_that_the_bank_works_at_keeps_nobody_from_leaving_now(told):
    customer = payer(told)
    subscribe(told, customer_id=customer.id, plan_key="enterprise_monthly")
    agreement_id = live(told, customer.id)
    told.gateway.says = Awaited("processing")
    advance(told, days=28)
    run_due(told)
    record_usage(told, agreement_id=agreement_id, feature_key="ai_tokens", value="9000000")
    cancel_agreement(told, agreement_id=agreement_id, is_invoice_now=True)

    assert plans_of(told, customer.id) == []
    assert [charge.awaits.reason for charge in charges_of(told, customer.id)] == ["processing", "processing"]


def test_another_plan_takes_the_place_of_one_that_is_waited_for(engine):
    customer_id = begin(engine)
    subscribe(engine, customer_id=customer_id, plan_key="free")

    assert plans_of(engine, customer_id) == ["free"]
    assert (charges_of(engine, customer_id), payments_of(engine, customer_id)) == ((), [])


def test_another_card_takes_the_place_of_one_whose_payment_is_waited_for(engine):
    customer_id = begin(engine)
    with pytest.raises(PaymentPending) as waits:
        subscribe(engine, customer_id=customer_id, plan_key="pro_monthly")
    assert waits.value.facts["url"] == charges_of(engine, customer_id)[0].awaits.url
    add_card(engine, customer_id=customer_id, card=card())
    subscribe(engine, customer_id=customer_id, plan_key="pro_monthly")

    assert payments_of(engine, customer_id) == ["succeeded 2900"]


def test_what_a_change_has_held_is_given_back_when_it_is_given_up(engine):
    create_coupon(engine, key="ONCE", name="Once", percent_off=Decimal(50), max_redemptions=1)
    customer_id = begin(engine, coupon_key="ONCE")
    with engine.read() as tx:
        assert tx.coupons.get("ONCE").redeemed == 1
    subscribe(engine, customer_id=customer_id, plan_key="free")

    with engine.read() as tx:
        assert tx.coupons.get("ONCE").redeemed == 0
        assert tx.charges.of_customer(customer_id) == ()


def test_nobody_pays_for_an_account_that_is_deleted(engine):
    customer_id = begin(engine)
    (charge,) = charges_of(engine, customer_id)
    with engine.read() as tx:
        user_id = tx.customers.get(customer_id).user_id
    delete_user(engine, user_id=user_id)

    assert charges_of(engine, customer_id) == ()
    assert confirm_payment(engine, charge.awaits.url.rpartition("/")[2], is_confirmed=True) == "over"
    assert payments_of(engine, customer_id) == []


@pytest.mark.parametrize("is_declined_late", [False, True])
def test_a_top_up_that_is_not_paid_in_the_end_leaves_nothing_owed(engine, is_declined_late):
    customer = payer(engine, number=ALWAYS)
    with pytest.raises(AuthenticationRequired):
        top_up_credit(engine, customer_id=customer.id, amount=Money(500, "USD"))
    assert statuses_of(engine, customer.id) == ["issued"]
    if is_declined_late:
        advance(engine, hours=23)
        settle_left_over_charges(engine)
    else:
        assert confirm(engine, customer.id, is_confirmed=False) == "refused"

    assert statuses_of(engine, customer.id) == ["void"]
    with engine.read() as tx:
        assert tx.invoices.owed_by(customer.id) == ()
        assert tx.grants.awaiting_payment(customer.id) == ()


def test_a_top_up_is_there_once_it_was_confirmed(engine):
    customer = payer(engine, number=ALWAYS)
    with pytest.raises(AuthenticationRequired):
        top_up_credit(engine, customer_id=customer.id, amount=Money(500, "USD"))
    assert confirm(engine, customer.id) == "paid"
    with engine.read() as tx:
        assert [grant.left.minor for grant in tx.grants.unused_of(customer.id)] == [500]


def test_a_card_that_is_declined_after_its_holder_has_confirmed_changes_nothing(engine):
    customer_id = begin(engine, "4000008400001629")
    assert confirm(engine, customer_id) == "refused"
    assert payments_of(engine, customer_id) == ["failed 2900 generic_decline"]
    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=customer_id, plan_key="pro_monthly")


def test_the_first_answer_counts_whoever_gives_it(engine):
    customer_id = begin(engine)
    (charge,) = charges_of(engine, customer_id)
    with engine.begin() as tx:
        assert [tx.confirmations.answer(charge.id, said, at=engine.now()) for said in ("failed", "confirmed")] == [
            True,
            False,
        ]
    settle_left_over_charges(engine)
    assert plans_of(engine, customer_id) == []


def test_the_page_of_an_answer_that_could_not_be_carried_out_asks_nothing_any_more(engine):
    customer_id = begin(engine)
    (charge,) = charges_of(engine, customer_id)
    reference = charge.awaits.url.rpartition("/")[2]
    with engine.begin() as tx:  # the process died before it could collect what was confirmed
        tx.confirmations.answer(charge.id, "confirmed", at=engine.now())
    assert find_question(engine, reference) is None
    assert confirm_payment(engine, reference, is_confirmed=False) == "over"
    with pytest.raises(NotFound):
        find_question(engine, reference[:-1])

    advance(engine, hours=23)
    settle_left_over_charges(engine)
    assert plans_of(engine, customer_id) == ["pro_monthly"]


def test_an_answer_whose_process_dies_is_carried_out_within_minutes():
    with engine_on(IN_MEMORY, gateway=Told()) as engine:
        customer = payer(engine, number=ALWAYS)
        engine.gateway._confirmations = DatabaseConfirmations(engine.database, engine.clock)
        with pytest.raises(AuthenticationRequired):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        engine.gateway.says = GatewayUnreachable("the process dies before it can be asked")
        assert confirm(engine, customer.id) == "pending"
        engine.gateway.says = None
        advance(engine, minutes=2)
        settle_left_over_charges(engine)
        assert plans_of(engine, customer.id) == ["pro_monthly"]


def test_a_charge_whose_attempt_was_given_up_pays_its_invoice_all_the_same(engine):
    customer_id = renewed(engine)
    (charge,) = charges_of(engine, customer_id)
    with engine.begin() as tx:
        tx.confirmations.answer(charge.id, "confirmed", at=engine.now())
        tx.charges.remove(charge.id)  # somebody else has given it up while the bank was asked
    collect_charge(engine, charge)
    collect_charge(engine, charge)
    assert statuses_of(engine, customer_id) == ["paid", "paid"]
    assert payments_of(engine, customer_id) == ["succeeded 2900", "succeeded 2900"]
