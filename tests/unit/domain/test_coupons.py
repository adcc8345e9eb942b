"""Coupons, and what they take off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import (
    CouponEnded,
    CouponMismatch,
    CurrencyMismatch,
    InvalidAmount,
    InvalidRequest,
)
from billing_sdk.money import Money, total
from billing_sdk.server.domain.catalog.coupon import Coupon
from billing_sdk.server.domain.catalog.discount import discount, in_order

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SPRING = Coupon("SPRING26", "Spring", Decimal(20), (), "once", NOON)


@dataclass(frozen=True, slots=True)
class Off:
    """What an agreement keeps of a coupon."""

    coupon_key: str
    percent_off: Decimal | None = None
    amount_off: Money | None = None
    plan_keys: tuple[str, ...] = ()


def percent(number: str, *plan_keys: str) -> Off:
    return Off("percent", percent_off=Decimal(number), plan_keys=plan_keys)


def amount(minor: int, currency: str = "EUR") -> Off:
    return Off("amount", amount_off=Money(minor, currency))


def euros(*minors: int) -> list[Money]:
    return [Money(minor, "EUR") for minor in minors]


@pytest.mark.parametrize(
    ("amounts", "discounts", "shares"),
    [
        pytest.param(euros(1000), [percent("20")], [[200]], id="a percentage of one line"),
        pytest.param(euros(1000, 500), [amount(300)], [[200, 100]], id="an amount, divided in proportion"),
        pytest.param(
            euros(333, 333, 334), [percent("10")], [[33, 33, 34]], id="the tenth of the total, not of each line"
        ),
        pytest.param(euros(5, 5, 5), [percent("10")], [[1, 1, 0]], id="one and a half rounds to two, once"),
        pytest.param(euros(1000), [amount(5000)], [[1000]], id="no more than there is"),
        pytest.param(euros(1000), [percent("100"), amount(1)], [[1000], [0]], id="nothing is left for the second"),
        pytest.param(
            euros(1000), [amount(500), percent("10")], [[100], [500]], id="percentages first, whichever came first"
        ),
        pytest.param(euros(1000), [percent("50"), percent("50")], [[500], [250]], id="half of the half that is left"),
        pytest.param(euros(1000, -300), [percent("10")], [[100, 0]], id="a credit is left alone"),
        pytest.param(euros(-300), [amount(100)], [[0]], id="nothing is taken off a credit"),
        pytest.param(euros(0), [percent("10")], [[0]], id="nothing is taken off nothing"),
        pytest.param([], [percent("10")], [], id="no lines, nothing to take off"),
        pytest.param(euros(1000), [percent("12.3456")], [[123]], id="a percentage with four decimals"),
    ],
)
def test_a_discount_is_rounded_once_and_divided_among_the_lines(amounts, discounts, shares):
    taken = discount(amounts, discounts)
    assert [[share.minor for share in one.shares] for one in taken] == shares
    assert [one.discount for one in taken] == (list(in_order(discounts)) if amounts else [])


def test_a_discount_for_some_plans_lowers_the_lines_of_those_alone():
    (taken,) = discount(euros(1000, 500, 250), [percent("50", "extra")], ["pro", "extra", None])
    assert [share.minor for share in taken.shares] == [0, 250, 0]


def test_an_amount_in_another_currency_is_refused():
    with pytest.raises(CurrencyMismatch, match="EUR"):
        discount(euros(1000), [amount(100, "USD")])


DISCOUNTS = st.lists(
    st.one_of(
        st.decimals("0.01", 100, places=2).map(lambda number: Off("percent", percent_off=number)),
        st.integers(1, 10_000).map(amount),
    ),
    max_size=3,
)


@pytest.mark.attack(185, 195)
@settings(max_examples=100)
@given(st.lists(st.integers(-2_000, 10_000), min_size=1, max_size=6), DISCOUNTS)
def test_no_line_falls_below_zero_and_shares_add_up(minors, discounts):
    left = euros(*minors)
    for one in discount(left, discounts):
        before = total([line for line in left if line.minor > 0], "EUR")
        assert all(0 <= share.minor <= max(0, line.minor) for share, line in zip(one.shares, left, strict=True))
        taken = total(one.shares, "EUR")
        if one.discount.amount_off is not None:
            assert taken == min(one.discount.amount_off, before)
        else:
            assert abs(taken.minor - before.minor * one.discount.percent_off / 100) <= Decimal("0.5")
        left = [line - share for line, share in zip(left, one.shares, strict=True)]


@pytest.mark.attack(195)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"key": ""}, InvalidRequest, id="a key that is empty"),
        pytest.param({"key": "SPRING 26"}, InvalidRequest, id="a key with a blank"),
        pytest.param({"key": "k" * 101}, InvalidRequest, id="a key of 101 characters"),
        pytest.param({"percent_off": None}, InvalidRequest, id="neither a percentage nor an amount"),
        pytest.param({"amount_off": tuple(euros(100))}, InvalidRequest, id="a percentage and an amount"),
        pytest.param({"percent_off": Decimal(0)}, InvalidAmount, id="zero per cent"),
        pytest.param({"percent_off": Decimal("100.01")}, InvalidAmount, id="more than a hundred per cent"),
        pytest.param({"percent_off": Decimal("1.00001")}, InvalidAmount, id="five decimals"),
        pytest.param({"percent_off": Decimal("NaN")}, InvalidAmount, id="a percentage that is no number"),
        pytest.param({"percent_off": None, "amount_off": tuple(euros(0))}, InvalidAmount, id="an amount of zero"),
        pytest.param({"percent_off": None, "amount_off": tuple(euros(1, 2))}, InvalidRequest, id="a currency twice"),
        pytest.param({"duration": "always"}, InvalidRequest, id="a duration that does not exist"),
        pytest.param({"duration": "repeating"}, InvalidRequest, id="repeating without a number of periods"),
        pytest.param({"duration": "repeating", "periods": 0}, InvalidRequest, id="repeating for no period"),
        pytest.param({"duration": "once", "periods": 2}, InvalidRequest, id="once, with a number of periods"),
        pytest.param({"duration": "forever", "periods": 0}, InvalidRequest, id="forever, with a number of periods"),
        pytest.param({"max_redemptions": 0}, InvalidRequest, id="redeemed never"),
    ],
)
def test_a_coupon_can_not_be_made_with(changes, error):
    with pytest.raises(error):
        replace(SPRING, **changes)


@pytest.mark.parametrize(
    ("changes", "periods_left"),
    [({}, 1), ({"duration": "repeating", "periods": 3}, 3), ({"duration": "forever"}, None)],
    ids=["once", "repeating", "forever"],
)
def test_a_coupon_counts_for_as_many_periods_as_it_says(changes, periods_left):
    assert replace(SPRING, **changes).periods_left == periods_left


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"archived_at": NOON}, CouponEnded, id="once it is archived"),
        pytest.param({"redeem_by": NOON}, CouponEnded, id="from the instant that it says"),
        pytest.param({"max_redemptions": 2, "redeemed": 2}, CouponEnded, id="more often than it says"),
        pytest.param({"plan_keys": ("team_pro",)}, CouponMismatch, id="for another plan"),
        pytest.param(
            {"percent_off": None, "amount_off": (Money(100, "USD"),)}, CouponMismatch, id="in a currency it lacks"
        ),
    ],
)
def test_a_coupon_can_not_be_redeemed(changes, error):
    with pytest.raises(error):
        replace(SPRING, **changes).check(plan_keys=["pro"], currency="EUR", at=NOON)


def test_a_coupon_for_some_plans_counts_where_one_of_them_is_an_add_on():
    coupon = replace(SPRING, plan_keys=("extra_seats",))
    coupon.check(plan_keys=["pro", "extra_seats"], currency="EUR", at=NOON)


def test_a_coupon_takes_the_amount_of_the_currency():
    coupon = replace(SPRING, percent_off=None, amount_off=(Money(500, "USD"), Money(450, "EUR")))
    assert coupon.amount_in("EUR") == Money(450, "EUR")
    assert SPRING.amount_in("EUR") is None
