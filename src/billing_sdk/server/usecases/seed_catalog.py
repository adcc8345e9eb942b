"""The demo catalogue: two plan groups, six plans, five features besides the base price, three pricing tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    Component,
    Entitlement,
    Feature,
    LicenceFee,
    Plan,
    PlanGroup,
    PlanVersion,
    PricingCard,
    PricingTable,
    Rate,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork

CURRENCY = "USD"
BASE_PRICE = "base_price"

# Key, name, and the name of the unit where the feature is metered.
FEATURES = (
    (BASE_PRICE, "Base price", ""),
    ("advanced_reports", "Advanced reports", ""),
    ("priority_support", "Priority support", ""),
    ("sso", "Single sign-on", ""),
    ("ai_tokens", "AI tokens", "token"),
    ("seats", "Seats", "seat"),
)


def seed_catalog(tx: UnitOfWork, *, at: datetime) -> None:
    """Fill an empty catalogue; one that has been filled stays as it is."""
    if tx.catalog.list_groups():
        return
    features = {key: _feature(key, name, unit) for key, name, unit in FEATURES}
    for feature in features.values():
        tx.catalog.add_feature(feature)
    people = PlanGroup(new_id("sbg"), "individuals", "Individuals", "user", is_default=True)
    teams = PlanGroup(new_id("sbg"), "teams", "Teams", "organization", is_default=True)
    for group in (people, teams):
        tx.catalog.add_group(group)
    for plan in (*_plans_for_people(people, features, at), *_plans_for_teams(teams, features, at)):
        tx.catalog.add_plan(plan)
    for table in _tables(people, teams):
        tx.catalog.save_pricing_table(table)


def _feature(key: str, name: str, unit_name: str) -> Feature:
    return Feature(new_id("feature"), key, name, "metered" if unit_name else "unmetered", unit_name)


def _plans_for_people(group: PlanGroup, features: dict[str, Feature], at: datetime) -> tuple[Plan, ...]:
    included = [features["advanced_reports"], features["priority_support"]]
    return (
        _plan(
            group, 0, "free", "Free", "For a first look.", at, [*_fee("Free", 0), _limit(features["ai_tokens"], 1_000)]
        ),
        _plan(
            group,
            1,
            "pro_monthly",
            "Pro",
            "For people who work with it every day.",
            at,
            [*_fee("Pro", 2_900), _has(included[0]), _limit(features["ai_tokens"], 100_000)],
        ),
        _plan(
            group,
            2,
            "enterprise_monthly",
            "Enterprise",
            "For people who can't wait.",
            at,
            [
                *_fee("Enterprise", 9_900),
                *(_has(feature) for feature in included),
                _limit(features["ai_tokens"], None),
                _rate(features["ai_tokens"], "0.02"),
            ],
        ),
    )


def _plans_for_teams(group: PlanGroup, features: dict[str, Feature], at: datetime) -> tuple[Plan, ...]:
    reports, support, sso = features["advanced_reports"], features["priority_support"], features["sso"]
    return (
        _plan(
            group,
            0,
            "team_free",
            "Team Free",
            "For a team that is trying it out.",
            at,
            [*_fee("Team Free", 0), _limit(features["seats"], 3), _limit(features["ai_tokens"], 5_000)],
        ),
        _plan(
            group,
            1,
            "team_pro",
            "Team Pro",
            "For a team at work.",
            at,
            [
                *_fee("Team Pro", 9_900),
                _has(reports),
                _has(support),
                _limit(features["seats"], 25),
                _limit(features["ai_tokens"], 500_000),
            ],
        ),
        _plan(
            group,
            2,
            "team_enterprise",
            "Team Enterprise",
            "For a company with rules.",
            at,
            [
                *_fee("Team Enterprise", 29_900),
                _has(reports),
                _has(support),
                _has(sso),
                _limit(features["seats"], None),
                _limit(features["ai_tokens"], None),
                _rate(features["ai_tokens"], "0.02"),
            ],
        ),
    )


def _plan(
    group: PlanGroup,
    position: int,
    key: str,
    name: str,
    description: str,
    at: datetime,
    components: Sequence[Component],
) -> Plan:
    version = PlanVersion(new_id("version"), key, 1, CURRENCY, tuple(components), at)
    return Plan(key, name, description, group, "published", version, "month", position)


def _fee(plan_name: str, amount_minor: int) -> tuple[LicenceFee]:
    amount = Money(amount_minor, CURRENCY)
    return (LicenceFee(new_id("fee"), BASE_PRICE, "Base price", amount, f"{plan_name}, one month"),)


def _has(feature: Feature) -> Entitlement:
    return Entitlement(new_id("included"), feature.key, feature.name)


def _limit(feature: Feature, limit_max: int | None) -> Entitlement:
    return Entitlement(new_id("included"), feature.key, feature.name, limit_max)


def _rate(feature: Feature, unit_amount: str) -> Rate:
    """Return a price in exact minor units: 0.02 cents a token is 20 cents a thousand."""
    return Rate(new_id("rate"), feature.key, f"{feature.name}, by use", Decimal(unit_amount), CURRENCY)


def _tables(people: PlanGroup, teams: PlanGroup) -> tuple[PricingTable, ...]:
    free = PricingCard("free", "Free", "For a first look.", "Includes", ("1,000 AI tokens",), "", "Start for free")
    pro = PricingCard(
        "pro_monthly",
        "Pro",
        "For people who work with it every day.",
        "Everything in Free, and",
        ("Advanced reports", "100,000 AI tokens"),
        "Most popular",
        "Choose Pro",
    )
    enterprise = PricingCard(
        "enterprise_monthly",
        "Enterprise",
        "For people who can't wait.",
        "Everything in Pro, and",
        ("Priority support", "AI tokens without limit, by use"),
        "",
        "Choose Enterprise",
    )
    team_free = PricingCard(
        "team_free", "Team Free", "For a team that is trying it out.", "Includes", ("3 seats", "5,000 AI tokens")
    )
    team_pro = PricingCard(
        "team_pro",
        "Team Pro",
        "For a team at work.",
        "Everything in Team Free, and",
        ("25 seats", "Advanced reports", "Priority support", "500,000 AI tokens"),
        "Most popular",
        "Choose Team Pro",
    )
    team_enterprise = PricingCard(
        "team_enterprise",
        "Team Enterprise",
        "For a company with rules.",
        "Everything in Team Pro, and",
        ("Seats without limit", "Single sign-on", "AI tokens without limit, by use"),
        "",
        "Choose Team Enterprise",
    )
    spring_pro = PricingCard(
        "pro_monthly",
        "Pro in spring",
        "The same Pro, in a new season.",
        "Includes",
        ("Advanced reports", "100,000 AI tokens"),
        "Spring",
        "Choose Pro",
    )
    return (
        PricingTable(
            new_id("table"), "default_users", "Plans", people, (free, pro, enterprise), is_live=True, is_default=True
        ),
        PricingTable(new_id("table"), "spring_promo", "Spring", people, (spring_pro, enterprise), is_live=True),
        PricingTable(
            new_id("table"),
            "teams",
            "Plans for teams",
            teams,
            (team_free, team_pro, team_enterprise),
            is_live=True,
            is_default=True,
        ),
    )
