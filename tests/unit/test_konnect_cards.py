"""Rate cards and components say the same thing, in both directions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.server.api.konnect.compiling import Catalogue, components_of, resource_key
from billing_sdk.server.api.konnect.durations import cadence_of, duration_of, times
from billing_sdk.server.api.konnect.prices import major_of, minor_of, price_of, priced
from billing_sdk.server.api.konnect.rate_cards import RateCard
from billing_sdk.server.api.konnect.shown_cards import cards_of
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Overage,
    Package,
    Percentage,
    PerUnit,
    UnitConversion,
)
from billing_sdk.server.ids import new_id, ulid_of

FEATURE = Feature("feature_" + "0" * 31 + "1", "api_calls", "API calls", "metered")
LOOK = Feature("feature_" + "0" * 31 + "2", "look", "Look", "unmetered")
TAX = "0" * 25 + "3"
FEATURES = {ulid_of(one.id): one for one in (FEATURE, LOOK)}


def catalogue(currency: str = "USD") -> Catalogue:
    return Catalogue(currency, Cadence("month"), FEATURES, {TAX: "saas"}, new_id)


def there_and_back(card: dict, currency: str = "USD") -> dict:
    """Return a card after it has been components."""
    components, faults = components_of([RateCard.model_validate(card)], catalogue(currency), "rate_cards")
    assert faults == ()
    by_key = {one.key: one for one in FEATURES.values()}
    (shown,) = cards_of(components, Cadence("month"), by_key, {"saas": TAX})
    return shown.model_dump(mode="json", exclude_defaults=True)


amounts = st.decimals(0, 10_000, places=6).map(lambda number: f"{number.normalize():f}")
units = st.decimals(1, 10_000, places=2).map(lambda number: f"{number.normalize():f}")
flat = st.builds(lambda amount: {"type": "flat", "amount": amount}, amounts)
unit = st.builds(lambda amount: {"type": "unit", "amount": amount}, amounts)


@st.composite
def scales(draw, kind):
    ends = sorted({Decimal(end) for end in draw(st.lists(units, max_size=3))})
    tiers = []
    for end in [*ends, None]:
        tier = {"unit_price": draw(unit)}
        fixed = draw(st.none() | flat.filter(lambda one: Decimal(one["amount"])))
        if fixed is not None:
            tier = {"flat_price": fixed} | ({"unit_price": tier["unit_price"]} if draw(st.booleans()) else {})
            if "unit_price" in tier and not Decimal(tier["unit_price"]["amount"]):
                del tier["unit_price"]
        tiers.append(tier if end is None else {"up_to_amount": f"{end.normalize():f}", **tier})
    return {"type": kind, "tiers": tiers}


@st.composite
def usage_cards(draw):
    card = {"key": "api_calls", "name": "Calls", "feature": {"id": ulid_of(FEATURE.id)}}
    card["billing_cadence"] = "P1M"
    card["price"] = draw(unit | scales("graduated") | scales("volume"))
    percent = draw(st.integers(1, 100))
    optional = {
        "commitments": {"minimum_amount": "5", "maximum_amount": "50"},
        "discounts": {"percentage": percent, "usage": "2.5"},
        "tax_config": {"behavior": "inclusive", "code": {"id": TAX}},
        "unit_config": {
            "operation": "divide",
            "conversion_factor": "1000",
            "rounding": "ceiling",
            "display_unit": "GB",
        },
        "entitlement": {"type": "metered", "limit": 100, "is_soft_limit": True, "usage_period": "P1D"},
    }
    return card | {name: optional[name] for name in draw(st.sets(st.sampled_from(sorted(optional))))}


@settings(max_examples=60)
@given(usage_cards(), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_price_by_use_is_the_same_after_it_has_been_a_rate(card, currency):
    assert there_and_back(card, currency) == card


@settings(max_examples=40)
@given(flat, st.sampled_from(["in_advance", "in_arrears", "once"]), st.booleans())
def test_a_flat_price_is_the_same_after_it_has_been_a_fee(price, charged, has_feature):
    card = {"key": "look" if has_feature else "seat", "name": "Look", "price": price}
    if charged != "once":
        card["billing_cadence"] = "P1M"
    if charged != "in_arrears":
        card["payment_term"] = "in_advance"
    if has_feature:
        card |= {"feature": {"id": ulid_of(LOOK.id)}, "entitlement": {"type": "static", "config": {"colour": ["red"]}}}
    assert there_and_back(card) == card


def test_what_is_simply_included_is_the_same_after_it_has_been_an_entitlement():
    card = {"key": "look", "name": "Look", "feature": {"id": ulid_of(LOOK.id)}, "price": {"type": "free"}}
    assert there_and_back(card | {"entitlement": {"type": "boolean"}}) == card | {"entitlement": {"type": "boolean"}}


@pytest.mark.parametrize(("currency", "minor"), [("USD", "150"), ("JPY", "1.5"), ("KWD", "1500")])
def test_amounts_are_minor_units_exactly(currency, minor):
    assert minor_of(Decimal("1.5"), currency) == Decimal(minor)
    assert major_of(Decimal(minor), currency) == Decimal("1.5")


@pytest.mark.parametrize(
    ("price", "shown", "conversion", "free"),
    [
        (
            Package(Decimal(100), Decimal(400)),
            {"type": "unit", "amount": "4"},
            UnitConversion("divide", Decimal(100), "ceiling"),
            0,
        ),
        (Overage(Decimal(5), PerUnit(Decimal(100))), {"type": "unit", "amount": "1"}, None, 5),
        (Percentage(Decimal("2.5")), {"type": "unit", "amount": "0.00025"}, None, 0),
        (ByDimension(("region",), ((("eu",), PerUnit(Decimal(1))),)), {"type": "free"}, None, 0),
        (
            ByDimension(("region",), ((("eu",), PerUnit(Decimal(1))),), PerUnit(Decimal(2))),
            {"type": "unit", "amount": "0.02"},
            None,
            0,
        ),
        (Flat(Decimal(5)), {"type": "flat", "amount": "0.05"}, None, 0),
    ],
)
def test_prices_of_other_doors_are_shown_as_what_comes_nearest(price, shown, conversion, free):
    told, converted, units_free = price_of(price, "USD")
    assert told.model_dump(mode="json", exclude_defaults=True) == shown
    assert (converted, units_free) == (conversion, free)


@pytest.mark.parametrize(
    ("text", "cadence"),
    [
        ("P1M", Cadence("month")),
        ("P12M", Cadence("year")),
        ("P1Y6M", Cadence("month", 18)),
        ("P2W", Cadence("week", 2)),
        ("P1W1D", Cadence("day", 8)),
        ("PT1H", None),
        ("P1M1D", None),
        ("P0D", None),
    ],
)
def test_a_cadence_is_a_whole_number_of_days_or_of_months(text, cadence):
    assert cadence_of(Duration.parse(text)) == cadence
    if cadence is not None:
        assert cadence_of(Duration.parse(duration_of(cadence))) == cadence


def test_one_cadence_goes_into_another_or_does_not():
    month, year, week = Cadence("month"), Cadence("year"), Cadence("week")
    assert times(month, year) == 12
    assert times(Cadence("day"), week) == 7
    assert times(year, month) is None
    assert times(week, month) is None


@pytest.mark.parametrize(("key", "shown"), [("pro", "pro"), ("Pro-1.Team", "pro_1_team"), ("__", "key")])
def test_keys_are_shown_in_the_letters_of_the_door(key, shown):
    assert resource_key(key) == shown


def test_prices_of_this_door_are_read_as_they_are_shown():
    card = RateCard.model_validate({"key": "a", "name": "A", "price": {"type": "unit", "amount": "0.10"}})
    assert price_of(priced(card.price, "USD"), "USD")[0] == card.price
