"""What an agreement entitles to, in the terms of the Account API."""

from __future__ import annotations

from billing_sdk.server.domain.entitlements import entitlements_of
from tests.unit.domain.things import agreement, at, entitlement, fee, rate, version


def test_a_fee_is_shown_with_its_price_and_the_name_of_its_line():
    (granted,) = entitlements_of(agreement(), version(fee(2_900)))

    assert (granted.feature_key, granted.fixed_charge, granted.unit_amount) == ("base_price", 2_900, None)
    assert granted.price_name == "Pro, one month"


def test_a_metered_feature_is_shown_with_its_limit_and_its_whole_unit_price():
    (granted,) = entitlements_of(agreement(), version(rate("1.5"), entitlement(limit_max=1_000)))

    assert (granted.limit_max, granted.unit_amount, granted.fixed_charge) == (1_000, 2, None)
    assert granted.price_name == "AI tokens, by use"


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
