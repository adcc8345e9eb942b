"""Seats, trials, currencies, add-ons and coupons: what is agreed with a plan, and what it costs in mid period."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementPaused,
    CardDeclined,
    CouponEnded,
    CreditNoteTooLarge,
    CurrencyMismatch,
    InvalidQuantity,
    InvalidRequest,
    NotAnAddOn,
    PaymentMethodRequired,
    SamePlan,
    TrialUsed,
    VersionNotFound,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedAddOn
from billing_sdk.server.domain.catalog import Trial
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, bills, decide, invoices_of, live, rows, sell, stored, timers_of
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer, person

END = NOON + timedelta(days=28)
TRIAL_END = NOON + timedelta(days=14)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        sell(opened, "team", flat=1_000, seat=700, seats=(2, 50))
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def on_team(engine, customer, seats=5, **options):
    return subscribe(
        engine, customer_id=customer.id, plan_key="team", options=ChangeOptions(quantities={"seats": seats}, **options)
    )


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"seats": 20}, "set_quantity"),
        ({"seats": 3, "coupon_key": "HALF"}, "set_quantity"),
        ({"coupon_key": "HALF"}, "apply_coupon"),
    ],
)
def test_a_plan_is_not_paid_for_once_more_to_change_what_comes_with_it(engine, customer, asked, remedy):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50))
    on_team(engine, customer)
    advance(engine, days=7)

    for timing in ("now", "period_end"):
        with pytest.raises(SamePlan) as refused:
            on_team(engine, customer, timing=timing, **asked)
        assert remedy in refused.value.remedy

    assert bills(engine, customer) == [("paid", 4_500)]


def test_seats_are_charged_each_and_one_where_no_number_is_agreed(engine, customer):
    sell(engine, "solo", seat=700)
    other = payer(engine, "bob@example.com")

    on_team(engine, customer)
    subscribe(engine, customer_id=other.id, plan_key="solo")

    assert bills(engine, customer) == [("paid", 1_000 + 5 * 700)]
    assert bills(engine, other) == [("paid", 700)]


def test_more_seats_are_charged_for_the_rest_of_the_period(engine, customer):
    agreement = on_team(engine, customer)
    advance(engine, days=21)  # a quarter of it is left

    changed = set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=9)

    assert (changed.id, changed.quantities) == (agreement.id, {"seats": 9})
    assert bills(engine, customer)[-1] == ("paid", 4 * 700 // 4)
    assert "customer.agreement_updated" in events_of(engine, customer.id)

    advance(engine, days=7)
    run_due(engine)
    assert bills(engine, customer)[-1] == ("paid", 1_000 + 9 * 700)


@pytest.mark.parametrize(
    ("policy", "asked", "balance"),
    [("retain", None, 0), ("refund", None, 1_050), ("retain", True, 1_050), ("refund", False, 0)],
)
def test_fewer_seats_are_given_back_where_the_policy_or_the_call_says_so(engine, customer, policy, asked, balance):
    decide(engine, unused_days=policy)
    agreement = on_team(engine, customer)
    advance(engine, days=14)

    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=2, is_prorate=asked)

    assert (stored(engine, agreement).quantities, balance_of(engine, customer)) == ({"seats": 2}, balance)


def test_seats_that_were_given_back_are_not_given_back_again(engine, customer):
    agreement = on_team(engine, customer)
    advance(engine, days=14)
    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=2, is_prorate=True)

    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)

    assert balance_of(engine, customer) == (1_000 + 5 * 700) // 2


def test_what_was_given_back_for_seats_and_then_for_all_is_not_refunded_as_well(engine, customer):
    agreement = on_team(engine, customer)
    [invoice] = invoices_of(engine, customer)
    advance(engine, days=14)
    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=2, is_prorate=True)
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, wanted=Money(4_500 - 1_050 + 1, "USD"), reason="a mistake")
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    assert balance_of(engine, customer) == 2_250
    made = credit_invoice(engine, invoice_id=invoice.id, reason="a mistake")
    assert made.note.amount.minor == 2_250


def test_seats_can_change_with_the_next_period(engine, customer):
    agreement = on_team(engine, customer)

    planned = set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=3, timing="period_end")
    assert (planned.quantities, planned.pending_change.quantities) == ({"seats": 5}, {"seats": 3})
    advance(engine, days=28)
    run_due(engine)

    assert (live(engine, customer).id, live(engine, customer).pending_change) == (agreement.id, None)
    assert bills(engine, customer)[-1] == ("paid", 1_000 + 3 * 700)


@pytest.mark.attack(195)
@pytest.mark.parametrize(
    ("fee_key", "quantity"),
    [("seats", 0), ("seats", -1), ("seats", 1), ("seats", 51), ("seats", True), ("base_price", 2), ("chairs", 2)],
)
def test_a_quantity_that_can_not_be_is_refused(engine, customer, fee_key, quantity):
    agreement = on_team(engine, customer)
    before = rows(engine)

    with pytest.raises(InvalidQuantity):
        set_quantity(engine, agreement_id=agreement.id, fee_key=fee_key, quantity=quantity)
    with pytest.raises(InvalidQuantity):
        subscribe(
            engine,
            customer_id=customer.id,
            plan_key="team",
            options=ChangeOptions(quantities={fee_key: quantity}),
        )

    assert rows(engine) == before


def test_a_declined_card_leaves_the_seats_as_they_were(engine, customer):
    agreement = on_team(engine, customer)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    with pytest.raises(CardDeclined):
        set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=9)

    assert stored(engine, agreement) == agreement


def test_seats_stay_as_they_are_while_the_agreement_is_paused(engine, customer):
    agreement = on_team(engine, customer)
    pause_agreement(engine, agreement_id=agreement.id)

    with pytest.raises(AgreementPaused):
        set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=9)


def test_the_same_number_again_changes_nothing(engine, customer):
    agreement = on_team(engine, customer)
    before = rows(engine)

    assert set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=5) == agreement
    assert rows(engine) == before
    with pytest.raises(SamePlan):
        subscribe(engine, customer_id=customer.id, plan_key="team")


def test_a_coupon_in_per_cent_counts_for_seats_that_are_added(engine, customer):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="forever")
    agreement = on_team(engine, customer, coupon_key="HALF")
    advance(engine, days=14)

    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=9)

    assert bills(engine, customer) == [("paid", (1_000 + 5 * 700) // 2), ("paid", 4 * 700 // 4)]


def test_a_trial_includes_everything_and_costs_nothing_until_it_ends(engine):
    customer = payer(engine, "bob@example.com", number=None)

    trial = subscribe(engine, customer_id=customer.id, plan_key="starter")

    assert (trial.status, trial.trial_ends_at, trial.billed_until) == ("trialing", TRIAL_END, TRIAL_END)
    assert timers_of(engine, customer) == {"trial_reminder": TRIAL_END - timedelta(days=3), "trial_end": TRIAL_END}
    assert len(load_entitlements(engine, user_id=customer.user_id, org_code=None).entitlements) == 2
    assert bills(engine, customer) == []

    add_card(engine, customer_id=customer.id, card=card())
    advance(engine, days=14)
    run_due(engine)

    assert (stored(engine, trial).status, bills(engine, customer)) == ("active", [("paid", 900)])
    assert events_of(engine, customer.id)[2:3] == ["customer.trial_ending"]


def test_a_trial_without_a_card_ends_with_its_agreement(engine):
    customer = payer(engine, "bob@example.com", number=None)
    trial = subscribe(engine, customer_id=customer.id, plan_key="starter")

    advance(engine, days=15)
    run_due(engine)

    assert (stored(engine, trial).status, bills(engine, customer)) == ("cancelled", [])


def test_nobody_has_a_trial_of_one_plan_twice(engine, customer):
    trial = subscribe(engine, customer_id=customer.id, plan_key="starter")
    cancel_agreement(engine, agreement_id=trial.id)
    before = rows(engine)

    with pytest.raises(TrialUsed):
        subscribe(engine, customer_id=customer.id, plan_key="starter", options=ChangeOptions(wants_trial=True))
    assert rows(engine) == before

    again = subscribe(engine, customer_id=customer.id, plan_key="starter")
    assert (again.status, bills(engine, customer)) == ("active", [("paid", 900)])


def test_a_trial_is_for_those_who_pay_for_nothing_yet_unless_it_is_asked_for(engine, customer):
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert subscribe(engine, customer_id=customer.id, plan_key="starter").status == "active"

    other = payer(engine, "bob@example.com")
    subscribe(engine, customer_id=other.id, plan_key="pro_monthly")
    wanted = ChangeOptions(wants_trial=True)
    assert subscribe(engine, customer_id=other.id, plan_key="starter", options=wanted).status == "trialing"

    third = payer(engine, "eve@example.com")
    subscribe(engine, customer_id=third.id, plan_key="free")
    assert subscribe(engine, customer_id=third.id, plan_key="starter").status == "trialing"


def test_a_trial_can_be_gone_without_and_not_be_had_where_there_is_none(engine, customer):
    declined = ChangeOptions(wants_trial=False)
    assert subscribe(engine, customer_id=customer.id, plan_key="starter", options=declined).status == "active"

    with pytest.raises(InvalidRequest):
        subscribe(engine, customer_id=customer.id, plan_key="team", options=ChangeOptions(wants_trial=True))


def test_a_trial_that_requires_a_card_is_not_begun_without_one(engine):
    sell(engine, "careful", flat=500, trial=Trial(7, requires_payment_method=True))
    customer = payer(engine, "bob@example.com", number=None)

    for put in (subscribe, assign_plan):
        with pytest.raises(PaymentMethodRequired):
            put(engine, customer_id=customer.id, plan_key="careful")
    without_trial = ChangeOptions(wants_trial=False)
    assert assign_plan(engine, customer_id=customer.id, plan_key="careful", options=without_trial).is_unpaid
    with pytest.raises(PaymentMethodRequired):
        become_customer(engine, user_id=person(engine, "cy@example.com"), billing_email="cy@x.com", plan_key="careful")


def test_a_trial_that_requires_a_card_is_not_planned_without_one(engine):
    sell(engine, "careful", flat=500, trial=Trial(7, requires_payment_method=True))
    customer = payer(engine, "bob@example.com", number=None)
    subscribe(engine, customer_id=customer.id, plan_key="free")

    with pytest.raises(PaymentMethodRequired):
        assign_plan(engine, customer_id=customer.id, plan_key="careful", options=ChangeOptions(timing="period_end"))


def test_another_plan_during_a_trial_gives_nothing_back(engine, customer):
    subscribe(engine, customer_id=customer.id, plan_key="starter")
    advance(engine, days=7)

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(is_prorate=True))

    assert bills(engine, customer) == [("paid", 2_900)]
    assert timers_of(engine, customer).keys() == {"renew"}


def test_a_plan_is_paid_in_the_currency_that_is_asked_for(engine, customer):
    euros = subscribe(engine, customer_id=customer.id, plan_key="pro_yearly", options=ChangeOptions(currency="EUR"))

    (invoice,) = invoices_of(engine, customer)
    assert (euros.currency, str(invoice.amount)) == ("EUR", "270.00 EUR")
    before = rows(engine)
    with pytest.raises(CurrencyMismatch):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(currency="EUR"))
    with pytest.raises(CurrencyMismatch):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(is_prorate=True))
    assert rows(engine) == before


def test_an_add_on_is_charged_beside_the_plan_and_goes_over_to_the_next(engine, customer):
    options = ChangeOptions(add_ons={"onboarding_help": 2})
    first = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=options)
    assert bills(engine, customer) == [("paid", 2_900 + 2 * 500)]

    second = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")

    assert second.add_ons == first.add_ons == (AgreedAddOn("onboarding_help", first.add_ons[0].plan_version_id, 2),)
    assert bills(engine, customer)[-1] == ("paid", 9_900 + 2 * 500)


@pytest.mark.parametrize(
    ("plan_key", "options", "error"),
    [
        ("onboarding_help", ChangeOptions(), NotAnAddOn),
        ("pro_monthly", ChangeOptions(add_ons={"free": 1}), NotAnAddOn),
        ("pro_monthly", ChangeOptions(add_ons={"onboarding_help": 0}), InvalidQuantity),
        ("pro_monthly", ChangeOptions(version=7), VersionNotFound),
    ],
)
def test_what_can_not_be_agreed_to_is_refused_and_nothing_written(engine, customer, plan_key, options, error):
    before = rows(engine)

    with pytest.raises(error):
        subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=options)

    assert rows(engine) == before


def test_a_coupon_whose_charge_is_declined_can_be_redeemed_again(engine):
    create_coupon(engine, key="ONCE", name="Once", percent_off=Decimal(10), max_redemptions=1)
    customer = payer(engine, "bob@example.com", number=DECLINED_WHEN_CHARGED)
    options = ChangeOptions(coupon_key="ONCE")
    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=options)

    add_card(engine, customer_id=customer.id, card=card())
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=options)

    assert (bills(engine, customer), agreement.discounts) == ([("paid", 2_610)], ())
    with pytest.raises(CouponEnded):
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=options)


def test_a_discount_goes_over_to_the_next_plan_for_the_periods_that_are_left(engine, customer):
    create_coupon(engine, key="THREE", name="Three", percent_off=Decimal(50), duration="repeating", periods=3)
    first = subscribe(
        engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(coupon_key="THREE")
    )
    second = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")

    assert [one.periods_left for one in (*first.discounts, *second.discounts)] == [2, 1]
    assert bills(engine, customer) == [("paid", 1_450), ("paid", 4_950)]


def test_the_live_version_can_be_changed_to_by_whoever_is_on_an_older_one(engine, customer):
    first = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    with engine.begin() as tx:
        plan = tx.catalog.get_plan("pro_monthly")
        newer = replace(plan.version, id="version_newer", number=2)
        tx.catalog.add_version(newer)
        tx.catalog.save_plan(plan.selling(newer))

    second = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    back = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(version=1))

    assert (second.plan_version_id, back.plan_version_id) == ("version_newer", first.plan_version_id)
