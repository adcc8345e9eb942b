"""Billing dates through the real use cases and a test clock: trials, service intervals, add-ons, coupons, credit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedAddOn, AgreedDiscount
from billing_sdk.server.domain.catalog import BillingSettings, Entitlement, LicenceFee, Plan, PlanVersion, Rate, Trial
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Terms, Tier
from billing_sdk.server.storage.tables.billing import payment_methods
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.collect_pending import changes_unpaid
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, NOON, be_patient, card, events_of, person

FEE = LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(Decimal(2_900))))
TOKENS = Rate("rate_1", "ai_tokens", "AI tokens", "USD", Terms(PerUnit(Decimal(1))))
INCLUDED = Entitlement("included_1", "ai_tokens", "AI tokens")


@pytest.fixture
def engine(memory_engine):
    return memory_engine


@pytest.fixture
def clock(engine):
    return create_clock(engine, at=NOON)


def sell(engine, *components, key="tailored", **version):
    made = PlanVersion(f"version_{key}", key, 1, "USD", (*components, INCLUDED), NOON, **version)
    with engine.begin() as tx:
        group = tx.catalog.get_plan("pro_monthly").group
        tx.catalog.add_plan(Plan.draft(made, name=key.capitalize(), group=group).selling(made))
    return made


def customer_on(engine, clock, *, number=GOOD_CARD, email="bo@example.com"):
    customer = become_customer(engine, user_id=person(engine, email), billing_email=email, clock_id=clock.id)
    if number is not None:
        add_card(engine, customer_id=customer.id, card=card(number))
    return customer


def bills(engine, customer):
    with engine.read() as tx:
        found = tx.invoices.newest_of(customer.id, limit=100)[::-1]
    return [(invoice.status, [line.amount.minor for line in invoice.lines]) for invoice in found]


def lines_of(engine, customer, kind):
    with engine.read() as tx:
        found = tx.invoices.newest_of(customer.id, limit=100)[::-1]
    return [line for invoice in found for line in invoice.lines if line.kind == kind]


def live(engine, customer):
    with engine.read() as tx:
        return tx.agreements.live_of(customer.id)


def change(engine, agreement, **fields):
    with engine.begin() as tx:
        tx.agreements.save(replace(tx.agreements.get(agreement.id), **fields))


def test_a_trial_that_ends_is_followed_by_the_first_paid_period(engine, clock):
    sell(engine, FEE, TOKENS, trial=Trial(days=14))
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="500")
    assert bills(engine, customer) == []

    advance_clock(engine, clock.id, to=NOON + timedelta(days=14))
    assert bills(engine, customer) == [("paid", [2_900])]
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="7")
    advance_clock(engine, clock.id, by=timedelta(days=28))

    assert bills(engine, customer) == [("paid", [2_900]), ("paid", [2_900, 7])]
    (after,) = live(engine, customer)
    assert (after.status, after.anchor) == ("active", NOON + timedelta(days=14))


def test_a_trial_that_ends_without_a_card_ends_the_agreement(engine, clock):
    sell(engine, FEE, trial=Trial(days=14, requires_payment_method=False))
    customer = customer_on(engine, clock, number=None)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")

    advance_clock(engine, clock.id, by=timedelta(days=60))

    assert (live(engine, customer), bills(engine, customer)) == ((), [])
    assert events_of(engine, customer.id)[-1] == "customer.agreement_cancelled"


def test_a_trial_of_what_costs_nothing_ends_without_a_card_and_the_agreement_goes_on(engine, clock):
    sell(engine, replace(FEE, terms=Terms(Flat(Decimal(0)))), trial=Trial(days=14, requires_payment_method=False))
    customer = customer_on(engine, clock, number=None)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")

    advance_clock(engine, clock.id, by=timedelta(days=60))

    (agreement,) = live(engine, customer)
    assert (agreement.status, agreement.is_unpaid, bills(engine, customer)) == ("active", False, [])


def test_a_card_that_is_declined_at_the_end_of_a_trial_leaves_the_invoice_open(engine, clock):
    sell(engine, FEE, trial=Trial(days=14))
    customer = customer_on(engine, clock, number=DECLINED_WHEN_CHARGED)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")

    advance_clock(engine, clock.id, by=timedelta(days=14))

    (agreement,) = live(engine, customer)
    assert (agreement.status, agreement.is_unpaid, bills(engine, customer)) == ("active", True, [("issued", [2_900])])
    with engine.read() as tx:
        assert [change.amount.minor for change in changes_unpaid(tx, customer, at=NOON)] == [2_900]


def test_a_renewal_without_a_card_leaves_the_invoice_open(engine, clock):
    sell(engine, FEE)
    customer = customer_on(engine, clock)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")
    with engine.begin() as tx:
        tx.customers._connection.execute(delete(payment_methods))

    advance_clock(engine, clock.id, by=timedelta(days=28))

    (agreement,) = live(engine, customer)
    assert (agreement.is_unpaid, bills(engine, customer)[-1]) == (True, ("overdue", [2_900]))


def test_a_renewal_that_is_paid_leaves_the_earlier_one_owed(engine, clock):
    be_patient(engine)
    sell(engine, FEE)
    customer = customer_on(engine, clock)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance_clock(engine, clock.id, by=timedelta(days=28))
    add_card(engine, customer_id=customer.id, card=card())
    advance_clock(engine, clock.id, by=timedelta(days=31))

    (agreement,) = live(engine, customer)
    assert [status for status, _ in bills(engine, customer)] == ["paid", "issued", "paid"]
    assert agreement.is_unpaid


@pytest.mark.parametrize("kind", ["renew", "trial_end"])
def test_a_timer_that_comes_at_the_wrong_time_bills_nothing_and_is_set_right(engine, clock, kind):
    sell(engine, FEE)
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    with engine.begin() as tx:
        tx.timers.set(kind, agreement.id, NOON + timedelta(days=1), customer)

    advance_clock(engine, clock.id, by=timedelta(days=2))

    assert bills(engine, customer) == [("paid", [2_900])]
    with engine.read() as tx:
        timers = [(timer.kind, timer.due_at) for timer in tx.timers.of_customer(customer.id)]
    assert timers == [("renew", NOON + timedelta(days=28))]


def test_usage_is_measured_by_the_week_and_billed_by_the_month(engine, clock):
    """The first hundred units of each week are free; a week that is not over waits for the next invoice."""
    tiers = Graduated((Tier(Decimal(100), Decimal(0)), Tier(None, Decimal(1))))
    sell(engine, replace(TOKENS, terms=Terms(tiers), service=Cadence("week")))
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    for day in (1, 3, 10, 27, 29):
        advance_clock(engine, clock.id, to=NOON + timedelta(days=day))
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="80")
    advance_clock(engine, clock.id, to=NOON + timedelta(days=59))

    used = [(line.period.start, line.amount.minor) for line in lines_of(engine, customer, "usage")]
    # 80 + 80 in the first week; the second and fourth come to nothing; 28 February begins the fifth.
    assert used == [(NOON, 60)]
    assert [line.quantity for line in lines_of(engine, customer, "usage")] == [Decimal(160)]


def test_an_absolute_reading_says_what_a_service_interval_comes_to(engine, clock):
    sell(engine, replace(TOKENS, service=Cadence("week")))
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    for day, value, kind in ((1, "5", "delta"), (2, "50", "absolute"), (3, "2", "delta"), (8, "4", "delta")):
        advance_clock(engine, clock.id, to=NOON + timedelta(days=day))
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=value, kind=kind)
    advance_clock(engine, clock.id, to=NOON + timedelta(days=28))

    assert [line.amount.minor for line in lines_of(engine, customer, "usage")] == [52, 4]


def test_periods_that_follow_the_calendar_begin_with_a_stub_in_the_zone_of_the_settings(engine, clock):
    sell(engine, FEE, TOKENS, alignment="calendar")
    with engine.begin() as tx:
        tx.billing_settings.save(replace(BillingSettings(), zone="Asia/Kathmandu"))
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="9")

    advance_clock(engine, clock.id, by=timedelta(days=1))

    # Midnight of 1 February in Nepal is 18:15 of 31 January in UTC: 6 hours and a quarter of 31 days are left.
    midnight = NOON.replace(hour=18, minute=15)
    stub, whole = lines_of(engine, customer, "licence_fee")
    assert (stub.period.end, stub.amount.minor) == (midnight, round(2_900 * 6.25 / (31 * 24)))
    assert (whole.period.start, whole.amount.minor) == (midnight, 2_900)
    assert [line.amount.minor for line in lines_of(engine, customer, "usage")] == [9]


@pytest.mark.parametrize("service", [Cadence("month", 5), Cadence("month"), None], ids=str)
def test_whoever_does_not_pay_is_billed_the_same_as_whoever_does(engine, clock, service):
    be_patient(engine)
    sell(engine, replace(FEE, service=service), cadence=Cadence("year"))
    billed = []
    for number, email in ((GOOD_CARD, "bo@example.com"), (DECLINED_WHEN_CHARGED, "cy@example.com")):
        customer = customer_on(engine, clock, email=email)
        subscribe(engine, customer_id=customer.id, plan_key="tailored")
        add_card(engine, customer_id=customer.id, card=card(number))
        billed.append(customer)

    advance_clock(engine, clock.id, to=NOON.replace(year=2029))

    one, other = ([lines for _, lines in bills(engine, customer)] for customer in billed)
    assert one == other
    assert {status for status, _ in bills(engine, billed[1])[1:]} == {"issued"}


def test_add_ons_and_seats_are_renewed_with_the_agreement(engine, clock):
    seats = LicenceFee("fee_2", "seats", "Seats", "USD", Terms(PerUnit(Decimal(500))))
    sell(engine, FEE, seats)
    extra = sell(engine, replace(FEE, id="fee_3", terms=Terms(Flat(Decimal(100)))), key="extra")
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    change(engine, agreement, quantities={"seats": 3}, add_ons=(AgreedAddOn("extra", extra.id, 2),))

    advance_clock(engine, clock.id, by=timedelta(days=28))

    assert bills(engine, customer)[-1] == ("paid", [2_900, 1_500, 200])


def test_a_coupon_counts_for_as_many_renewals_as_it_says(engine, clock):
    sell(engine, FEE)
    customer = customer_on(engine, clock)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="tailored")
    twice = AgreedDiscount("TWICE", percent_off=Decimal(10), periods_left=2)
    change(engine, agreement, discounts=(twice,))

    advance_clock(engine, clock.id, by=timedelta(days=95))

    assert [lines for _, lines in bills(engine, customer)] == [[2_900], [2_900, -290], [2_900, -290], [2_900]]


def test_a_renewal_uses_the_credit_balance_once(engine, clock):
    sell(engine, FEE)
    customer = customer_on(engine, clock)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")
    with engine.begin() as tx:
        tx.credits.add(CreditEntry("credit_1", customer.id, Money(3_000, "USD"), "unused_time", NOON))

    advance_clock(engine, clock.id, by=timedelta(days=60))

    # The first renewal costs nothing any more, so no card is charged; the second one takes what is left.
    assert bills(engine, customer)[1:] == [("paid", [2_900, -2_900]), ("paid", [2_900, -100])]
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == Money(0, "USD")
        payments = tx.invoices.list_payments(customer_id=customer.id).items
    assert [payment.amount.minor for payment in payments] == [2_900, 2_800]


@pytest.mark.attack(187)
def test_a_day_that_is_billed_daily_in_berlin_has_23_hours_in_spring(engine):
    clock = create_clock(engine, at=NOON.replace(month=3, day=27))
    sell(engine, FEE, cadence=Cadence("day"))
    with engine.begin() as tx:
        tx.billing_settings.save(replace(BillingSettings(), zone="Europe/Berlin"))
    customer = customer_on(engine, clock)
    subscribe(engine, customer_id=customer.id, plan_key="tailored")

    advance_clock(engine, clock.id, by=timedelta(days=3))

    periods = [line.period for line in lines_of(engine, customer, "licence_fee")]
    hours = [(period.end - period.start) // timedelta(hours=1) for period in periods]
    assert hours == [24, 23, 24, 24]
