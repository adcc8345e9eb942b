"""Pricing tables: offers at several cadences, how they are paired, what a table refuses, and how cards are moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import BillingError, UnknownPlan
from billing_sdk.server.domain.catalog import CardContent, Plan, PlanGroup, PricingCard, PricingTable
from billing_sdk.server.domain.catalog.generated_table import generated_cards
from billing_sdk.server.domain.catalog.pricing_table import check_table
from billing_sdk.server.domain.catalog.table_editing import card_in, moved_card, saying, with_card, without_card
from billing_sdk.server.domain.periods import Cadence
from tests.unit.domain.things import entitlement, fee, version

GROUP = PlanGroup("sbg_1", "people", "People", "user")
OTHERS = PlanGroup("sbg_2", "teams", "Teams", "organization")
MONTH, QUARTER, YEAR = Cadence("month"), Cadence("month", 3), Cadence("year")
SSO = ("sso",)


def plan(key: str, cadence: Cadence = MONTH, *, name: str = "", features: tuple[str, ...] = SSO, priced: bool = True):
    """Return a plan for sale."""
    parts = (*((fee(),) if priced else ()), *(entitlement(feature) for feature in features))
    sold = replace(version(*parts), plan_key=key, cadence=cadence)
    return Plan.draft(sold, name=name or key, group=GROUP).selling(sold)


def card(*plan_keys: str) -> PricingCard:
    first, *others = plan_keys
    return PricingCard(first, CardContent(first, call_to_action="Choose"), other_plan_keys=tuple(others))


def table(*cards: PricingCard) -> PricingTable:
    return PricingTable("table_1", "t", "T", GROUP, cards)


@pytest.mark.parametrize(
    ("plans", "cards"),
    [
        ([plan("pro_monthly"), plan("pro_yearly", YEAR)], [("pro_monthly", "pro_yearly")]),
        ([plan("annual-pro", YEAR), plan("pro")], [("annual-pro", "pro")]),
        ([plan("a1", name="Pro, monthly"), plan("b2", YEAR, name="Pro (Yearly)")], [("a1", "b2")]),
        (
            [plan("pro"), plan("free", features=()), plan("pro_quarterly", QUARTER), plan("pro_year", YEAR)],
            [("pro", "pro_quarterly", "pro_year"), ("free",)],
        ),
        # The same name and other features, the same features and another name, or one cadence: other offers.
        (
            [plan("pro_monthly"), plan("pro_yearly", YEAR, features=("sso", "logs"))],
            [("pro_monthly",), ("pro_yearly",)],
        ),
        ([plan("pro_monthly"), plan("max_yearly", YEAR)], [("pro_monthly",), ("max_yearly",)]),
        ([plan("pro_monthly"), plan("pro")], [("pro_monthly",), ("pro",)]),
        # A word that only begins like a cadence is a name.
        ([plan("yearbook"), plan("book", YEAR)], [("yearbook",), ("book",)]),
        ([plan(f"p{number}") for number in range(6)], [("p0",), ("p1",), ("p2",), ("p3",)]),
    ],
)
def test_plans_that_differ_only_in_how_often_they_are_paid_share_a_generated_card(plans, cards):
    assert [one.plan_keys for one in generated_cards(plans)] == cards


@pytest.mark.parametrize(
    ("cards", "code"),
    [
        ([card("pro", "pro_yearly"), card("free")], None),
        ([card("pro"), card("free", "pro")], "duplicate_key"),
        ([card("pro", "pro_again")], "invalid_request"),
        ([card("pro", "free", "pro_yearly", "pro_quarterly", "late")], "invalid_request"),
        ([card("pro", "none")], "unknown_plan"),
        ([card("pro", "unpriced")], "unpriced_plan"),
        ([card("pro", "of_teams")], "mixed_groups"),
        ([card(key) for key in ("pro", "free", "pro_yearly", "pro_quarterly", "late")], "too_many_plans"),
    ],
)
def test_every_plan_of_a_card_is_checked_and_no_two_are_paid_equally_often(cards, code):
    plans = {
        one.key: one
        for one in (
            plan("pro"),
            plan("pro_again"),
            plan("free", Cadence("week")),
            plan("pro_yearly", YEAR),
            plan("pro_quarterly", QUARTER),
            plan("late", Cadence("day")),
            plan("unpriced", YEAR, priced=False),
            replace(plan("of_teams", YEAR), group=OTHERS),
        )
    }
    try:
        check_table(table(*cards), plans)
        found = None
    except BillingError as refusal:
        found = refusal.code
    assert found == code


def test_what_was_on_a_table_before_may_have_been_archived_since():
    archived = replace(plan("pro"), status="archived")

    check_table(table(card("pro")), {"pro": archived}, unchanged=frozenset({"pro"}))
    with pytest.raises(UnknownPlan):
        check_table(table(card("pro")), {"pro": archived})


def test_cards_are_moved_added_and_taken_off():
    shown = table(card("a"), card("b", "b_yearly"), card("c"))

    def keys(cards):
        return [one.plan_key for one in cards]

    assert shown.plan_keys == ("a", "b", "b_yearly", "c")
    assert keys(moved_card(shown, "b", "up")) == ["b", "a", "c"]
    assert keys(moved_card(shown, "b", "down")) == ["a", "c", "b"]
    assert (keys(moved_card(shown, "a", "up")), keys(moved_card(shown, "c", "down"))) == (["a", "b", "c"],) * 2
    assert keys(without_card(shown, "b")) == ["a", "c"]
    assert keys(with_card(shown, card("d"))) == ["a", "b", "c", "d"]
    assert with_card(shown, card("b"))[1].other_plan_keys == ()
    with pytest.raises(UnknownPlan):
        card_in(shown, "b_yearly")


def test_a_card_says_something_else_in_one_language_and_the_same_in_all_others():
    shown = table(replace(card("a"), translations={"de": CardContent("A, auf Deutsch")}))
    (before,) = shown.cards
    french = CardContent("A, en fran\u00e7ais")

    with_french = saying(shown, before, "fr", french)
    assert with_french.translations == {**before.translations, "fr": french}
    assert saying(shown, with_french, "fr", None) == before
    assert saying(shown, before, "en", french).content == french
    assert saying(shown, before, "en", None) == before
    assert table(with_french).languages == ("en", "de", "fr")
