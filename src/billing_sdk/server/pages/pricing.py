"""Plans as pages show them: a pricing table's words with each plan's own price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Feature, Plan, PlanVersion, PricingTable, Rate
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.storage import UnitOfWork

MAX_CARDS = 4


@dataclass(frozen=True, slots=True)
class UsagePrice:
    """What one unit of usage costs, in exact minor units."""

    unit_name: str
    unit_amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan, as a card of a pricing table or as the summary of a choice.

    Attributes:
        version_id: what exactly is shown, so that nobody agrees to something else.
    """

    plan_key: str
    version_id: str
    display_name: str
    price: Money
    interval: str
    is_free: bool
    usage_prices: tuple[UsagePrice, ...] = ()
    description: str = ""
    features_heading: str = ""
    features: tuple[str, ...] = ()
    highlight_label: str = ""
    call_to_action: str = "Choose"


def card_of(tx: UnitOfWork, plan: Plan, version: PlanVersion | None = None) -> PlanCard:
    """Return a plan in its own words, with the price of one version of it: the newest, unless another is given."""
    return _card(plan, version or plan.version, {feature.key: feature for feature in tx.catalog.list_features()})


def cards_of(tx: UnitOfWork, table: PricingTable) -> tuple[PlanCard, ...]:
    """Return the published plans of a pricing table, in its order and its words."""
    features = {feature.key: feature for feature in tx.catalog.list_features()}
    plans = {plan.key: plan for plan in tx.catalog.list_plans([card.plan_key for card in table.cards])}
    return tuple(
        replace(
            _card(plan, plan.version, features),
            display_name=card.display_name,
            description=card.description,
            features_heading=card.features_heading,
            features=card.features,
            highlight_label=card.highlight_label,
            call_to_action=card.call_to_action,
        )
        for card in table.cards[:MAX_CARDS]
        if (plan := plans.get(card.plan_key)) and plan.status == "published"
    )


def table_for(tx: UnitOfWork, kind: CustomerKind, group_id: str | None) -> PricingTable | None:
    """Return the table to change a plan with: of the current plan's group, else the first of the customer's kind."""
    tables = [table for table in tx.catalog.list_pricing_tables() if table.group.scope == kind]
    of_group = [table for table in tables if table.group.id == group_id]
    return next(iter(of_group or tables), None)


def _card(plan: Plan, version: PlanVersion, features: Mapping[str, Feature]) -> PlanCard:
    return PlanCard(
        plan_key=plan.key,
        version_id=version.id,
        display_name=plan.name,
        price=version.price,
        interval=plan.interval,
        is_free=version.is_free,
        usage_prices=tuple(_usage_price(rate, features) for rate in version.of_kind(Rate) if rate.unit_amount),
        description=plan.description,
    )


def _usage_price(rate: Rate, features: Mapping[str, Feature]) -> UsagePrice:
    feature = features.get(rate.feature_key)
    unit_name = feature.unit_name if feature and feature.unit_name else rate.name
    return UsagePrice(unit_name, rate.unit_amount, rate.currency)
