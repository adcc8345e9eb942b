"""Rate cards, licence fees and service actions, and the plan versions that refer to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    ComponentMissing,
    Conflict,
    InvalidAmount,
    InvalidPrice,
    InvalidRequest,
    NotFound,
    RateExists,
    TooManyComponents,
    TooManyRates,
    UsagePricedTwice,
    VersionNotFound,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    Attachment,
    CardRate,
    CreditGrant,
    LicenceFee,
    LicenceFeeObject,
    LicenceFeeVersion,
    LicensedItem,
    MeteredItem,
    Rate,
    RateCard,
    ServiceAction,
    Version,
    Versions,
)
from billing_sdk.server.domain.catalog.attachment import attached, changed, find_attachment, kind_of, resolved
from billing_sdk.server.domain.catalog.rate_card import components_of
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import ByDimension, Flat, PerUnit, RatingPolicy, Terms, Usage, charge
from tests.unit.domain.things import at, version

NOON = at("2026-01-31", "12:00:00")
LATER = NOON + timedelta(days=1)
MONTH = Cadence("month")
CARD = RateCard("card_1", "Alpaca AI", "USD", MONTH, Versions((Version("v_1", 1, NOON),), "v_1"), NOON)


def item(name: str, **conditions: str) -> MeteredItem:
    """Return an item of all tokens if it is called `small`, else of those of the model of its name."""
    own = {} if name == "small" else {"model": name}
    return MeteredItem(f"item_{name}", name, "tokens", NOON, tuple(sorted((conditions or own).items())))


def card_rate(name: str, cents: str = "5", *, number: int = 1, **conditions: str) -> CardRate:
    return CardRate(f"rate_{name}_{number}", item(name, **conditions), Terms(PerUnit(Decimal(cents))), LATER)


def names(card: RateCard, wanted: str) -> list[str]:
    return [rate.id for rate in card.rates_of(wanted)]


def modified(card: RateCard, create=(), delete=(), version_id="v_2") -> RateCard:
    return card.modified(create=create, delete=delete, version_id=version_id, at=LATER)


WITH_ONE = modified(CARD, [card_rate("small")])


def test_a_first_rate_for_an_item_counts_for_the_version_that_there_is():
    assert [one.id for one in WITH_ONE.versions.all] == ["v_1"]
    assert names(WITH_ONE, "live") == ["rate_small_1"]


def test_another_rate_for_an_item_makes_a_version_and_the_old_version_keeps_the_old_rate():
    card = WITH_ONE.priced(card_rate("small", "7", number=2), version_id="v_2", at=LATER)
    assert (names(card, "v_1"), names(card, "v_2")) == (["rate_small_1"], ["rate_small_2"])
    assert (card.versions.latest.id, card.versions.live.id) == ("v_2", "v_1")


def test_a_rate_that_is_deleted_stays_in_the_versions_before():
    card = modified(WITH_ONE, delete=["rate_small_1"])
    assert (names(card, "v_1"), names(card, "latest")) == (["rate_small_1"], [])


def test_an_item_whose_rate_was_deleted_can_be_priced_anew_without_a_version():
    card = modified(WITH_ONE, delete=["rate_small_1"]).priced(card_rate("small", number=3), version_id="v_3", at=LATER)
    assert (card.versions.latest.id, names(card, "v_2")) == ("v_2", ["rate_small_3"])


def test_several_rates_change_together_in_one_version():
    card = modified(WITH_ONE, [card_rate("small", "7", number=2), card_rate("large")], ["rate_small_1"])
    assert [one.id for one in card.versions.all] == ["v_1", "v_2"]
    assert names(card, "v_2") == ["rate_small_2", "rate_large_1"]
    assert names(card, "v_1") == ["rate_small_1"]


@pytest.mark.parametrize(
    ("create", "delete", "error"),
    [
        pytest.param([card_rate("small", number=2)], [], RateExists, id="a second rate for an item"),
        pytest.param([card_rate("x"), card_rate("x", number=2)], [], RateExists, id="two new rates for an item"),
        pytest.param([card_rate("x", model="y"), card_rate("y")], [], UsagePricedTwice, id="two items of one usage"),
        pytest.param([], ["rate_none"], NotFound, id="a rate to delete that is not there"),
        pytest.param([card_rate(f"{n}") for n in range(101)], [], TooManyRates, id="101 changes in a call"),
    ],
)
def test_a_change_of_rates_is_refused_as_a_whole(create, delete, error):
    with pytest.raises(error):
        modified(WITH_ONE, create, delete)


def test_a_version_holds_500_rates_and_not_one_more():
    card = CARD
    for start in range(0, 500, 100):
        card = modified(card, [card_rate(f"{number}") for number in range(start, start + 100)])
    assert len(card.rates_of("latest")) == 500
    with pytest.raises(TooManyRates, match="500"):
        modified(card, [card_rate("one_more")])


def test_only_usage_that_meets_the_conditions_of_an_item_is_charged():
    """Stripe documentation, metered items: tokens of one model at 5 cents, of another at 10."""
    card = modified(CARD, [card_rate("one", "5", model="hypernian_1"), card_rate("max", "10", model="hypernian_max")])
    usage = Usage(
        Decimal(8),
        (
            ((("model", "hypernian_1"),), Decimal(4)),
            ((("model", "hypernian_max"), ("region", "eu")), Decimal(3)),
            ((("model", "other"),), Decimal(1)),
        ),
    )
    rates = components_of(card, "latest")
    policy = RatingPolicy()
    assert [charge(rate.terms, usage, currency="USD", policy=policy).amount.minor for rate in rates] == [20, 30]


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(Terms(PerUnit(Decimal(1)), discount_units=Decimal(1)), id="units taken off a part of the usage"),
        pytest.param(Terms(ByDimension(("model",), ((("a",), PerUnit(Decimal(1))),))), id="a price by dimension"),
    ],
)
def test_terms_that_do_not_go_together_with_conditions_are_refused_when_the_rate_is_made(terms):
    with pytest.raises(InvalidPrice):
        CardRate("rate_1", item("one", model="a"), terms, NOON)


FEE = LicenceFeeObject(
    "fee_1",
    "Seats",
    LicensedItem("item_seat", "Seat", NOON),
    "USD",
    MONTH,
    Versions((LicenceFeeVersion("f_1", 1, NOON, Terms(PerUnit(Decimal(500)))),), "f_1"),
    NOON,
)
DEARER = FEE.priced(Terms(PerUnit(Decimal(700))), version_id="f_2", at=LATER)
ACTION = ServiceAction("action_1", "Credit", Money(1000, "USD"), MONTH, NOON, items=(item("small"), item("large")))


def test_another_price_of_a_licence_fee_makes_a_version_and_the_same_price_none():
    assert [one.number for one in DEARER.versions.all] == [1, 2]
    assert DEARER.versions.live.id == "f_1"
    assert DEARER.priced(DEARER.versions.latest.terms, version_id="f_3", at=LATER) is DEARER


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount": Money(0, "USD")}, InvalidAmount),
        ({"priority": 1_001}, InvalidRequest),
        ({"category": "gift"}, InvalidRequest),
        ({"items": tuple(item(f"{number}") for number in range(21))}, InvalidRequest),
    ],
)
def test_a_service_action_out_of_bounds_is_refused(changes, error):
    with pytest.raises(error):
        replace(ACTION, **changes)


SEATS = Attachment("component_1", "licence_fee", "fee_1", "f_1", NOON, "seats")
CARDS = Attachment("component_2", "rate_card", "card_1", "v_1", NOON)
CREDIT = Attachment("component_3", "service_action", "action_1", None, NOON)
OBJECTS = {"fee_1": DEARER, "card_1": WITH_ONE, "action_1": ACTION}


def test_a_version_is_made_of_what_it_refers_to_at_the_versions_that_it_names():
    fee, rate, grant = resolved(version(), [SEATS, CARDS, CREDIT], OBJECTS).components
    assert isinstance(fee, LicenceFee)
    assert (fee.id, fee.key, fee.amount(3)) == ("component_1", "seats", Money(1500, "USD"))
    assert isinstance(rate, Rate)
    assert (rate.id, rate.feature_key, rate.unit_amount, rate.service) == ("rate_small_1", "tokens", Decimal(5), MONTH)
    assert isinstance(grant, CreditGrant)
    assert (grant.key, grant.applies_to) == ("component_3", ("tokens",))


def test_a_rate_that_is_added_later_counts_for_a_version_that_refers_to_the_card():
    later = {**OBJECTS, "card_1": modified(WITH_ONE, [card_rate("large")])}
    assert len(resolved(version(), [CARDS], later).components) == 2


def test_a_rate_that_is_changed_later_does_not():
    later = {**OBJECTS, "card_1": WITH_ONE.priced(card_rate("small", "9", number=2), version_id="v_2", at=LATER)}
    assert resolved(version(), [CARDS], later) == resolved(version(), [CARDS], OBJECTS)


def test_a_version_without_references_is_as_it_was_stored():
    stored = version(LicenceFee("fee", "base", "Base", "USD", Terms(Flat(Decimal(100)))))
    assert resolved(stored, [], {}) is stored


def test_a_reference_to_a_version_that_is_not_there_is_refused():
    with pytest.raises(VersionNotFound):
        resolved(version(), [replace(CARDS, version_id="v_9")], OBJECTS)


def test_what_kind_of_component_an_object_makes():
    assert [kind_of(thing) for thing in OBJECTS.values()] == ["licence_fee", "rate_card", "service_action"]


def test_an_object_is_attached_once_and_a_lookup_key_given_once():
    assert attached([SEATS], CARDS) == (SEATS, CARDS)
    with pytest.raises(Conflict, match="fee_1"):
        attached([SEATS], replace(SEATS, id="component_9", lookup_key=None))
    with pytest.raises(Conflict, match="seats"):
        attached([SEATS], replace(CARDS, lookup_key="seats"))
    with pytest.raises(Conflict, match="seats"):
        changed([SEATS, CARDS], replace(CARDS, lookup_key="seats"))
    assert changed([SEATS, CARDS], replace(SEATS, version_id="f_2"))[0].version_id == "f_2"


@pytest.mark.parametrize(("kind", "most"), [("rate_card", 20), ("licence_fee", 100)])
def test_a_plan_has_so_many_components_and_not_one_more(kind, most):
    def one(number: int) -> Attachment:
        return Attachment(f"component_{number}", kind, f"thing_{number}", None, NOON)

    all_but_one = tuple(one(number) for number in range(most - 1))
    full = attached(all_but_one, one(most))
    with pytest.raises(TooManyComponents):
        attached(full, one(most + 1))


def test_a_component_is_found_by_its_id_or_lookup_key():
    assert find_attachment([SEATS, CARDS], "seats") == find_attachment([SEATS], "component_1") == SEATS
    with pytest.raises(ComponentMissing):
        find_attachment([SEATS], "card_1")
