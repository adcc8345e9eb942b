"""Objects with versions as they are kept, and the plans that refer to them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    ComponentMissing,
    Conflict,
    CurrencyMismatch,
    DuplicateKey,
    InvalidRequest,
    InvalidServiceInterval,
    LookupKeyTaken,
    NotFound,
    RateExists,
    UnknownFeature,
    UnknownPlan,
    VersionNotFound,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms, Tier, Volume
from billing_sdk.server.usecases.attach_component import attach_component, change_component, detach_component
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action, update_service_action
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate, delete_rate, modify_rates
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_item import update_licensed_item, update_metered_item
from billing_sdk.server.usecases.update_licence_fee import update_licence_fee
from billing_sdk.server.usecases.update_rate_card import update_rate_card
from tests.engines import IN_MEMORY, engine_on, payer

MONTH = Cadence("month")
TERMS = Terms(PerUnit(Decimal("0.000000000001")))
TIERED = Terms(Volume((Tier(Decimal(5), Decimal(7)), Tier(None, Decimal(6)))), minimum=Decimal(100))


@pytest.fixture(scope="module")
def engine():
    """One engine for all tests, each of which names things of its own."""
    with engine_on(IN_MEMORY) as opened:
        yield opened


def item(engine, name="Tokens", **changes):
    return create_metered_item(engine, **{"name": name, "feature_key": "ai_tokens", **changes})


def fee(engine, minor=5_000, **changes):
    seat = create_licensed_item(engine, name="Seat", unit_label="seat")
    values = {"name": "Seats", "item_id": seat.id, "currency": "USD", "terms": Terms(Flat(Decimal(minor)))}
    return create_licence_fee(engine, **{**values, "service": MONTH, **changes})


def card(engine, *rates, **changes):
    made = create_rate_card(engine, **{"name": "Alpaca AI", "currency": "USD", "service": MONTH, **changes})
    return modify_rates(engine, card_id=made.id, create=rates, delete=()) if rates else made


def stored(engine, kind, wanted):
    with engine.read() as tx:
        return getattr(tx, kind).get(wanted)


def live(engine, plan_key):
    with engine.read() as tx:
        return tx.catalog.get_plan(plan_key)


def audited(engine, subject):
    with engine.read() as tx:
        return [record["action"] for record in tx.audit.of(subject)]


def test_items_are_found_as_they_were_created_by_id_and_lookup_key(engine):
    metered = item(engine, conditions={"model": "large"}, unit_label="token", lookup_key="large", metadata={"a": "b"})
    licensed = create_licensed_item(engine, name="Seat", lookup_key="large")
    with engine.read() as tx:
        assert tx.items.get_metered("large") == tx.items.get_metered(metered.id) == metered
        assert tx.items.get_licensed("large") == licensed
        assert metered in tx.items.list_metered().items
        assert licensed in tx.items.list_licensed().items
        with pytest.raises(NotFound):
            tx.items.get_metered(licensed.id)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"feature_key": "nothing"}, UnknownFeature, id="a feature that does not exist"),
        pytest.param({"feature_key": "sso"}, InvalidRequest, id="a feature that is not metered"),
        pytest.param({"name": ""}, InvalidRequest, id="no name"),
    ],
)
def test_a_metered_item_is_not_created_for(engine, changes, error):
    with pytest.raises(error):
        item(engine, **changes)


def test_labels_of_an_item_change_and_what_it_measures_does_not(engine):
    made = item(engine, lookup_key="before")
    changed = update_metered_item(engine, item_id="before", name="More", unit_label="t", lookup_key="after")
    assert changed == replace(made, name="More", unit_label="t", lookup_key="after")
    assert update_metered_item(engine, item_id="after", lookup_key="").lookup_key is None
    assert audited(engine, made.id) == ["metered_item.create", "metered_item.update", "metered_item.update"]
    seat = create_licensed_item(engine, name="Seat")
    assert update_licensed_item(engine, item_id=seat.id, metadata={"x": "y"}).metadata == {"x": "y"}


def test_a_lookup_key_is_given_once_for_each_kind_of_object(engine):
    other = item(engine, lookup_key="once")
    with pytest.raises(LookupKeyTaken, match="once"):
        item(engine, lookup_key="once")
    second = item(engine)
    with pytest.raises(LookupKeyTaken):
        update_metered_item(engine, item_id=second.id, lookup_key="once")
    for make in (fee, card):
        make(engine, lookup_key="once")
        with pytest.raises(LookupKeyTaken):
            make(engine, lookup_key="once")
    assert update_metered_item(engine, item_id=other.id, lookup_key="once") == other


def test_a_licence_fee_gets_versions_and_one_of_them_is_live(engine):
    made = fee(engine, terms=TIERED, lookup_key="seats", metadata={"a": "b"})
    assert stored(engine, "licence_fees", "seats") == made
    changed = update_licence_fee(engine, fee_id="seats", terms=TERMS)
    assert (len(changed.versions.all), changed.versions.live.terms) == (2, TIERED)
    live_now = update_licence_fee(engine, fee_id="seats", live_version="latest", name="Places")
    assert stored(engine, "licence_fees", made.id) == live_now
    assert (live_now.versions.live.terms, live_now.name) == (TERMS, "Places")
    with pytest.raises(VersionNotFound):
        update_licence_fee(engine, fee_id="seats", live_version="version_none")
    assert live_now in _all(engine, "licence_fees")


def test_rates_of_a_card_are_kept_with_their_history(engine):
    small, large = item(engine, "Small"), item(engine, "Large", lookup_key="the_large_one")
    made = card(engine)
    first, rate = add_rate(engine, card_id=made.id, rate=NewRate(small.id, TERMS, {"a": "b"}))
    assert (len(first.versions.all), rate.item) == (1, small)
    second, other = add_rate(engine, card_id=made.id, rate=NewRate(small.id, TIERED))
    assert (len(second.versions.all), second.rates_of(first.versions.latest.id)) == (2, (replace(rate, until=2),))
    third = modify_rates(engine, card_id=made.id, create=[NewRate("the_large_one", TERMS)], delete=[other.id])
    assert [one.item for one in third.rates_of("latest")] == [large]
    fourth = delete_rate(engine, card_id=made.id, rate_id=third.rates_of("latest")[0].id)
    assert (len(fourth.versions.all), fourth.rates_of("latest")) == (4, ())
    assert stored(engine, "rate_cards", made.id) == fourth
    assert audited(engine, made.id) == ["rate_card.create", *["rate_card.rates"] * 4]
    assert fourth in _all(engine, "rate_cards")


def test_rates_change_all_or_none(engine):
    small = item(engine)
    made = card(engine, NewRate(small.id, TERMS))
    with pytest.raises(RateExists):
        modify_rates(engine, card_id=made.id, create=[NewRate(item(engine).id, TERMS)] * 2, delete=[made.rates[0].id])
    with pytest.raises(NotFound):
        modify_rates(engine, card_id=made.id, create=[NewRate("item_none", TERMS)], delete=[made.rates[0].id])
    assert stored(engine, "rate_cards", made.id) == made


def test_labels_and_live_version_of_a_card_change(engine):
    small = item(engine)
    made = card(engine, NewRate(small.id, TERMS))
    add_rate(engine, card_id=made.id, rate=NewRate(small.id, TIERED))
    changed = update_rate_card(engine, card_id=made.id, name="Llama", is_active=False, live_version="latest")
    assert stored(engine, "rate_cards", made.id) == changed
    assert (changed.name, changed.is_active, changed.versions.live.number) == ("Llama", False, 2)
    with pytest.raises(Conflict, match="active"):
        attach_component(engine, plan_key="team_free", kind="rate_card", object_id=made.id)


def test_a_service_action_changes_its_name_and_lookup_key_alone(engine):
    small = item(engine)
    made = create_service_action(
        engine, name="Credit", amount=Money(1000, "USD"), service=MONTH, item_ids=[small.id], lookup_key="credit"
    )
    assert stored(engine, "service_actions", "credit") == made
    changed = update_service_action(engine, action_id="credit", name="More credit", lookup_key="")
    assert changed == replace(made, name="More credit", lookup_key=None)
    assert stored(engine, "service_actions", made.id) == changed
    assert changed in _all(engine, "service_actions")


def test_components_come_and_go_in_versions_that_customers_stay_on(engine):
    before = live(engine, "pro_monthly")
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")
    with_fee = attach_component(
        engine, plan_key="pro_monthly", kind="licence_fee", object_id=fee(engine).id, lookup_key="monthly-fee-component"
    )
    assert with_fee.version.number == before.version.number + 1
    assert with_fee.version.price == before.version.price + Money(5_000, "USD")
    assert live(engine, "pro_monthly").version == before.version
    rates = card(engine, NewRate(item(engine).id, TERMS))
    with_card = attach_component(engine, plan_key="pro_monthly", kind="rate_card", object_id=rates.id)
    assert with_card.version.id == with_fee.version.id
    credit = create_service_action(engine, name="Credit", amount=Money(1, "USD"), service=MONTH)
    with_credit = attach_component(engine, plan_key="pro_monthly", kind="service_action", object_id=credit.id)
    assert with_credit.version.number == before.version.number + 2
    without = detach_component(engine, plan_key="pro_monthly", component_id="monthly-fee-component")
    assert (without.version.price, len(without.attachments)) == (before.version.price, 2)
    with engine.read() as tx:
        assert tx.catalog.get_version(with_fee.version.id) == with_card.version
        assert tx.catalog.get_version(agreement.plan_version_id) == before.version
        assert [one.number for one in tx.catalog.list_versions("pro_monthly")] == [4, 3, 2, 1]


def test_a_rate_that_is_added_to_a_card_counts_for_whoever_is_on_the_version(engine):
    rates = card(engine, NewRate(item(engine, "Small", conditions={"model": "small"}).id, TERMS))
    attach_component(engine, plan_key="enterprise_monthly", kind="rate_card", object_id=rates.id, lookup_key="usage")
    before = live(engine, "enterprise_monthly").version
    add_rate(engine, card_id=rates.id, rate=NewRate(item(engine, "Large", conditions={"model": "large"}).id, TIERED))
    after = live(engine, "enterprise_monthly").version
    assert [rate.name for rate in after.of_kind(Rate)][-2:] == ["Small", "Large"]
    add_rate(engine, card_id=rates.id, rate=NewRate(rates.rates[0].item.id, TIERED))
    assert live(engine, "enterprise_monthly").version == after
    changed = change_component(engine, plan_key="enterprise_monthly", component_id="usage", version="latest")
    assert changed.version.number == before.number + 1
    assert {rate.terms.minimum for rate in changed.version.of_kind(Rate)[-2:]} == {TIERED.minimum}
    same = change_component(engine, plan_key="enterprise_monthly", component_id="usage", version="latest")
    assert same == changed


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"currency": "EUR"}, CurrencyMismatch, id="in another currency"),
        pytest.param({"service": Cadence("month", 2)}, InvalidServiceInterval, id="for longer than the plan is billed"),
    ],
)
def test_an_object_that_does_not_fit_a_plan_is_not_attached(engine, changes, error):
    before = live(engine, "team_pro")
    with pytest.raises(error):
        attach_component(engine, plan_key="team_pro", kind="licence_fee", object_id=fee(engine, **changes).id)
    assert live(engine, "team_pro") == before


def test_what_is_not_there_is_not_attached_changed_or_detached(engine):
    with pytest.raises(NotFound):
        attach_component(engine, plan_key="team_pro", kind="rate_card", object_id="card_none")
    with pytest.raises(UnknownPlan):
        attach_component(engine, plan_key="nothing", kind="rate_card", object_id="card_none")
    with pytest.raises(VersionNotFound):
        attach_component(engine, plan_key="team_pro", kind="licence_fee", object_id=fee(engine).id, version="v_none")
    with pytest.raises(ComponentMissing):
        change_component(engine, plan_key="team_pro", component_id="component_none", version="latest")
    with pytest.raises(ComponentMissing):
        detach_component(engine, plan_key="team_pro", component_id="component_none")


def test_a_plan_that_prices_all_usage_of_a_feature_gets_no_second_price_for_it(engine):
    with pytest.raises(DuplicateKey):
        attach_component(
            engine,
            plan_key="team_enterprise",
            kind="rate_card",
            object_id=card(engine, NewRate(item(engine).id, TERMS)).id,
        )


def _all(engine, kind):
    with engine.read() as tx:
        return getattr(tx, kind).list().items
