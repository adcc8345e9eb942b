"""What an agreement entitles to, in the terms of the Account API."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.entitlements import entitlements_of
from tests.unit.domain.things import agreement, at, entitlement, fee, rate, version


def test_a_fee_is_shown_with_its_price_and_the_name_of_its_line():
    (granted,) = entitlements_of(agreement(), version(fee(2_900)))

    assert (granted.feature_key, granted.fixed_charge) == ("base_price", 2_900)
    assert (granted.unit_amount, granted.unit_amount_decimal) == (None, None)
    assert granted.price_name == "Pro, one month"


@pytest.mark.parametrize(
    ("price", "whole", "exact"),
    [
        ("2", 2, "2"),
        ("2.00", 2, "2"),
        ("100", 100, "100"),
        ("0", 0, "0"),
        ("1.5", None, "1.5"),
        ("0.02", None, "0.02"),
        ("0.000010", None, "0.00001"),
        ("1E+2", 100, "100"),
    ],
)
def test_a_unit_price_is_shown_exactly_and_as_an_integer_only_where_it_is_one(price, whole, exact):
    (granted,) = entitlements_of(agreement(), version(rate(price), entitlement(limit_max=1_000)))

    assert (granted.unit_amount, granted.unit_amount_decimal) == (whole, exact)
    assert (granted.limit_max, granted.fixed_charge, granted.price_name) == (1_000, None, "AI tokens, by use")


def test_an_entitlement_without_a_limit_has_none():
    (granted,) = entitlements_of(agreement(), version(entitlement("advanced_reports")))

    assert (granted.limit_max, granted.limit_min, granted.price_name) == (None, None, "advanced reports")


def test_the_order_is_that_of_the_plan():
    granted = entitlements_of(agreement(), version(entitlement("b"), fee(), entitlement("a")))

    assert [one.feature_key for one in granted] == ["b", "base_price", "a"]


def test_an_agreement_that_has_ended_entitles_to_nothing():
    ended = agreement().ended_by("cancel", at("2026-02-02"))

    assert entitlements_of(ended, version(fee(), entitlement())) == ()


def test_ids_are_stable_and_differ_between_agreements():
    sold = version(fee(), entitlement())
    first, again = entitlements_of(agreement(), sold), entitlements_of(agreement(), sold)
    other = entitlements_of(agreement(id="agreement_2"), sold)

    assert first == again
    assert len({one.id for one in (*first, *other)}) == 4
    assert all(one.id.startswith("entitlement_") and len(one.id) == 44 for one in first)
