"""The plans of the demo catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.catalog import (
    MONTHLY,
    Component,
    Entitlement,
    Feature,
    LicenceFee,
    Plan,
    PlanGroup,
    PlanKind,
    PlanVersion,
    Rate,
    Trial,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Price, Terms, Tier
from billing_sdk.server.ids import new_id

CURRENCY = "USD"
BASE_PRICE = "base_price"
YEARLY, QUARTERLY = Cadence("year"), Cadence("month", 3)
# The first 10,000 tokens of a month cost nothing, the next 90,000 cost 0.03 cents each, and all beyond 0.02 cents.
BY_USE = Graduated(
    (
        Tier(Decimal(10_000)),
        Tier(Decimal(100_000), unit_amount=Decimal("0.03")),
        Tier(None, unit_amount=Decimal("0.02")),
    )
)

Features = Mapping[str, Feature]


def plans_for_people(group: PlanGroup, features: Features, at: datetime) -> tuple[Plan, ...]:
    """Return the plans for people; those from the fourth on are on no pricing table that is shown by default."""
    reports, support, tokens = features["advanced_reports"], features["priority_support"], features["ai_tokens"]
    pro = (_has(reports), _limit(tokens, 100_000))
    plans = (
        _plan(group, at, "free", "Free", "For a first look.", [_fee("Free", 0), _limit(tokens, 1_000)]),
        _plan(group, at, "pro_monthly", "Pro", "For people who work with it every day.", [_fee("Pro", 2_900), *pro]),
        _plan(
            group,
            at,
            "enterprise_monthly",
            "Enterprise",
            "For people who can't wait.",
            [
                _fee("Enterprise", 9_900),
                _has(reports),
                _has(support),
                _limit(tokens, None),
                _rate(tokens, PerUnit(Decimal("0.02"))),
            ],
        ),
        _plan(
            group,
            at,
            "pro_quarterly",
            "Pro, quarterly",
            "Pro, paid every three months.",
            [_fee("Pro", 7_900, "three months"), *_anew(pro)],
            cadence=QUARTERLY,
        ),
        _plan(
            group,
            at,
            "pro_yearly",
            "Pro, yearly",
            "Pro, paid once a year, in dollars or euros.",
            [_fee("Pro", 29_000, "one year", EUR=27_000), *_anew(pro)],
            cadence=YEARLY,
        ),
        _plan(
            group,
            at,
            "starter",
            "Starter",
            "Two weeks to try it out, without a card.",
            [_fee("Starter", 900), _limit(tokens, 20_000)],
            trial=Trial(days=14, requires_payment_method=False, remind_days_before=3),
        ),
        _plan(
            group,
            at,
            "pay_as_you_go",
            "Pay as you go",
            "Nothing but what is used.",
            [_fee("Pay as you go", 0), _limit(tokens, None), _rate(tokens, BY_USE)],
        ),
        _plan(
            group,
            at,
            "onboarding_help",
            "Onboarding help",
            "Priority support, beside any plan.",
            [_fee("Onboarding help", 500), _has(support)],
            kind="add_on",
        ),
    )
    return tuple(replace(plan, position=position) for position, plan in enumerate(plans))


def plans_for_teams(group: PlanGroup, features: Features, at: datetime) -> tuple[Plan, ...]:
    """Return the plans for organizations."""
    reports, support, sso = features["advanced_reports"], features["priority_support"], features["sso"]
    seats, tokens = features["seats"], features["ai_tokens"]
    plans = (
        _plan(
            group,
            at,
            "team_free",
            "Team Free",
            "For a team that is trying it out.",
            [_fee("Team Free", 0), _limit(seats, 3), _limit(tokens, 5_000)],
        ),
        _plan(
            group,
            at,
            "team_pro",
            "Team Pro",
            "For a team at work.",
            [_fee("Team Pro", 9_900), _has(reports), _has(support), _limit(seats, 25), _limit(tokens, 500_000)],
        ),
        _plan(
            group,
            at,
            "team_enterprise",
            "Team Enterprise",
            "For a company with rules.",
            [
                _fee("Team Enterprise", 29_900),
                _has(reports),
                _has(support),
                _has(sso),
                _limit(seats, None),
                _limit(tokens, None),
                _rate(tokens, PerUnit(Decimal("0.02"))),
            ],
        ),
    )
    return tuple(replace(plan, position=position) for position, plan in enumerate(plans))


def _plan(
    group: PlanGroup,
    at: datetime,
    key: str,
    name: str,
    description: str,
    components: Sequence[Component],
    *,
    cadence: Cadence = MONTHLY,
    trial: Trial | None = None,
    kind: PlanKind = "plan",
) -> Plan:
    version = PlanVersion(new_id("version"), key, 1, CURRENCY, tuple(components), at, cadence, trial)
    return Plan.draft(version, name=name, group=group, description=description, kind=kind).selling(version)


def _fee(plan_name: str, amount_minor: int, span: str = "one month", **elsewhere: int) -> LicenceFee:
    others = tuple((currency, Terms(Flat(Decimal(minor)))) for currency, minor in elsewhere.items())
    terms, line = Terms(Flat(Decimal(amount_minor))), f"{plan_name}, {span}"
    return LicenceFee(new_id("fee"), BASE_PRICE, "Base price", CURRENCY, terms, line, other_currencies=others)


def _has(feature: Feature) -> Entitlement:
    return Entitlement(new_id("included"), feature.key, feature.name)


def _limit(feature: Feature, limit_max: int | None) -> Entitlement:
    return Entitlement(new_id("included"), feature.key, feature.name, limit_max)


def _rate(feature: Feature, price: Price) -> Rate:
    """Return a price in exact minor units: 0.02 cents a token is 20 cents a thousand."""
    return Rate(new_id("rate"), feature.key, f"{feature.name}, by use", CURRENCY, Terms(price))


def _anew(entitlements: Sequence[Entitlement]) -> tuple[Entitlement, ...]:
    return tuple(replace(entitlement, id=new_id("included")) for entitlement in entitlements)
