"""Recurring revenue and churn, by table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import LicenceFee
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.domain.revenue import (
    AgreedFees,
    RevenueMonth,
    bounds_of,
    month_after,
    month_of,
    monthly_amount,
    movement,
    pays_at,
    recurring_by_customer,
)

MONTH, YEAR = Cadence("month"), Cadence("year")
BASE = LicenceFee("fee_1", "base", "Base", "USD", Terms(Flat(Decimal(2_900))))
SEATS = LicenceFee("fee_2", "seats", "Seats", "USD", Terms(PerUnit(Decimal(1_000))))


def day(number: int, month: int = 3) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


AGREED = AgreedFees("customer_1", "USD", 2_900, day(1))


@pytest.mark.parametrize(
    ("fees", "cadence", "minor"),
    [
        ([(BASE, 1)], MONTH, 2_900),
        ([(BASE, 1), (SEATS, 3)], MONTH, 5_900),
        ([(BASE, 1)], Cadence("month", 3), 967),
        ([(replace(BASE, terms=Terms(Flat(Decimal(24_000)))), 1)], YEAR, 2_000),
        ([(BASE, 1)], Cadence("week"), 12_610),
        ([(BASE, 1)], Cadence("day"), 88_269),
        ([(replace(BASE, service=YEAR), 1)], MONTH, 242),
        ([(replace(BASE, charged="once"), 1)], MONTH, 0),
        ([(replace(BASE, charged="in_arrears"), 1)], MONTH, 2_900),
        ([(SEATS, 0)], MONTH, 0),
        ([], MONTH, 0),
    ],
)
def test_fees_of_any_interval_count_by_the_month_and_what_is_charged_once_does_not(fees, cadence, minor):
    assert monthly_amount(fees, cadence) == minor


@pytest.mark.parametrize(
    ("agreed", "at", "pays"),
    [
        (AGREED, day(1), True),
        (AGREED, day(28, month=2), False),
        (replace(AGREED, trial_ends_at=day(15)), day(14), False),
        (replace(AGREED, trial_ends_at=day(15)), day(15), True),
        (replace(AGREED, ended_at=day(10)), day(9), True),
        (replace(AGREED, ended_at=day(10)), day(10), False),
        (replace(AGREED, paused_at=day(5)), day(6), False),
        (replace(AGREED, paused_at=day(5)), day(4), True),
        (replace(AGREED, pauses=(Period(day(5), day(8)),)), day(7), False),
        (replace(AGREED, pauses=(Period(day(5), day(8)),)), day(8), True),
        (replace(AGREED, suspended_at=day(20)), day(21), False),
    ],
)
def test_an_agreement_pays_while_it_is_under_way_and_neither_a_trial_nor_at_rest(agreed, at, pays):
    assert pays_at(agreed, at) is pays


def test_recurring_revenue_is_that_of_all_agreements_of_a_customer_in_each_currency():
    euros = replace(AGREED, currency="EUR", monthly_minor=500)
    free = replace(AGREED, customer_id="customer_2", monthly_minor=0)
    found = recurring_by_customer([AGREED, AGREED, euros, free], at=day(2))
    assert found == {"USD": {"customer_1": 5_800}, "EUR": {"customer_1": 500}}


def test_recurring_revenue_moves_by_what_is_new_grows_shrinks_and_goes():
    moved = movement(
        {"stays": 10, "grows": 10, "shrinks": 10, "goes": 7}, {"stays": 10, "grows": 15, "shrinks": 4, "new": 3}
    )
    assert (moved.new_minor, moved.expansion_minor, moved.contraction_minor, moved.churned_minor) == (3, 5, 6, 7)
    assert (moved.customers_before, moved.churned_customers, moved.customers) == (4, 1, 4)
    assert moved.before_minor + 3 + 5 - 6 - 7 == moved.after_minor == 32


def test_churn_is_a_share_of_the_beginning_and_unknown_where_there_was_nobody():
    month = RevenueMonth(
        "2026-03",
        "USD",
        day(31),
        churned_minor=700,
        contraction_minor=300,
        recurring_before_minor=8_000,
        churned_customers=1,
        customers_before=3,
    )
    assert (month.customer_churn, month.revenue_churn) == (Decimal("33.3"), Decimal("12.5"))
    assert RevenueMonth("2026-03", "USD", day(31)).customer_churn is None


def test_months_follow_each_other_across_years():
    assert [month_after("2025-12"), month_after("2026-01", -1), month_after("2026-03", -14)] == [
        "2026-01",
        "2025-12",
        "2025-01",
    ]
    assert bounds_of("2025-12") == Period(datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert month_of(datetime(2026, 1, 31, 23, 59, tzinfo=UTC)) == "2026-01"
