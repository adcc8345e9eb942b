"""Stripe documentation, "Create hybrid pricing plans" and "How advanced usage-based billing works", step by step."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import EmptyVersion
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import CreditGrant
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.attach_component import attach_component, change_component
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_licence_fee import update_licence_fee
from tests.engines import IN_MEMORY, advance, engine_on, payer

MONTH = Cadence("month")
PLAN = "pro-pricing-plan"


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def rate_card(engine) -> str:
    tokens = create_metered_item(
        engine, name="Alpaca AI tokens", feature_key="ai_tokens", lookup_key="alpaca_ai_tokens"
    )
    card = create_rate_card(engine, name="Alpaca AI", currency="USD", service=MONTH)
    add_rate(engine, card_id=card.id, rate=NewRate(tokens.id, Terms(PerUnit(Decimal(5)))))
    return card.id


def licence_fee(engine) -> str:
    item = create_licensed_item(engine, name="Pricing Plan Licensed Item")
    terms = Terms(Flat(Decimal(50_000)))
    return create_licence_fee(
        engine, name="E2E License", item_id=item.id, currency="USD", terms=terms, service=MONTH
    ).id


def attach(engine, kind, object_id, lookup_key=None):
    return attach_component(engine, plan_key=PLAN, kind=kind, object_id=object_id, lookup_key=lookup_key).version


def hybrid_plan(engine) -> str:
    """Put the plan of the guide up for sale, and return the id of its licence fee."""
    create_plan(engine, key=PLAN, name="Pro Pricing Plan")
    fee = licence_fee(engine)
    attach(engine, "rate_card", rate_card(engine))
    attach(engine, "licence_fee", fee, "monthly-fee-component")
    publish_plan(engine, plan_key=PLAN)
    return fee


def join(engine, email="ada@example.com"):
    return subscribe(engine, customer_id=payer(engine, email).id, plan_key=PLAN)


def bills(engine, agreement) -> list[int]:
    with engine.read() as tx:
        return [one.amount.minor for one in tx.invoices.newest_of(agreement.customer_id)][::-1]


def renew(engine) -> None:
    advance(engine, days=31)
    run_due(engine)


def test_a_plan_without_components_can_not_be_activated(engine):
    create_plan(engine, key=PLAN, name="Pro Pricing Plan")
    with pytest.raises(EmptyVersion):
        publish_plan(engine, plan_key=PLAN)


def test_the_components_of_the_guide_are_attached_and_the_latest_version_is_activated(engine):
    create_plan(engine, key=PLAN, name="Pro Pricing Plan")
    tokens = rate_card(engine)
    credit = create_service_action(
        engine,
        name="Credit grant 28",
        amount=Money(1_000, "USD"),
        service=MONTH,
        item_ids=["alpaca_ai_tokens"],
        lookup_key="credit grant 28",
    )
    with_card = attach(engine, "rate_card", tokens)
    with_fee = attach(engine, "licence_fee", licence_fee(engine), "monthly-fee-component")
    with_credit = attach(engine, "service_action", credit.id, "credit-grant-28")
    assert [version.number for version in (with_card, with_fee, with_credit)] == [1, 2, 3]
    plan = publish_plan(engine, plan_key=PLAN)
    assert (plan.live_version_id, plan.version.price) == (with_credit.id, Money(50_000, "USD"))
    (grant,) = plan.version.of_kind(CreditGrant)
    assert (grant.amount, grant.applies_to, grant.expires_with_interval) == (Money(1_000, "USD"), ("ai_tokens",), True)


def test_a_customer_pays_the_fee_in_advance_and_the_usage_when_its_service_interval_is_complete(engine):
    hybrid_plan(engine)
    agreement = join(engine)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="100")
    renew(engine)
    assert bills(engine, agreement) == [50_000, 50_000 + 500]


def test_customers_stay_on_their_assigned_version_unless_manually_changed(engine):
    fee = hybrid_plan(engine)
    early = join(engine)
    update_licence_fee(engine, fee_id=fee, terms=Terms(Flat(Decimal(60_000))))
    assert join(engine, "grace@example.com").plan_version_id == early.plan_version_id
    newer = change_component(engine, plan_key=PLAN, component_id="monthly-fee-component", version="latest").version
    make_version_live(engine, plan_key=PLAN)
    late = join(engine, "ida@example.com")
    assert (bills(engine, early), bills(engine, late)) == ([50_000], [60_000])
    renew(engine)
    assert bills(engine, early) == [50_000, 50_000]
    migrate_customers(engine, plan_key=PLAN, to_version=newer.number)
    renew(engine)
    assert bills(engine, early) == [50_000, 50_000, 60_000]


def test_customers_are_charged_by_specific_attributes_of_their_usage(engine):
    """Metered items: tokens of hypernian_1 at 5 cents and of hypernian_max at 10; other models bill nothing."""
    card = create_rate_card(engine, name="Models", currency="USD", service=MONTH)
    for model, cents in (("hypernian_1", 5), ("hypernian_max", 10)):
        item = create_metered_item(engine, name=model, feature_key="ai_tokens", conditions={"model": model})
        add_rate(engine, card_id=card.id, rate=NewRate(item.id, Terms(PerUnit(Decimal(cents)))))
    create_plan(engine, key=PLAN, name="Pay as you go")
    attach(engine, "rate_card", card.id)
    publish_plan(engine, plan_key=PLAN)
    agreement = join(engine)
    for model, value in (("hypernian_1", "4"), ("hypernian_max", "2"), ("hypernian_max", "1"), ("other", "9")):
        dimensions = {"region": "eu", "model": model}
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=value, dimensions=dimensions)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="100")
    renew(engine)
    with engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(agreement.customer_id)
    assert [(line.description, line.amount.minor) for line in invoice.lines] == [
        ("hypernian_1", 20),
        ("hypernian_max", 30),
    ]
