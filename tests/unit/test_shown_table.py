"""What a pricing table shows: which cadence first, which plan at which, and what is saved, exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    CardContent,
    Entitlement,
    Feature,
    PlanGroup,
    PlanVersion,
    PricingCard,
    PricingTable,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.pages.compared import Included, included_features
from billing_sdk.server.pages.price_words import words_of_cadence
from billing_sdk.server.pages.pricing import PlanCard
from billing_sdk.server.pages.shown_table import amount_saved, assembled, percent_saved
from billing_sdk.server.words import languages_in, phrase

SAY = languages_in().best(["en"]).say
DAY, WEEK, MONTH, QUARTER, YEAR = (Cadence.from_text(text) for text in ("day", "week", "month", "3 months", "year"))


def sold(minor: int, service: Cadence, *, key: str = "", billed: Cadence | None = None, currency: str = "USD"):
    """Return a plan as it is shown."""
    price, cadence = Money(minor, currency), words_of_cadence(service, billed)
    return PlanCard(
        plan_key=key or f"{minor}_{service}",
        version_id="version_1",
        display_name="Pro",
        price=price,
        cadence=cadence,
        price_words=phrase("%(price)s %(cadence)s", price=price, cadence=cadence),
        is_free=not minor,
        service=service,
        billed=billed or service,
    )


@pytest.mark.parametrize(
    ("usual", "asked", "percent", "amount"),
    [
        (sold(2_900, MONTH), sold(29_000, YEAR), 17, 5_800),  # 16.67, and two months exactly
        (sold(2_900, MONTH), sold(34_800, YEAR), 0, None),
        (sold(2_900, MONTH), sold(40_000, YEAR), 0, None),
        (sold(2_900, MONTH), sold(34_799, YEAR), 0, 1),
        (sold(1_000, MONTH), sold(6_000, YEAR), 50, 6_000),
        (sold(1_000, MONTH), sold(10_740, YEAR), 11, 1_260),  # 10.5 is rounded half up
        (sold(1_000, MONTH), sold(0, YEAR), 100, 12_000),
        (sold(1_000, MONTH), sold(2_700, QUARTER), 10, 300),
        (sold(900, MONTH), sold(750, MONTH, billed=YEAR), 17, 150),  # twelve months at once, priced for one
        (sold(1_000, QUARTER), sold(300, MONTH, billed=YEAR), 10, None),  # a third of it is no whole amount
        (sold(700, WEEK), sold(2_000, MONTH), 0, None),  # weeks and months are not compared
        (sold(100, DAY), sold(630, WEEK), 10, 70),
        (sold(1_000, MONTH, currency="EUR"), sold(6_000, YEAR), 0, None),
    ],
)
def test_what_is_saved_is_worked_out_over_the_same_time_exactly(usual, asked, percent, amount):
    saved = amount_saved(asked, [usual, asked])

    assert percent_saved(asked, [usual, asked]) == percent
    assert saved == (None if amount is None else Money(amount, "USD"))
    assert (percent_saved(usual, [usual, asked]), amount_saved(usual, [usual, asked])) == (0, None)


def table(*offers: tuple[PlanCard, ...], **changes: object) -> PricingTable:
    cards = tuple(
        PricingCard(first.plan_key, CardContent("Pro"), other_plan_keys=tuple(other.plan_key for other in others))
        for first, *others in offers
    )
    return PricingTable("table_1", "t", "T", PlanGroup("sbg_1", "g", "G", "user"), cards, **changes)


def shown(*offers: tuple[PlanCard, ...], firsts: tuple[Cadence, ...] = ()):
    return assembled(table(*offers), {plan.plan_key: plan for plans in offers for plan in plans}, firsts=firsts)


FREE, MONTHLY, YEARLY = sold(0, MONTH), sold(2_900, MONTH), sold(29_000, YEAR)
TEAM, TEAM_YEARLY = sold(9_000, MONTH), sold(54_000, YEAR)


def test_a_table_without_a_choice_has_no_switch():
    found = shown((FREE,), (MONTHLY,), (TEAM_YEARLY,))

    assert found.choices == ()
    assert [[offer.plan for offer in card.offers] for card in found.cards] == [[FREE], [MONTHLY], [TEAM_YEARLY]]


def test_the_switch_has_every_cadence_that_there_is_a_choice_of_the_shortest_first():
    found = shown((FREE,), (YEARLY, MONTHLY), (sold(1, WEEK),))

    assert [SAY(choice.label) for choice in found.choices] == ["Monthly", "Yearly"]
    assert [choice.is_first for choice in found.choices] == [True, False]
    assert [(offer.plan, offer.places) for offer in found.cards[1].offers] == [(YEARLY, (1,)), (MONTHLY, (0,))]
    assert [offer.places for card in found.cards[::2] for offer in card.offers] == [(0, 1), (0, 1)]
    assert SAY(found.cards[1].offers[0].saving) == "Saves US$58.00 against US$29.00 per month"


@pytest.mark.parametrize(
    ("firsts", "first"), [((YEAR,), YEAR), ((WEEK, YEAR, MONTH), YEAR), ((WEEK,), MONTH), ((), MONTH)]
)
def test_the_first_cadence_that_there_is_a_choice_of_is_shown_first(firsts, first):
    found = shown((MONTHLY, YEARLY), firsts=firsts)

    assert [choice.cadence for choice in found.choices if choice.is_first] == [first]


def test_the_switch_says_what_is_saved_and_up_to_what_where_offers_differ():
    def savings(*offers):
        return [SAY(choice.saving) if choice.saving else None for choice in shown(*offers).choices]

    assert savings((MONTHLY, YEARLY)) == [None, "save 17%"]
    assert savings((MONTHLY, YEARLY), (TEAM, TEAM_YEARLY)) == [None, "save up to 50%"]
    assert savings((MONTHLY, sold(34_800, YEAR))) == [None, None]


def version_with(*components: Entitlement) -> PlanVersion:
    return PlanVersion("version_1", "pro", 1, "USD", components, datetime(2026, 1, 1, tzinfo=UTC))


def feature(key: str, *, is_metered: bool) -> Feature:
    return Feature("feature_1", key, key.title(), "metered" if is_metered else "unmetered")


def with_features(plan: PlanCard, **words: str) -> PlanCard:
    return replace(plan, included=tuple(Included(key, key.title(), said) for key, said in words.items()))


def test_features_are_compared_in_the_order_of_the_cards_and_by_cadence_where_that_matters():
    free = with_features(FREE, tokens="1")
    found = shown((free,), (with_features(MONTHLY, reports="Yes", tokens="2"), with_features(YEARLY, tokens="3")))

    assert [one.name for one in found.compared] == ["Tokens", "Reports"]
    assert [[(one.words, one.places) for one in cell] for cell in found.compared[0].cells] == [
        [("1", ())],
        [("2", (0,)), ("3", (1,))],
    ]
    assert [[one.is_missing for one in cell] for cell in found.compared[1].cells] == [[True], [False, True]]


def test_one_card_and_a_table_that_wants_none_compare_nothing():
    free, paid = with_features(FREE, tokens="1"), with_features(MONTHLY, tokens="2")
    plans = {plan.plan_key: plan for plan in (free, paid)}

    assert shown((free,)).compared == ()
    assert len(assembled(table((free,), (paid,)), plans).compared) == 1
    assert assembled(table((free,), (paid,), has_comparison=False), plans).compared == ()


@pytest.mark.parametrize(
    ("entitlement", "words"),
    [
        ({"limit_max": 1_000}, "up to 1,000"),
        ({"limit_max": 1_000, "usage_cadence": DAY}, "up to 1,000 per day"),
        ({"limit_max": 1_000, "is_soft": True}, "1,000, then by use"),
        ({"limit_max": 5, "is_soft": True, "usage_cadence": DAY}, "5 per day, then by use"),
        ({}, "Without limit"),
    ],
)
def test_how_much_is_included_of_what_is_counted_is_said_in_words(entitlement, words):
    version = version_with(Entitlement("component_1", "tokens", "Tokens", **entitlement))
    [found] = included_features(version, {"tokens": feature("tokens", is_metered=True)})
    assert (SAY(found.words), found.is_mark) == (words, False)


@pytest.mark.parametrize(
    ("value", "words", "is_mark"),
    [
        (None, "Included", True),
        ("true", "Included", True),
        ("false", "Not included", True),
        ('"gold"', "gold", False),
        ("3", "3", False),
    ],
)
def test_what_a_feature_is_set_to_is_said_and_else_that_it_is_there(value, words, is_mark):
    version = version_with(Entitlement("component_1", "support", "Support", value=value))
    [found] = included_features(version, {"support": feature("support", is_metered=False)})
    said = found.words if isinstance(found.words, str) else SAY(found.words)
    assert (said, found.is_mark) == (words, is_mark)


def test_an_offer_that_is_not_to_be_had_at_a_cadence_is_shown_as_it_is():
    quarterly = sold(8_000, QUARTER)
    found = shown((MONTHLY, YEARLY), (TEAM, quarterly))

    assert [SAY(choice.label) for choice in found.choices] == ["Monthly", "Quarterly", "Yearly"]
    assert [offer.places for offer in found.cards[0].offers] == [(0, 1), (2,)]
    assert [offer.places for offer in found.cards[1].offers] == [(0, 2), (1,)]


def test_a_card_none_of_whose_plans_is_for_sale_is_left_out():
    found = assembled(table((MONTHLY, YEARLY), (TEAM,)), {YEARLY.plan_key: YEARLY})

    assert [card.key for card in found.cards] == [MONTHLY.plan_key]
    assert [offer.plan for offer in found.cards[0].offers] == [YEARLY]
