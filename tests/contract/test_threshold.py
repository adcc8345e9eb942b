"""Progressive billing: usage is billed at a threshold, and all invoices come to what was used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.rating import Graduated, PerUnit, Tier, Volume
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import bills, decide, timers_of
from tests.contract.late import charged, notes_of, rated_of, recomputed, sell_by_use, use
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, engine_on, payer

TIERS = (Tier(Decimal(100), Decimal(2)), Tier(None, Decimal(1)))


@pytest.fixture
def engine():
    """An engine whose customers are billed from ten dollars of usage on."""
    with engine_on(IN_MEMORY) as opened:
        with opened.begin() as tx:
            profile = BillingProfile("profile_1", "Step by step", NOON, progressive_threshold_minor={"USD": 1_000})
            tx.billing_profiles.add(profile)
            tx.billing_profiles.make_default(profile.id)
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def begin(engine, customer, **plan):
    sell_by_use(engine, **plan)
    return subscribe(engine, customer_id=customer.id, plan_key="metered")


def use_now(engine, agreement, units):
    advance(engine, minutes=1)
    use(engine, agreement, units)
    run_due(engine)


def pass_days(engine, days):
    advance(engine, days=days)
    run_due(engine)


def test_usage_is_billed_when_it_comes_to_the_threshold_and_the_rest_at_the_billing_date(engine, customer):
    agreement = begin(engine, customer, price=PerUnit(Decimal("0.335")))
    use_now(engine, agreement, 2_000)
    assert charged(engine, customer) == []

    use_now(engine, agreement, 1_001)
    use_now(engine, agreement, 1)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("threshold", [1_005]), ("renewal", [1])]
    assert bills(engine, customer) == [("paid", 1_005), ("paid", 1)]
    (one,) = rated_of(engine, agreement)
    assert (one.billed.minor, int(one.quantity), one.is_closed) == (1_006, 3_002, True)


def test_each_tier_is_entered_once_however_often_the_threshold_is_reached(engine, customer):
    agreement = begin(engine, customer, price=Graduated((Tier(Decimal(600), Decimal(2)), Tier(None, Decimal(1)))))
    use_now(engine, agreement, 550)
    use_now(engine, agreement, 1_000)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("threshold", [1_100]), ("threshold", [1_050])]
    assert recomputed(engine, customer) == charged(engine, customer)


def test_a_period_that_follows_begins_anew(engine, customer):
    agreement = begin(engine, customer)
    use_now(engine, agreement, 1_500)
    pass_days(engine, 28)
    use_now(engine, agreement, 999)
    use_now(engine, agreement, 1)

    assert charged(engine, customer) == [("threshold", [1_500]), ("threshold", [1_000])]


def test_volume_is_billed_when_its_interval_is_over(engine, customer):
    agreement = begin(engine, customer, price=Volume(TIERS))
    use_now(engine, agreement, 5_000)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("renewal", [5_000])]


def test_the_least_that_a_period_costs_is_due_at_its_end(engine, customer):
    agreement = begin(engine, customer, minimum=Decimal(2_000))
    use_now(engine, agreement, 1_200)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("threshold", [1_200]), ("renewal", [800])]
    assert recomputed(engine, customer) == charged(engine, customer)


def test_intervals_that_are_over_are_billed_with_the_present_one_and_once(engine, customer):
    agreement = begin(engine, customer, service="week")
    use_now(engine, agreement, 600)
    pass_days(engine, 8)
    use_now(engine, agreement, 500)
    use_now(engine, agreement, 1)
    pass_days(engine, 20)

    assert charged(engine, customer) == [("threshold", [600, 500]), ("renewal", [1])]


def test_percentages_count_at_the_threshold(engine, customer):
    create_coupon(engine, key="half", name="Half", percent_off=Decimal(50), duration="forever")
    sell_by_use(engine)
    options = ChangeOptions(coupon_key="half")
    agreement = change_plan(engine, customer_id=customer.id, plan_key="metered", options=options)

    use_now(engine, agreement, 1_999)
    assert charged(engine, customer) == []
    use_now(engine, agreement, 1)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("threshold", [2_000, -1_000])]


@pytest.mark.parametrize(("policy", "rest"), [("forgive", []), ("charge", [("end", [200])])])
def test_an_end_charges_no_more_than_what_is_left(engine, customer, policy, rest):
    decide(engine, unpaid_usage=policy)
    agreement = begin(engine, customer)
    use_now(engine, agreement, 1_500)
    use_now(engine, agreement, 200)
    cancel_agreement(engine, agreement_id=agreement.id)

    assert charged(engine, customer) == [("threshold", [1_500]), *rest]


def test_usage_that_is_corrected_below_what_was_billed_is_credited_after_the_period(engine, customer):
    agreement = begin(engine, customer)
    use_now(engine, agreement, 1_500)
    advance(engine, days=1)
    use(engine, agreement, 1_100, kind="absolute")
    pass_days(engine, 27)
    assert charged(engine, customer) == [("threshold", [1_500])]

    pass_days(engine, 2)

    assert [lines for _, _, lines in notes_of(engine, customer)] == [{1: 400}]


def test_late_usage_is_adjusted_where_a_part_was_billed_before(engine, customer):
    agreement = begin(engine, customer)
    use_now(engine, agreement, 1_500)
    pass_days(engine, 28)

    use(engine, agreement, 70, NOON + timedelta(days=5))
    pass_days(engine, 2)

    assert charged(engine, customer) == [("threshold", [1_500]), ("adjustment", [70])]


def test_a_threshold_invoice_that_a_card_declines_is_owed_and_not_billed_again(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    agreement = begin(engine, customer)
    use_now(engine, agreement, 1_500)
    use_now(engine, agreement, 100)
    pass_days(engine, 28)

    assert charged(engine, customer) == [("threshold", [1_500]), ("renewal", [100])]


def test_there_is_at_most_one_look_for_each_agreement(engine, customer):
    agreement = begin(engine, customer)
    for _ in range(3):
        use(engine, agreement, 1)

    assert timers_of(engine, customer)["threshold"] == engine.now()
    run_due(engine)
    assert "threshold" not in timers_of(engine, customer)
