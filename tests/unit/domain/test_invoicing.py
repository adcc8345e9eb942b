"""What is charged: fees in advance, usage in arrears, and credit for time that was not used."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    credit_for_unused,
    lines_in_advance,
    lines_in_arrears,
    with_credit,
)
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.things import at, entitlement, fee, rate, version

JANUARY = Period(at("2026-01-01"), at("2026-02-01"))


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


def unused(amount: Money) -> InvoiceLine:
    return InvoiceLine("Unused time on pro", amount, JANUARY, "version_0", "credit")


def test_each_fee_is_a_line_that_says_what_and_for_when():
    (line,) = lines_in_advance(version(fee(2_900), rate(), entitlement()), JANUARY)

    assert line == InvoiceLine("Pro, one month", dollars(2_900), JANUARY, "version_1", "fee_base_price")


def test_a_free_fee_makes_no_line():
    assert lines_in_advance(version(fee(0)), JANUARY) == ()


def test_usage_is_charged_by_its_exact_rate_and_rounded_once():
    lines = lines_in_arrears(version(rate("0.02")), JANUARY, {"ai_tokens": Decimal(1275)})

    assert [line.amount for line in lines] == [dollars(26)]  # 25.5 cents, half up


def test_usage_without_a_rate_and_rates_without_usage_cost_nothing():
    assert lines_in_arrears(version(rate()), JANUARY, {"seats": Decimal(9)}) == ()


def test_usage_that_comes_to_an_unreal_amount_is_refused():
    with pytest.raises(InvalidAmount, match="minor units"):
        lines_in_arrears(version(rate("1")), JANUARY, {"ai_tokens": Decimal(10**19)})


@pytest.mark.parametrize(
    ("now", "credit"),
    [("2026-01-01", 3_100), ("2026-01-16", 1_600), ("2026-01-31", 100), ("2026-02-01", 0), ("2026-03-01", 0)],
)
def test_the_credit_is_the_share_of_the_time_that_is_left(now, credit):
    assert credit_for_unused(dollars(3_100), JANUARY, at(now)) == dollars(credit)


@given(paid=st.integers(0, 10**9), seconds=st.integers(0, 31 * 86_400))
def test_used_and_unused_time_together_cost_what_was_paid(paid, seconds):
    now = JANUARY.start + (JANUARY.end - JANUARY.start) * seconds / (31 * 86_400)
    credit = credit_for_unused(dollars(paid), JANUARY, now)

    assert 0 <= credit.minor <= paid


def test_a_credit_is_a_line_of_its_own():
    lines = with_credit(lines_in_advance(version(fee(9_900)), JANUARY), dollars(1_450), of=unused(dollars(2_900)))

    assert [line.amount.minor for line in lines] == [9_900, -1_450]
    assert lines[-1].description == "Unused time on pro"


def test_a_credit_above_the_charge_makes_it_free_and_no_more():
    lines = with_credit(lines_in_advance(version(fee(500)), JANUARY), dollars(2_900), of=unused(dollars(2_900)))

    assert total([line.amount for line in lines], "USD") == dollars(0)


def test_no_credit_is_no_line():
    lines = lines_in_advance(version(fee(500)), JANUARY)

    assert with_credit(lines, dollars(0), of=unused(dollars(0))) == lines
