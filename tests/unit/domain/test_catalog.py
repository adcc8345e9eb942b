"""The rules of the catalogue: the lifecycle of plans, versions in currencies and phases, tables, languages."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import (
    AlreadyPublished,
    BillingError,
    CurrencyMismatch,
    EmptyVersion,
    InvalidPrice,
    InvalidQuantity,
    InvalidRequest,
    PlanArchived,
    PlanNotPublished,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    CardContent,
    CreditGrant,
    Entitlement,
    LicenceFee,
    Phase,
    Plan,
    PlanGroup,
    PricingCard,
    PricingTable,
    Trial,
    check_for_sale,
    check_trial,
    check_version,
)
from billing_sdk.server.domain.catalog.costs_nothing import costs_nothing
from billing_sdk.server.domain.catalog.documents import (
    component_from_document,
    document_of_component,
    phase_from_document,
    trial_from_document,
)
from billing_sdk.server.domain.catalog.generated_table import generated_cards
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.lifecycle import after
from billing_sdk.server.domain.catalog.pricing_table import lookup
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Terms,
    Tier,
    Volume,
)
from tests.unit.domain.things import entitlement, fee, rate, version

ZERO, ONE = Decimal(0), Decimal(1)
FREE_TIERS = (Tier(ONE), Tier(None))
PAID_TIERS = (Tier(ONE), Tier(None, flat_amount=ONE))
GROUP = PlanGroup("sbg_1", "people", "People", "user")
IN_EUROS = (("EUR", Terms(Flat(Decimal(2_500)))),)


@pytest.mark.parametrize(
    ("status", "event", "outcome"),
    [
        ("draft", "publish", "published"),
        ("draft", "archive", PlanNotPublished),
        ("published", "publish", AlreadyPublished),
        ("published", "archive", "archived"),
        ("archived", "publish", PlanArchived),
        ("archived", "archive", PlanArchived),
    ],
)
def test_a_plan_is_a_draft_then_published_then_archived_and_nothing_else(status, event, outcome):
    if isinstance(outcome, str):
        assert after(status, event) == outcome
        return
    with pytest.raises(outcome):
        after(status, event)


@pytest.mark.parametrize(
    ("price", "is_nothing"),
    [
        (Flat(ZERO), True),
        (Flat(ONE), False),
        (PerUnit(ZERO), True),
        (PerUnit(Decimal("0.000000000001")), False),
        (Package(ONE, ZERO), True),
        (Package(ONE, ONE), False),
        (Volume(FREE_TIERS), True),
        (Volume(PAID_TIERS), False),
        (Graduated(FREE_TIERS), True),
        (Graduated(PAID_TIERS), False),
        (Overage(ONE, PerUnit(ZERO)), True),
        (Overage(ONE, PerUnit(ONE)), False),
        (Percentage(ZERO), True),
        (Percentage(ZERO, minimum=ONE), False),
        (Percentage(ONE), False),
        (ByDimension(("region",), ((("eu",), PerUnit(ZERO)),)), True),
        (ByDimension(("region",), ((("eu",), PerUnit(ZERO)),), otherwise=PerUnit(ONE)), False),
    ],
)
def test_a_plan_is_free_where_no_price_can_come_to_anything(price, is_nothing):
    assert costs_nothing(Terms(price)) is is_nothing
    assert version(replace(rate(), terms=Terms(price))).is_free is is_nothing


def test_a_minimum_costs_something_and_a_maximum_of_zero_nothing():
    assert not costs_nothing(Terms(PerUnit(ZERO), minimum=ONE))
    assert costs_nothing(Terms(PerUnit(ONE), maximum=ZERO))


def test_a_plan_whose_first_phase_costs_something_is_not_free():
    ramp = Phase("ramp", "Ramp", 1, (fee(100),))

    assert not replace(version(fee(0)), opening_phases=(ramp,)).is_free


@pytest.mark.parametrize(("index", "amount"), [(0, 0), (1, 0), (2, 500), (3, 2_900), (400, 2_900)])
def test_each_period_has_the_components_of_its_phase_and_the_regular_ones_after_the_last(index, amount):
    free, half = Phase("free", "Free", 2, (fee(0),)), Phase("half", "Half", 1, (fee(500),))
    phased = replace(version(fee(2_900)), opening_phases=(free, half))

    (found,) = phased.components_in(index)
    assert isinstance(found, LicenceFee)
    assert found.amount() == Money(amount, "USD")


def test_a_version_is_the_same_in_another_currency_with_other_amounts():
    credit = CreditGrant("credit_1", "c", "C", Money(100, "USD"), other_currencies=(Money(90, "EUR"),))
    dollars = replace(
        version(replace(fee(), other_currencies=IN_EUROS), entitlement(), credit),
        opening_phases=(Phase("a", "A", 1, (replace(fee(100), other_currencies=IN_EUROS),)),),
    )
    euros = dollars.in_currency("EUR")

    assert (dollars.currencies, euros.currencies) == (("USD", "EUR"), ("EUR", "USD"))
    assert (euros.id, euros.currency, euros.price) == (dollars.id, "EUR", Money(2_500, "EUR"))
    assert [grant.amount for grant in euros.of_kind(CreditGrant)] == [Money(90, "EUR")]
    assert euros.components_in(0)[0].currency == "EUR"  # type: ignore[union-attr]  # it is a fee
    assert euros.in_currency("USD") == dollars
    assert dollars.in_currency("USD") is dollars
    with pytest.raises(CurrencyMismatch, match="USD, EUR"):
        dollars.in_currency("TRY")


def test_a_licence_fee_is_multiplied_by_its_licences():
    seats = replace(fee(), terms=Terms(PerUnit(Decimal("0.5"))))

    assert (seats.is_licensed, fee().is_licensed) == (True, False)
    assert (seats.amount(3), fee().amount(3)) == (Money(2, "USD"), Money(2_900, "USD"))
    with pytest.raises(InvalidQuantity):
        seats.amount(-1)


def test_a_version_is_for_sale_in_the_default_currency_with_something_in_it():
    check_for_sale(version(fee()), "USD")
    with pytest.raises(EmptyVersion):
        check_for_sale(version(), "USD")
    with pytest.raises(CurrencyMismatch):
        check_for_sale(version(fee()), "EUR")


@pytest.mark.parametrize("trial", [Trial(), Trial(1, remind_days_before=0), Trial(730, False, 729)])
def test_a_trial_lasts_a_day_or_more_and_its_reminder_falls_into_it(trial):
    check_trial(trial)
    assert Trial() == Trial(days=30, requires_payment_method=True, remind_days_before=3)


def test_a_service_interval_may_be_as_long_as_the_cadence():
    quarterly = replace(version(replace(fee(), service=Cadence("month", 3))), cadence=Cadence("month", 3))

    check_version(quarterly, {})


def test_a_table_is_generated_from_published_plans_only_in_their_order():
    plans = [
        Plan.draft(version(entitlement(limit_max=1_000)), name=name, group=GROUP, kind=kind).selling(version(*parts))
        for name, kind, parts in (
            ("One", "plan", (entitlement(limit_max=1_000), entitlement("sso"))),
            ("Extra", "add_on", ()),
            *((name, "plan", ()) for name in ("Two", "Three", "Four", "Five")),
        )
    ]
    cards = generated_cards([Plan.draft(version(), name="Draft", group=GROUP), *plans])

    assert [card.content.display_name for card in cards] == ["One", "Two", "Three", "Four"]
    assert cards[0].content.features == ("1,000 ai tokens", "sso")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], None),
        (["fr"], None),
        (["de"], "de"),
        (["DE-at"], "de"),
        (["fr", "de"], "de"),
        (["pt-BR-x-own"], "pt-BR"),
        (["pt"], None),
        (["en-US", "de"], "en"),
    ],
)
def test_the_language_is_the_first_wanted_one_that_there_is_or_the_wider_one(wanted, found):
    assert lookup(wanted, ("en", "de", "pt-BR")) == found


def test_what_is_not_translated_is_in_the_language_of_the_table():
    german = CardContent("Profi")
    card = PricingCard("pro", CardContent("Pro"), {"de": german})
    table = PricingTable("table_1", "t", "T", GROUP, (card,), heading="Plans", headings={"fr": "Forfaits"})

    assert (table.content_in(card, ["de"]), table.heading_in(["de"])) == (("de", german), ("en", "Plans"))
    assert (table.content_in(card, ["fr"]), table.heading_in(["fr"])) == (("en", card.content), ("fr", "Forfaits"))
    assert table.content_in(card, ["en", "de"]) == ("en", card.content)


@pytest.mark.parametrize("key", ["", " ", "a b", "_a", "a" * 256, "é", "a/b", "a\n"])
def test_a_key_is_letters_digits_and_marks(key):
    with pytest.raises(InvalidRequest):
        checked_key(key)
    assert checked_key("Pro.monthly-2_eu") == "Pro.monthly-2_eu"


GOOD = document_of_component(replace(fee(), other_currencies=IN_EUROS, service=Cadence("week")))


@pytest.mark.parametrize(
    ("document", "parameter"),
    [
        ([], "component"),
        ({}, "component.kind"),
        ({"kind": "gift"}, "component.kind"),
        ({**GOOD, "colour": "red"}, "component.colour"),
        ({name: value for name, value in GOOD.items() if name != "key"}, "component.key"),
        ({**GOOD, "key": 7}, "component.key"),
        ({**GOOD, "key": ""}, "component.key"),
        ({**GOOD, "other_currencies": {}}, "component.other_currencies"),
        ({**GOOD, "other_currencies": ["EUR"]}, "component.other_currencies[0]"),
        ({**GOOD, "other_currencies": [{"currency": "EUR"}]}, "component.other_currencies[0].terms"),
        (
            {"kind": "entitlement", "id": "i", "feature_key": "f", "feature_name": "F", "limit_max": "7"},
            "component.limit_max",
        ),
        (
            {"kind": "entitlement", "id": "i", "feature_key": "f", "feature_name": "F", "limit_max": True},
            "component.limit_max",
        ),
        (
            {"kind": "credit_grant", "id": "c", "key": "c", "name": "C", "amount": {"minor": 1.5, "currency": "USD"}},
            "component.amount.minor",
        ),
        (
            {
                "kind": "credit_grant",
                "id": "c",
                "key": "c",
                "name": "C",
                "amount": {"minor": 1, "currency": "USD"},
                "expires_with_interval": "no",
            },
            "component.expires_with_interval",
        ),
    ],
)
def test_a_component_that_cant_be_read_is_refused_with_the_path_of_the_member(document, parameter):
    with pytest.raises(InvalidRequest) as refusal:
        component_from_document(document)

    assert refusal.value.facts["parameter"] == parameter


def test_components_are_read_as_they_were_written_and_get_new_ids_where_that_is_asked_for():
    for component in (fee(), rate(), entitlement(limit_max=3), CreditGrant("credit_1", "c", "C", Money(1, "USD"))):
        document = document_of_component(component)

        assert component_from_document(document) == component
        assert component_from_document({**document, "id": "theirs"}, new_id="ours").id == "ours"


AMOUNTS = st.integers(0, 10**15).map(lambda number: Decimal(number).scaleb(-9))
TERMS = st.builds(
    Terms, st.one_of(st.builds(Flat, AMOUNTS), st.builds(PerUnit, AMOUNTS)), minimum=st.none() | st.just(Decimal(1))
)
TEXTS = st.sampled_from(["a", "\u00e9 \U0001f600", "x" * 300])
CADENCES = st.builds(Cadence, st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 10))
OTHERS = st.lists(st.tuples(st.sampled_from(["EUR", "JPY"]), TERMS), max_size=2).map(tuple)


@given(
    st.builds(LicenceFee, TEXTS, TEXTS, TEXTS, st.just("USD"), TERMS, TEXTS, st.none() | CADENCES, OTHERS)
    | st.builds(Entitlement, TEXTS, TEXTS, TEXTS, st.none() | st.integers(0, 10**12), st.none() | st.integers(0, 9))
)
@settings(max_examples=20)
def test_any_component_is_read_from_json_as_it_was_written(component):
    text = json.dumps(document_of_component(component))

    assert component_from_document(json.loads(text)) == component


def test_phases_and_trials_are_read_with_the_path_of_what_is_wrong_in_them():
    phase = {"key": "a", "name": "A", "periods": 2, "components": [{**GOOD, "name": 1}]}
    for read, document, parameter in (
        (phase_from_document, phase, "phase.components[0].name"),
        (phase_from_document, {**phase, "periods": "2"}, "phase.components[0].name"),
        (trial_from_document, {"days": "7"}, "trial.days"),
        (trial_from_document, {"weeks": 1}, "trial.weeks"),
    ):
        with pytest.raises(BillingError) as refusal:
            read(document)
        assert refusal.value.facts["parameter"] == parameter
    assert trial_from_document({}) == Trial()
    assert trial_from_document({"days": 7, "requires_payment_method": False, "remind_days_before": 1}) == Trial(
        7, False, 1
    )


def test_a_price_with_thirteen_decimals_is_refused_where_a_component_is_read():
    terms = {"price": {"model": "flat", "amount": "0.0000000000001"}}

    with pytest.raises(BillingError) as refusal:
        component_from_document({**GOOD, "terms": terms})
    assert refusal.value.code == "invalid_amount"
    with pytest.raises(InvalidPrice):
        component_from_document({**GOOD, "terms": {}})


def test_a_version_knows_every_feature_that_it_is_about():
    credit = CreditGrant("credit_1", "c", "C", Money(1, "USD"), applies_to=("storage",))

    assert version(fee(), rate(), entitlement("sso"), credit).feature_keys == {"ai_tokens", "sso", "storage"}
    assert isinstance(version(entitlement("sso")).of_kind(Entitlement)[0], Entitlement)
