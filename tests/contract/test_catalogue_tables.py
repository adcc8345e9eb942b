"""Pricing tables and billing settings as operators keep them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import CurrencyMismatch
from billing_sdk.server.domain.catalog import (
    BillingSettings,
    CardContent,
    LicenceFee,
    Policies,
    PricingCard,
)
from billing_sdk.server.domain.rating import (
    Flat,
    RatingPolicy,
    Terms,
)
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.delete_pricing_table import delete_pricing_table
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from billing_sdk.server.usecases.update_plan import reorder_plans
from tests.engines import IN_MEMORY, engine_on

CENTS = Decimal(1_000)
FEE = LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(CENTS)), "Base, one month")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def audited(engine, subject):
    with engine.read() as tx:
        return [(record["action"], record["actor"]) for record in tx.audit.of(subject)]


def test_a_table_is_generated_from_the_first_four_published_plans_of_a_group(engine):
    create_plan(engine, key="draft", name="Draft")
    reorder_plans(
        engine,
        group_key="individuals",
        plan_keys=[
            *("draft", "onboarding_help", "pro_monthly", "free"),
            *("enterprise_monthly", "starter", "pro_yearly", "pro_quarterly", "pay_as_you_go"),
        ],
    )
    table = save_pricing_table(engine, key="fresh", group_key="individuals", is_live=True)

    assert [card.plan_key for card in table.cards] == ["pro_monthly", "free", "enterprise_monthly", "starter"]
    assert table.cards[0].content == CardContent(
        "Pro", "For people who work with it every day.", features=("Advanced reports", "100,000 AI tokens")
    )
    with engine.read() as tx:
        assert tx.pricing_tables.get_live("fresh") == table


def test_a_blank_table_is_filled_in_several_languages(engine):
    blank = save_pricing_table(engine, key="fresh", group_key="individuals", cards=(), name="Fresh")
    german = CardContent("Gratis", features=("Eins", "Zwei"), call_to_action="Los")
    filled = save_pricing_table(
        engine,
        key="fresh",
        cards=[PricingCard("free", CardContent("Free"), {"de": german})],
        heading="Plans",
        headings={"de": "Tarife"},
    )

    assert (blank.cards, blank.id) == ((), filled.id)
    with engine.read() as tx:
        found = tx.pricing_tables.get("fresh")
    assert found == filled
    assert (found.heading_in(["de-AT"]), found.content_in(found.cards[0], ["de-AT"])) == (
        ("de", "Tarife"),
        ("de", german),
    )
    assert (found.heading_in(["fr"]), found.content_in(found.cards[0], ["fr"])[0]) == (("en", "Plans"), "en")


def test_one_table_of_each_scope_is_shown_by_default(engine):
    save_pricing_table(engine, key="spring_promo", is_default=True)

    with engine.read() as tx:
        defaults = [table.key for table in tx.pricing_tables.list() if table.is_default]
    assert sorted(defaults) == ["spring_promo", "teams"]


def test_a_table_that_shows_an_archived_plan_can_still_be_changed(engine):
    archive_plan(engine, plan_key="pro_monthly")

    assert save_pricing_table(engine, key="default_users", heading="Plans").heading == "Plans"
    delete_pricing_table(engine, key="default_users")
    with engine.read() as tx:
        assert tx.pricing_tables.find("default_users") is None


def test_settings_are_those_of_the_server_until_they_are_saved(engine):
    with engine.read() as tx:
        assert billing_settings(tx, engine) == BillingSettings()
    policies = Policies("charge", "refund", "day", RatingPolicy("charge", "half_even"))
    saved = update_billing_settings(
        engine,
        zone="Europe/Berlin",
        alignment="calendar",
        show_pricing_table_at_sign_up=False,
        policies=policies,
    )

    assert saved == BillingSettings("USD", "Europe/Berlin", "calendar", False, policies)
    with engine.read() as tx:
        assert billing_settings(tx, engine) == saved
    assert create_plan(engine, key="new", name="New").version.alignment == "calendar"
    assert audited(engine, "billing") == [("billing_settings.update", "operator")]


def test_the_environment_says_what_a_server_starts_with_and_the_settings_what_counts_then():
    with engine_on(IN_MEMORY, show_pricing_table_at_sign_up=False) as engine:
        with engine.read() as tx:
            assert not billing_settings(tx, engine).show_pricing_table_at_sign_up
        assert not update_billing_settings(engine, zone="Asia/Tokyo").show_pricing_table_at_sign_up
        assert update_billing_settings(engine, show_pricing_table_at_sign_up=True).show_pricing_table_at_sign_up
        with engine.read() as tx:
            assert billing_settings(tx, engine).show_pricing_table_at_sign_up


def test_the_default_currency_can_change_until_a_plan_is_published_which_has_to_be_sold_in_it():
    with engine_on(IN_MEMORY) as engine:
        with engine.begin() as tx:
            for plan in tx.catalog.list_plans():
                tx.catalog.save_plan(replace(plan, status="draft", live_version_id=None))
        update_billing_settings(engine, default_currency="EUR")
        with pytest.raises(CurrencyMismatch):
            publish_plan(engine, plan_key="pro_monthly")
        publish_plan(engine, plan_key="pro_yearly")
