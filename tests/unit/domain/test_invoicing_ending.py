"""The end of an agreement in the middle of a period: what is still charged, and what is given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    lines_at_boundary,
    unused_time,
    with_period_discounted,
)
from billing_sdk.server.domain.invoicing.priced import fee_line
from billing_sdk.server.domain.periods import Cadence, Period
from tests.unit.domain.test_invoicing_boundary import contract, each, told
from tests.unit.domain.things import at, bill_end, completed, fee, rate, version

MONTH = Cadence("month")
DAYS, SECONDS = Policies(proration="day"), Policies(proration="second")


def paid(*lines: InvoiceLine, when: tuple[str, ...], policies: Policies = SECONDS) -> list[str]:
    """Return what is given back of paid lines when an agreement ends."""
    return told(unused_time(lines, at=at(*when), zone="UTC", policies=policies))


def first_invoice(amount_minor: int = 3_100, start: str = "2026-01-01", **offer: object) -> tuple[InvoiceLine, ...]:
    before = contract(version(fee(amount_minor)), start, **offer)
    return lines_at_boundary(before, after=None, at=at(start))


@pytest.mark.parametrize(
    ("is_charged", "lines"), [(False, []), (True, ["usage 2026-01-31/2026-02-10 20"])], ids=["forgiven", "charged"]
)
def test_usage_of_an_unfinished_period_is_charged_only_where_that_is_decided(is_charged, lines):
    before = contract(version(fee(2_900), rate("2")), "2026-01-31")

    assert told(bill_end(before, each("10"), at=at("2026-02-10"), is_usage_charged=is_charged)) == lines


def test_completed_service_intervals_and_accrued_fees_are_always_charged():
    plan = version(replace(fee(100), service=MONTH), replace(rate("2"), service=MONTH))
    before = contract(replace(plan, cadence=Cadence("year")), "2026-01-31")

    lines = bill_end(before, each("10"), at=at("2026-04-10"), is_usage_charged=False)

    assert told(lines) == [
        "licence_fee 2026-02-28/2026-03-31 100",
        "licence_fee 2026-03-31/2026-04-30 100",
        "usage 2026-01-31/2026-02-28 20",
        "usage 2026-02-28/2026-03-31 20",
    ]


def test_what_is_charged_at_the_end_is_discounted_as_ever():
    half = AgreedDiscount("HALF", percent_off=Decimal(50))
    before = contract(version(rate("2")), "2026-01-31", discounts=(half,))

    lines = bill_end(before, each("10"), at=at("2026-02-10"), is_usage_charged=True)

    assert [line.amount.minor for line in lines] == [20, -10]


def test_a_trial_ends_without_a_charge():
    before = contract(version(fee(2_900), rate("2")), "2026-01-31", trial_days=14)

    assert bill_end(before, each("10"), at=at("2026-02-03"), is_usage_charged=True) == ()


@pytest.mark.parametrize(
    ("when", "by_second", "by_day"),
    [
        (("2026-01-01",), 3_100, 3_100),
        (("2026-01-16",), 1_600, 1_600),
        (("2026-01-16", "12:00:00"), 1_550, 1_500),  # the day of the change counts as used
        (("2026-01-31",), 100, 100),
        (("2026-01-31", "12:00:00"), 50, 0),
        (("2026-02-01",), 0, 0),
        (("2026-03-01",), 0, 0),
    ],
)
def test_time_that_is_left_is_given_back_by_its_share(when, by_second, by_day):
    lines = first_invoice()

    for policies, amount in ((SECONDS, by_second), (DAYS, by_day)):
        given_back = unused_time(lines, at=at(*when), zone="UTC", policies=policies)
        assert total([line.amount for line in given_back], "USD") == Money(-amount, "USD")


def test_what_a_coupon_took_off_is_not_given_back():
    half = AgreedDiscount("HALF", percent_off=Decimal(50))

    assert paid(*first_invoice(discounts=(half,)), when=("2026-01-16",)) == [
        "unused_time 2026-01-16/2026-02-01 -1600",
        "unused_time 2026-01-16/2026-02-01 800",
    ]


def test_usage_and_what_was_paid_from_the_balance_is_not_given_back():
    before = contract(version(fee(3_100), rate("2")), "2026-01-01")
    lines = completed(lines_at_boundary(before, after=None, at=at("2026-01-01")), 3_100)
    used = bill_end(before, each("10"), at=at("2026-01-10"), is_usage_charged=True)

    assert paid(*lines, *used, when=("2026-01-16",)) == ["unused_time 2026-01-16/2026-02-01 -1600"]


def test_a_line_that_is_given_back_says_of_what_and_by_which_share():
    (line,) = unused_time(first_invoice(), at=at("2026-01-16"), zone="UTC", policies=DAYS, name="Pro")

    assert line.description == "Unused time on Pro"
    assert line.derivation["proration"] == {
        "by": "day",
        "fraction": "16/31",
        "interval": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
    }
    assert (line.derivation["of"], line.derivation["of_minor"]) == ("licence_fee", "3100")


@pytest.mark.attack(185)
@given(amount=st.integers(0, 10**9), seconds=st.integers(0, 31 * 86_400), by=st.sampled_from(["day", "second"]))
def test_never_more_is_given_back_than_was_paid(amount, seconds, by):
    now = at("2026-01-01") + (at("2026-02-01") - at("2026-01-01")) * seconds / (31 * 86_400)
    lines = first_invoice(amount)

    given_back = unused_time(lines, at=now, zone="UTC", policies=Policies(proration=by))

    assert 0 <= -total([line.amount for line in given_back], "USD").minor <= amount


@pytest.mark.attack(185)
@given(
    amount=st.integers(0, 10**9),
    cuts=st.lists(st.integers(1, 31 * 86_400 - 1), max_size=4, unique=True),
    by=st.sampled_from(["day", "second"]),
)
def test_splitting_a_period_changes_the_total_by_half_a_minor_unit_for_each_part_at_most(amount, cuts, by):
    month = Period(at("2026-01-01"), at("2026-02-01"))
    points = [month.start, *(month.start + timedelta(seconds=cut) for cut in sorted(cuts)), month.end]
    parts = [Period(start, end) for start, end in pairwise(points)]

    lines = [
        fee_line(
            fee(amount),
            agreement_id="agreement_1",
            plan_version_id="version_1",
            licences=1,
            part=part,
            interval=month,
            zone="UTC",
            policies=Policies(proration=by),
        )
        for part in parts
    ]

    assert 2 * abs(sum(line.amount.minor for line in lines) - amount) <= len(parts)


def test_a_discount_for_one_period_is_gone_after_it():
    once = AgreedDiscount("ONCE", percent_off=Decimal(10), periods_left=1)
    ever = AgreedDiscount("EVER", percent_off=Decimal(10))
    twice = AgreedDiscount("TWICE", percent_off=Decimal(10), periods_left=2)
    agreement = contract(version(fee()), "2026-01-01", discounts=(once, ever, twice)).agreement

    left = with_period_discounted(agreement).discounts

    assert [(discount.coupon_key, discount.periods_left) for discount in left] == [("EVER", None), ("TWICE", 1)]


def test_a_share_is_exact_however_long_its_fraction():
    (line,) = unused_time(first_invoice(10**15), at=at("2026-01-01", "00:00:01"), zone="UTC", policies=SECONDS)

    exact = Fraction(10**15 * (31 * 86_400 - 1), 31 * 86_400)
    assert abs(-line.amount.minor - exact) <= Fraction(1, 2)
