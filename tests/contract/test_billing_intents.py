"""Billing intents: a change is written down, reserved, and made with one invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementReserved,
    IntentExpired,
    IntentPaymentRequired,
    InvalidIntentStatus,
    PaymentIntentAmountInvalid,
    PaymentIntentCustomerInvalid,
    PaymentIntentStatusInvalid,
    PaymentNotRequired,
    PriceChanged,
    UnknownPaymentIntent,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import ApplyDiscount, Deactivate, EffectiveAt, RemoveDiscount
from billing_sdk.server.domain.collection import BUILT_IN_ID, Supplier, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate
from billing_sdk.server.usecases.payment_intents import create_payment_intent
from billing_sdk.server.usecases.reserve_intent import cancel_intent, release_intent, reserve_intent
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.update_customer import update_customer
from tests.contract.agreements import balance_of, bills
from tests.contract.intents import (
    charged_by_card,
    commit,
    draft,
    last_invoice,
    modified,
    offer,
    pay,
    reserve,
    sent_to,
    subscription,
    to,
)
from tests.engines import IN_MEMORY, advance, engine_on


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def test_several_plans_are_subscribed_to_with_one_invoice(engine):
    gold, seats = offer(engine, "gold", 3_000), offer(engine, "seats", 1_000, seat=500)
    customer, cadence = sent_to(engine)
    drafted = draft(engine, cadence, to(gold), to(seats, quantities={"seats": 4}))
    assert (drafted.status, drafted.amounts.due.minor) == ("draft", 3_000 + 1_000 + 2_000)
    assert bills(engine, customer) == []
    reserved = reserve_intent(engine, intent_id=drafted.id)
    assert (reserved.status, reserved.amounts) == ("reserved", drafted.amounts)
    committed = commit_intent(engine, intent_id=drafted.id)
    assert committed.status == "committed"
    assert bills(engine, customer) == [("issued", 6_000)]
    assert last_invoice(engine, customer).billing_cadence_id == cadence.id
    advance(engine, days=31)
    run_due(engine)
    assert bills(engine, customer) == [("overdue", 6_000), ("issued", 6_000)]


def test_what_is_subscribed_to_in_the_middle_of_a_period_is_charged_for_the_rest_or_not_until_the_next_one(engine):
    gold, free = offer(engine, "gold", 3_100), offer(engine, "later", 2_800)
    customer, cadence = sent_to(engine)
    advance(engine, days=14)
    commit(engine, cadence, to(gold), to(free, charges_partial=False))
    assert bills(engine, customer) == [("issued", 1_550)]


def test_it_takes_effect_at_the_start_of_the_period_where_that_is_asked_for(engine):
    gold = offer(engine, "gold", 3_100)
    customer, cadence = sent_to(engine)
    advance(engine, days=14)
    act = to(gold, effective_at=EffectiveAt("current_billing_period_start"))
    commit(engine, cadence, act)
    assert subscription(engine, act.agreement_id).started_at == cadence.anchor
    assert bills(engine, customer) == [("issued", 3_100)]


def test_a_subscription_keeps_its_id_when_it_goes_over_to_another_version(engine):
    gold = offer(engine, "gold", 3_100, 6_200)
    _, cadence = sent_to(engine)
    act = to(gold, number=1)
    commit(engine, cadence, act)
    advance(engine, days=14)
    collected = modified(act.agreement_id, gold, number=2, collect_at="on_effective_at")
    reserved = reserve(engine, cadence, collected)
    commit_intent(engine, intent_id=reserved.id)
    after = subscription(engine, act.agreement_id)
    assert (after.plan_version_id, after.subscription_id) == ("version_gold_2", act.agreement_id)
    assert reserved.amounts.due.minor == 3_100 - 1_550


def test_a_subscription_goes_over_to_another_plan(engine):
    gold, other = offer(engine, "gold", 3_100), offer(engine, "other", 6_200)
    customer, cadence = sent_to(engine)
    act = to(gold)
    commit(engine, cadence, act)
    commit(engine, cadence, modified(act.agreement_id, other, collect_at="on_effective_at"))
    assert subscription(engine, act.agreement_id).plan_key == "other"
    with engine.read() as tx:
        assert [one.plan_key for one in tx.agreements.live_of(customer.id)] == ["other"]


def test_other_numbers_are_charged_with_the_next_invoice_unless_at_once_is_asked_for(engine):
    seats = offer(engine, "seats", 1_000, seat=500)
    customer, cadence = sent_to(engine)
    act = to(seats, quantities={"seats": 1})
    commit(engine, cadence, act)
    later = reserve(engine, cadence, modified(act.agreement_id, seats, quantities={"seats": 3}))
    assert later.amounts.due.minor == 0
    commit_intent(engine, intent_id=later.id)
    assert bills(engine, customer) == [("issued", 1_500)]
    commit(engine, cadence, modified(act.agreement_id, seats, quantities={"seats": 4}, collect_at="on_effective_at"))
    assert ("issued", 500) in bills(engine, customer)
    advance(engine, days=31)
    run_due(engine)
    assert bills(engine, customer)[-1] == ("issued", 1_000 + 2_000 + 1_000)


def test_a_subscription_ends_now_with_what_was_used_or_at_the_end_of_the_period(engine):
    gold, other = offer(engine, "gold", 3_100), offer(engine, "other", 3_100)
    customer, cadence = sent_to(engine)
    first, second = to(gold), to(other)
    commit(engine, cadence, first, second)
    advance(engine, days=14)
    ends = Deactivate(first.agreement_id, gives_back=True)
    waits = Deactivate(second.agreement_id, EffectiveAt("current_billing_period_end"))
    commit(engine, cadence, ends, waits)
    assert subscription(engine, first.agreement_id).status == "cancelled"
    assert balance_of(engine, customer) == 1_550
    assert subscription(engine, second.agreement_id).cancel_at == cadence.schedule.period_at(engine.now()).end
    advance(engine, days=31)
    run_due(engine)
    assert subscription(engine, second.agreement_id).status == "cancelled"


def test_while_it_is_reserved_nobody_else_changes_what_it_is_about(engine):
    gold = offer(engine, "gold", 3_100, 6_200)
    _, cadence = sent_to(engine)
    act = to(gold, number=1)
    commit(engine, cadence, act)
    reserved = reserve(engine, cadence, Deactivate(act.agreement_id))
    other = draft(engine, cadence, modified(act.agreement_id, gold, number=2))
    for refused in (
        lambda: reserve_intent(engine, intent_id=other.id),
        lambda: cancel_agreement(engine, agreement_id=act.agreement_id),
        lambda: change_plan(engine, customer_id=cadence.customer_id, plan_key="gold"),
    ):
        with pytest.raises(AgreementReserved):
            refused()
    release_intent(engine, intent_id=reserved.id)
    assert reserve_intent(engine, intent_id=other.id).status == "reserved"


def test_a_draft_lasts_for_a_day(engine):
    gold = offer(engine, "gold", 3_100)
    _, cadence = sent_to(engine)
    drafted = draft(engine, cadence, to(gold))
    advance(engine, hours=24, seconds=1)
    with pytest.raises(IntentExpired):
        reserve_intent(engine, intent_id=drafted.id)
    assert cancel_intent(engine, intent_id=drafted.id).status == "canceled"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("", "release"),
        ("", "commit"),
        ("reserve", "reserve"),
        ("reserve commit", "cancel"),
        ("reserve commit", "release"),
        ("reserve commit", "commit"),
        ("cancel", "reserve"),
        ("cancel", "cancel"),
    ],
)
def test_only_what_its_status_allows_happens_to_an_intent(engine, first, then):
    verbs = {"reserve": reserve_intent, "release": release_intent, "commit": commit_intent, "cancel": cancel_intent}
    gold = offer(engine, "gold", 3_100)
    _, cadence = sent_to(engine)
    drafted = draft(engine, cadence, to(gold))
    for verb in first.split():
        verbs[verb](engine, intent_id=drafted.id)
    with pytest.raises(InvalidIntentStatus):
        verbs[then](engine, intent_id=drafted.id)


def test_what_is_collected_from_a_card_is_paid_before_it_is_committed_to_the_cent_and_by_nobody_else(engine):
    gold = offer(engine, "gold", 3_100)
    customer, cadence = charged_by_card(engine)
    other, _ = charged_by_card(engine, "grace@example.com")
    reserved = reserve(engine, cadence, to(gold))
    create_payment_intent(engine, customer_id=customer.id, amount=Money(3_100, "USD"))
    refusals = {
        IntentPaymentRequired: None,
        UnknownPaymentIntent: "intentpayment_" + 32 * "0",
        PaymentIntentAmountInvalid: pay(engine, customer, 3_099),
        PaymentIntentCustomerInvalid: pay(engine, other, 3_100),
        PaymentIntentStatusInvalid: create_payment_intent(
            engine, customer_id=customer.id, amount=Money(3_100, "USD")
        ).id,
    }
    for refusal, payment_intent_id in refusals.items():
        with pytest.raises(refusal):
            commit_intent(engine, intent_id=reserved.id, payment_intent_id=payment_intent_id)
    assert bills(engine, customer) == []
    paid_by = pay(engine, customer, 3_100)
    commit_intent(engine, intent_id=reserved.id, payment_intent_id=paid_by)
    assert bills(engine, customer) == [("paid", 3_100)]


def test_nothing_is_paid_before_it_where_the_invoice_is_sent_or_nothing_is_due(engine):
    gold, free = offer(engine, "gold", 3_100), offer(engine, "nothing", 0)
    customer, cadence = charged_by_card(engine)
    paid_by = pay(engine, customer, 3_100)
    nothing = reserve(engine, cadence, to(free))
    with pytest.raises(PaymentNotRequired):
        commit_intent(engine, intent_id=nothing.id, payment_intent_id=paid_by)
    commit_intent(engine, intent_id=nothing.id)
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    sent = reserve(engine, cadence, to(gold))
    with pytest.raises(PaymentNotRequired):
        commit_intent(engine, intent_id=sent.id, payment_intent_id=paid_by)


def test_a_discount_is_taken_off_everything_that_the_cadence_bills_until_it_is_removed(engine):
    gold, late = offer(engine, "gold", 3_000), offer(engine, "late", 1_000)
    customer, cadence = sent_to(engine)
    rule = ApplyDiscount(new_id("discountrule"), Decimal(10))
    applied = commit(engine, cadence, to(gold), rule, to(late))
    assert (applied.amounts.subtotal.minor, applied.amounts.discount.minor) == (4_000, 400)
    advance(engine, days=31)
    run_due(engine)
    assert last_invoice(engine, customer).amount.minor == 3_600
    commit(engine, cadence, RemoveDiscount(rule.rule_id))
    advance(engine, days=31)
    run_due(engine)
    assert last_invoice(engine, customer).amount.minor == 4_000


@pytest.mark.parametrize("is_first", [True, False])
def test_a_rule_counts_for_all_of_its_intent_wherever_it_stands_in_the_list(engine, is_first):
    gold, seats = offer(engine, "gold", 3_000), offer(engine, "seats", 1_000, seat=500)
    small, large = offer(engine, "small", 1_000), offer(engine, "large", 5_000)
    customer, cadence = sent_to(engine)
    stays, moves = to(seats, quantities={"seats": 1}), to(small)
    commit(engine, cadence, stays, moves)
    changes = (
        to(gold),
        modified(stays.agreement_id, seats, quantities={"seats": 3}, collect_at="on_effective_at"),
        modified(moves.agreement_id, large, collect_at="on_effective_at"),
    )
    rule = ApplyDiscount(new_id("discountrule"), Decimal(50))
    commit(engine, cadence, *((rule, *changes) if is_first else (*changes, rule)))
    # Half of what is new, and all of what was billed at its full price before.
    assert last_invoice(engine, customer).amount.minor == (3_000 + 2 * 500 + 5_000) // 2 - 1_000
    advance(engine, days=31)
    run_due(engine)
    assert last_invoice(engine, customer).amount.minor == (3_000 + 1_000 + 3 * 500 + 5_000) // 2
    lift = RemoveDiscount(rule.rule_id)
    later = modified(stays.agreement_id, seats, quantities={"seats": 5}, collect_at="on_effective_at")
    lifted = commit(engine, cadence, *((lift, later) if is_first else (later, lift)))
    assert (bool(lifted.amounts.due), lifted.amounts.discount.minor) == (True, 0)
    assert not subscription(engine, stays.agreement_id).discounts
    assert not subscription(engine, moves.agreement_id).discounts


def test_the_tax_of_a_reservation_is_what_is_charged_or_it_is_reserved_again(engine):
    gold = offer(engine, "gold", 3_000)
    update_profile(
        engine, BUILT_IN_ID, supplier=Supplier("Alpaca GmbH", Address("AT")), tax=TaxSettings(is_enabled=True)
    )
    rate = create_tax_rate(engine, country="DE", percent=Decimal(19))
    customer, cadence = charged_by_card(engine)
    update_customer(engine, customer.id, address=Address("DE"))
    reserved = reserve(engine, cadence, to(gold))
    assert (reserved.amounts.tax.minor, reserved.amounts.due.minor) == (570, 3_570)
    update_customer(engine, customer.id, address=Address("AT"))
    with pytest.raises(PriceChanged):
        commit_intent(engine, intent_id=reserved.id, payment_intent_id=pay(engine, customer, 3_570))
    update_customer(engine, customer.id, address=Address("DE"))
    commit_intent(engine, intent_id=reserved.id, payment_intent_id=pay(engine, customer, 3_570))
    invoice = last_invoice(engine, customer)
    assert (invoice.status, invoice.amount, [one.percent for one in invoice.taxes]) == (
        "paid",
        reserved.amounts.total,
        [rate.percent],
    )
