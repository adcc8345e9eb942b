"""Pricing plans: put together from objects, billed at the cadence of each customer, beside each other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AlreadyPublished,
    CurrencyMismatch,
    InvalidRequest,
    InvalidServiceInterval,
    LookupKeyTaken,
    PlanArchived,
    PlanNotPublished,
    TaxBehaviorMismatch,
    UnknownPlan,
)
from billing_sdk.server.domain.catalog import VersionContent
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.archive_plan import archive_plan, restore_plan, withdraw_plan
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_billed_organization import create_billed_organization
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item, create_one_time_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.custom_units import create_custom_unit
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.sync_catalogue import items_of
from billing_sdk.server.usecases.update_item import update_one_time_item
from tests.engines import IN_MEMORY, engine_on

MONTH, YEAR = Cadence("month"), Cadence("year")


@pytest.fixture(scope="module")
def engine():
    """One engine for all tests, each of which makes things of its own."""
    with engine_on(IN_MEMORY) as opened:
        yield opened


def pricing_plan(engine, **changes):
    values = {"name": "Pro Pricing Plan", "currency": "USD", "tax_behavior": "exclusive"}
    return create_pricing_plan(engine, **{**values, **changes})


def with_fee(engine, plan, *, service=MONTH, currency="USD", tax_behavior="exclusive"):
    """Attach a licence fee of its own to a plan."""
    seat = create_licensed_item(engine, name="Seat")
    fee = create_licence_fee(
        engine,
        name="Seats",
        item_id=seat.id,
        currency=currency,
        terms=Terms(PerUnit(Decimal(2_000))),
        service=service,
        tax_behavior=tax_behavior,
    )
    return attach_component(engine, plan_key=plan.key, kind="licence_fee", object_id=fee.id)


def found(engine, plan):
    with engine.read() as tx:
        return tx.catalog.find_plan(plan.key)


def test_a_pricing_plan_begins_as_a_draft_in_a_group_of_its_own(engine):
    plan, other = pricing_plan(engine), pricing_plan(engine)
    assert plan.key.startswith("bpp_test_")
    assert plan.status == "draft"
    assert plan.group.key == plan.key != other.group.key
    assert plan.group.scope == "organization"
    assert not plan.group.is_default
    assert plan.version.currency == "USD"
    assert plan.version.is_billed_by_customer


def test_a_service_interval_may_be_longer_than_what_the_plan_is_shown_by(engine):
    plan = pricing_plan(engine)
    assert with_fee(engine, plan, service=YEAR).version.is_billed_by_customer


def test_nobody_agrees_to_a_plan_that_would_be_billed_more_often_than_it_is_charged(engine):
    plan = pricing_plan(engine)
    with_fee(engine, plan, service=YEAR)
    publish_plan(engine, plan_key=plan.key)
    _, customer = create_billed_organization(engine, name="Yearly", billing_email="pay@example.com")
    with pytest.raises(InvalidServiceInterval, match="charged every year"):
        assign_plan(engine, customer_id=customer.id, plan_key=plan.key)


def test_a_customer_has_several_pricing_plans_beside_each_other(engine):
    plans = [pricing_plan(engine), pricing_plan(engine)]
    _, customer = create_billed_organization(engine, name="Acme", billing_email="pay@example.com")
    for plan in plans:
        with_fee(engine, plan)
        publish_plan(engine, plan_key=plan.key)
        assign_plan(engine, customer_id=customer.id, plan_key=plan.key)
    with engine.read() as tx:
        agreed = tx.agreements.live_of(customer.id)
    assert sorted(one.plan_key for one in agreed) == sorted(plan.key for plan in plans)


@pytest.mark.parametrize(
    ("other", "error"),
    [({"tax_behavior": "inclusive"}, TaxBehaviorMismatch), ({"currency": "EUR"}, CurrencyMismatch)],
)
def test_all_prices_of_a_plan_are_in_one_currency_and_agree_about_tax(engine, other, error):
    plan = pricing_plan(engine)
    with_fee(engine, plan)
    with pytest.raises(error):
        with_fee(engine, plan, **other)
    assert len(found(engine, plan).version.components) == 1


def test_a_rate_card_without_rates_has_to_agree_about_tax_too(engine):
    plan = pricing_plan(engine)
    card = create_rate_card(engine, name="Tokens", currency="USD", service=MONTH, tax_behavior="inclusive")
    with pytest.raises(TaxBehaviorMismatch):
        attach_component(engine, plan_key=plan.key, kind="rate_card", object_id=card.id)


def test_a_version_that_is_added_elsewhere_is_still_billed_by_customer(engine):
    plan = pricing_plan(engine)
    assert add_version(engine, plan_key=plan.key, content=VersionContent()).is_billed_by_customer


def test_a_plan_that_is_withdrawn_comes_back_as_it_was(engine):
    plan = pricing_plan(engine)
    assert withdraw_plan(engine, plan_key=plan.key).status == "archived"
    with pytest.raises(PlanArchived):
        with_fee(engine, plan)
    with pytest.raises(PlanArchived):
        withdraw_plan(engine, plan_key=plan.key)
    assert restore_plan(engine, plan_key=plan.key).status == "draft"
    with pytest.raises(PlanNotPublished):
        restore_plan(engine, plan_key=plan.key)
    with_fee(engine, plan)
    live = publish_plan(engine, plan_key=plan.key)
    archive_plan(engine, plan_key=plan.key)
    with engine.read() as tx, pytest.raises(UnknownPlan):
        tx.catalog.get_plan(plan.key)
    assert restore_plan(engine, plan_key=plan.key) == live
    with pytest.raises(AlreadyPublished):
        restore_plan(engine, plan_key=plan.key)


def test_one_time_items_have_lookup_keys_of_their_own(engine):
    create_licensed_item(engine, name="Setup", lookup_key="setup")
    item = create_one_time_item(engine, name="Setup", lookup_key="setup", unit_label="hour")
    with pytest.raises(LookupKeyTaken):
        create_one_time_item(engine, name="Again", lookup_key="setup")
    assert update_one_time_item(engine, item_id="setup", name="Onboarding").name == "Onboarding"
    with engine.read() as tx:
        assert [one.id for one in tx.items.list_one_time(lookup_keys=["setup"]).items] == [item.id]
        assert not tx.items.list_one_time(lookup_keys=["other"]).items


@pytest.mark.parametrize("dimensions", [("model", "model"), ("",), tuple(f"d{number}" for number in range(11))])
def test_dimensions_to_be_shown_are_ten_different_names_at_most(engine, dimensions):
    with pytest.raises(InvalidRequest, match="shown_dimensions"):
        create_metered_item(engine, name="Tokens", feature_key="ai_tokens", shown_dimensions=dimensions)


def test_a_processor_hears_of_each_item_that_is_sold_for_money_by_itself(engine):
    plan = pricing_plan(engine)
    card = create_rate_card(engine, name="Tokens", currency="USD", service=MONTH, tax_behavior="exclusive")
    models = [
        create_metered_item(engine, name=model, feature_key="ai_tokens", conditions={"model": model})
        for model in ("large", "small", "bonus")
    ]
    unit = create_custom_unit(engine, name="Acorns")
    for item in models:
        unit_id = unit.id if item.name == "bonus" else None
        add_rate(engine, card_id=card.id, rate=NewRate(item.id, Terms(PerUnit(Decimal(1))), unit_id=unit_id))
    attach_component(engine, plan_key=plan.key, kind="rate_card", object_id=card.id)
    sold = [item.id for item in items_of(found(engine, plan))]
    assert sold == [f"{plan.key}:{item.id}" for item in models[:2]]
