"""What is planned for an agreement: changes, seats and cancellations that happen later, and that are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    EndPlanned,
    InvalidTiming,
    NothingPending,
    PaymentMethodRequired,
    PriceChanged,
    SamePlan,
    UnknownPlan,
)
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import bills, invoices_of, live, rows, sell, stored, timers_of
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer

END = NOON + timedelta(days=28)  # of the first month from 31 January
AT_END = ChangeOptions(timing="period_end")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


@pytest.fixture
def agreement(engine, customer):
    return subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")


def test_a_change_at_the_end_of_the_period_waits_and_then_charges_the_new_plan_alone(engine, customer, agreement):
    planned = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)

    assert (planned.id, planned.plan_key, planned.pending_change.at) == (agreement.id, "pro_monthly", END)
    assert bills(engine, customer) == [("paid", 2_900)]
    assert events_of(engine, customer.id)[-1] == "customer.agreement_updated"

    advance(engine, days=28)
    run_due(engine)

    assert (live(engine, customer).plan_key, live(engine, customer).started_at) == ("enterprise_monthly", END)
    assert stored(engine, agreement).status == "replaced"
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 9_900)]
    assert timers_of(engine, customer) == {"renew": live(engine, customer).billed_until}


def test_a_change_at_an_instant_happens_then_however_late_anybody_looks(engine, customer, agreement):
    when = NOON + timedelta(days=10)
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=ChangeOptions(timing=when))

    advance(engine, days=11)
    run_due(engine)

    assert live(engine, customer).started_at == when
    assert stored(engine, agreement).ended_at == when


def test_usage_of_the_period_that_ends_with_a_planned_change_is_charged(engine, customer):
    first = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=first.id, feature_key="ai_tokens", value="10000")
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=AT_END)

    advance(engine, days=28)
    run_due(engine)

    assert bills(engine, customer) == [("paid", 9_900), ("paid", 2_900 + 200)]


def test_a_card_that_is_declined_at_that_time_keeps_the_old_plan_and_says_so(engine, customer, agreement):
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    advance(engine, days=28)
    run_due(engine)

    kept = stored(engine, agreement)
    assert (kept.status, kept.pending_change, kept.billed_until > END) == ("active", None, True)
    assert events_of(engine, customer.id)[-8:] == [
        "customer.agreement_updated",  # planned
        "customer.payment_failed",
        "customer.agreement_updated",  # the plan is dropped
        "customer.invoice_issued",
        "customer.agreement_renewed",
        "customer.payment_failed",
        "customer.agreement_updated",  # and not paid for
        "customer.dunning_started",
    ]


def test_a_planned_change_whose_coupon_has_ended_by_then_is_dropped(engine, customer, agreement):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="once")
    options = ChangeOptions(timing="period_end", coupon_key="HALF")
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=options)
    with engine.begin() as tx:
        tx.coupons.archive("HALF", NOON)

    advance(engine, days=28)
    run_due(engine)

    assert (live(engine, customer).id, live(engine, customer).pending_change) == (agreement.id, None)
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 2_900)]


def test_what_was_agreed_to_is_kept_to_although_the_plan_is_no_longer_sold(engine, customer, agreement):
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)
    with engine.begin() as tx:
        plan = tx.catalog.get_plan("enterprise_monthly")
        tx.catalog.save_plan(replace(plan, status="archived"))

    advance(engine, days=28)
    run_due(engine)

    assert live(engine, customer).plan_key == "enterprise_monthly"


def test_a_cancellation_at_the_end_of_the_period_lets_the_customer_use_what_was_paid(engine, customer, agreement):
    planned = cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")

    assert (planned.status, planned.grants, planned.cancel_at) == ("active", True, END)
    assert timers_of(engine, customer) == {"renew": END, "cancel": END}

    advance(engine, days=28)
    run_due(engine)

    ended = stored(engine, agreement)
    assert (ended.status, ended.ended_at, ended.cancel_at) == ("cancelled", END, None)
    assert bills(engine, customer) == [("paid", 2_900)]
    assert timers_of(engine, customer) == {}
    assert events_of(engine, customer.id)[-1] == "customer.agreement_cancelled"


@pytest.mark.parametrize("plan", ["cancel", "change"])
def test_what_is_planned_can_be_taken_back_once(engine, customer, agreement, plan):
    if plan == "cancel":
        cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    else:
        subscribe(engine, customer_id=customer.id, plan_key="free", options=AT_END)

    undone = undo_plans(engine, agreement_id=agreement.id)

    assert undone == agreement == stored(engine, agreement)
    assert timers_of(engine, customer) == {"renew": END}
    with pytest.raises(NothingPending):
        undo_plans(engine, agreement_id=agreement.id)


def test_the_last_wish_counts(engine, customer, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    subscribe(engine, customer_id=customer.id, plan_key="free", options=AT_END)

    assert (stored(engine, agreement).cancel_at, stored(engine, agreement).pending_change.plan_key) == (None, "free")

    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")

    assert (stored(engine, agreement).cancel_at, stored(engine, agreement).pending_change) == (END, None)
    assert timers_of(engine, customer) == {"renew": END, "cancel": END}


@pytest.mark.parametrize("plan", ["cancel", "change"])
def test_seats_are_not_planned_in_place_of_the_end_of_an_agreement(engine, customer, plan):
    sell(engine, "team", seat=700)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="team")
    if plan == "cancel":
        cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    else:
        subscribe(engine, customer_id=customer.id, plan_key="free", options=AT_END)
    before = stored(engine, agreement)
    wish = {"agreement_id": agreement.id, "fee_key": "seats", "quantity": 5}

    with pytest.raises(EndPlanned):
        set_quantity(engine, timing="period_end", **wish)

    assert stored(engine, agreement) == before
    now = set_quantity(engine, **wish)
    assert (now.pending_change, now.cancel_at) == (before.pending_change, before.cancel_at)


def test_a_change_of_plan_takes_what_was_planned_for_the_old_agreement_with_it(engine, customer, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")

    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    advance(engine, days=28)
    run_due(engine)

    assert live(engine, customer).plan_key == "enterprise_monthly"


@pytest.mark.parametrize(
    "timing",
    [
        pytest.param(NOON, id="the present"),
        pytest.param(NOON - timedelta(days=1), id="the past"),
        pytest.param(NOON.replace(tzinfo=None) + timedelta(days=1), id="without a zone"),
        pytest.param(NOON + timedelta(days=6 * 366), id="too far ahead"),
    ],
)
def test_an_instant_that_can_not_be_planned_for_is_refused(engine, customer, agreement, timing):
    before = rows(engine)

    with pytest.raises(InvalidTiming):
        subscribe(engine, customer_id=customer.id, plan_key="free", options=ChangeOptions(timing=timing))
    with pytest.raises(InvalidTiming):
        cancel_agreement(engine, agreement_id=agreement.id, timing=timing)

    assert rows(engine) == before


@pytest.mark.parametrize(
    ("plan_key", "terms", "error"),
    [
        ("pro_monthly", None, SamePlan),
        ("nothing", None, UnknownPlan),
        ("enterprise_monthly", "enterprise_monthly version_0 USD 1.00", PriceChanged),
    ],
)
def test_what_could_not_be_done_now_is_not_planned(engine, customer, agreement, plan_key, terms, error):
    before = rows(engine)

    with pytest.raises(error):
        subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=AT_END, terms=terms)

    assert rows(engine) == before


def test_without_a_card_nothing_that_costs_can_be_planned_but_it_can_be_assigned(engine):
    customer = payer(engine, "bob@example.com", number=None)
    subscribe(engine, customer_id=customer.id, plan_key="free")

    with pytest.raises(PaymentMethodRequired):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=AT_END)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly", options=AT_END)
    advance(engine, days=28)
    run_due(engine)

    assert (live(engine, customer).plan_key, live(engine, customer).is_unpaid) == ("pro_monthly", True)


def test_the_end_of_a_period_that_a_pause_has_outlasted_is_now(engine, customer, agreement):
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=60)

    changed = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)

    assert (changed.plan_key, changed.pending_change) == ("enterprise_monthly", None)
    pause_agreement(engine, agreement_id=changed.id)
    advance(engine, days=60)
    assert cancel_agreement(engine, agreement_id=changed.id, timing="period_end").status == "cancelled"


def test_nothing_can_be_planned_for_somebody_who_has_no_agreement(engine, customer):
    with pytest.raises(InvalidTiming):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=AT_END)

    assert invoices_of(engine, customer) == []


def test_what_has_ended_can_neither_be_cancelled_nor_undone(engine, customer, agreement):
    cancel_agreement(engine, agreement_id=agreement.id)

    with pytest.raises(AgreementNotLive):
        cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    with pytest.raises(AgreementNotLive):
        undo_plans(engine, agreement_id=agreement.id)
