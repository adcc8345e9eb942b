"""Money: exact, of one currency, rounded in one place."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest
from babel.core import get_global
from babel.numbers import is_currency
from hypothesis import given, strategies as st

from billing_sdk.errors import CurrencyMismatch, InvalidAmount
from billing_sdk.money import (
    CURRENCIES,
    EXACT,
    EXPONENTS,
    MAX_MINOR,
    Money,
    Rounding,
    allocate,
    exponent,
    round_money,
    total,
    zero,
)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(123456, "EUR"), "1,234.56 EUR"),
        (Money(5, "USD"), "0.05 USD"),
        (Money(-5, "USD"), "-0.05 USD"),
        (Money(1234, "JPY"), "1,234 JPY"),
        (Money(1234, "KWD"), "1.234 KWD"),
    ],
)
def test_an_amount_is_shown_with_its_currencys_digits(amount: Money, shown: str) -> None:
    assert str(amount) == shown


@pytest.mark.attack(185)
@pytest.mark.parametrize(
    ("minor", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("2.4999", 2), ("1E+3", 1000)],
)
def test_a_half_is_rounded_away_from_zero(minor: str, rounded: int) -> None:
    assert round_money(Decimal(minor), "EUR") == Money(rounded, "EUR")


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        ("half_up", [1, 1, 2, 3, 3, -1, -3]),
        ("half_even", [0, 1, 2, 2, 3, 0, -2]),
        ("up", [1, 1, 2, 3, 3, -1, -3]),
        ("down", [0, 0, 1, 2, 2, 0, -2]),
    ],
)
def test_each_way_of_rounding_is_the_same_for_decimals_and_for_fractions(
    rounding: Rounding, rounded: list[int]
) -> None:
    exact = [Decimal(text) for text in ("0.5", "0.51", "1.5", "2.5", "2.6", "-0.5", "-2.5")]
    assert [round_money(minor, "EUR", rounding).minor for minor in exact] == rounded
    assert [round_money(Fraction(minor), "EUR", rounding).minor for minor in exact] == rounded


@pytest.mark.parametrize("rounding", get_args(Rounding))
def test_a_whole_amount_stays_as_it_is_however_it_is_rounded(rounding: Rounding) -> None:
    whole = (-MAX_MINOR, -1, 0, 3, MAX_MINOR)
    assert tuple(round_money(Decimal(minor), "EUR", rounding).minor for minor in whole) == whole
    assert tuple(round_money(Fraction(minor), "EUR", rounding).minor for minor in whole) == whole


def test_an_amount_is_not_less_than_itself() -> None:
    assert Money(1, "EUR") < Money(2, "EUR")
    assert not Money(2, "EUR") < Money(2, "EUR")


def test_a_third_that_no_decimal_can_hold_is_rounded_exactly() -> None:
    assert round_money(Fraction(10**15 - 1, 3), "EUR") == Money((10**15 - 1) // 3, "EUR")
    assert round_money(Fraction(1, 3) + Fraction(1, 6), "EUR") == Money(1, "EUR")


def test_digits_beyond_the_usual_precision_still_decide_a_half() -> None:
    below = Decimal("0.4" + "9" * 40)
    assert [round_money(minor, "EUR").minor for minor in (below, EXACT.add(below, Decimal("1E-41")))] == [0, 1]


@pytest.mark.parametrize("minor", [Decimal(MAX_MINOR) + 1, Fraction(-MAX_MINOR - 1), Decimal("1E+999999")])
def test_an_amount_that_nobody_can_mean_is_refused(minor: Decimal | Fraction) -> None:
    with pytest.raises(InvalidAmount):
        round_money(minor, "EUR")


@pytest.mark.parametrize("minor", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_that_is_not_finite_is_refused(minor: str) -> None:
    with pytest.raises(InvalidAmount):
        round_money(Decimal(minor), "EUR")


def test_two_currencies_can_be_neither_added_nor_compared() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        assert Money(1, "EUR") < Money(2, "USD")


@pytest.mark.parametrize(
    ("minor", "currency"),
    [(1.0, "EUR"), (True, "EUR"), (1, "eur"), (1, "EURO"), (1, ""), (1, "ZZZ"), (1, "XXX"), (1, "XAU")],
)
def test_only_whole_minor_units_of_a_currency_code_are_money(minor: object, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        Money(minor, currency)  # type: ignore[arg-type]  # the wrong type is the point


def test_iso_4217_exponents_are_known() -> None:
    assert [exponent(currency) for currency in ("USD", "JPY", "KWD", "XOF")] == [2, 0, 3, 0]


def test_nothing_adds_up_to_zero() -> None:
    assert total([], "EUR") == zero("EUR")
    assert not zero("EUR")


@pytest.mark.attack(185)
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_an_allocation_keeps_its_sum_and_gives_each_its_share_within_one_unit(minor: int, weights: list[int]) -> None:
    shares = allocate(Money(minor, "EUR"), weights)
    assert sum(share.minor for share in shares) == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor - Decimal(minor) * weight / sum(weights)) < 1


def test_one_weight_gets_all_of_an_allocation() -> None:
    assert allocate(Money(-5, "EUR"), [0, 1]) == (Money(0, "EUR"), Money(-5, "EUR"))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 1]])
def test_an_allocation_needs_weights_of_zero_or_more(weights: list[int]) -> None:
    with pytest.raises(InvalidAmount):
        allocate(Money(100, "EUR"), weights)


def test_every_currency_that_is_paid_with_somewhere_is_one() -> None:
    today = {
        name
        for territory in get_global("territory_currencies").values()
        for name, _, until, is_tender in territory
        if until is None and is_tender
    }
    assert today - CURRENCIES == set()
    assert {one for one in CURRENCIES if not is_currency(one)} == set()
    assert set(EXPONENTS) - CURRENCIES == set()
