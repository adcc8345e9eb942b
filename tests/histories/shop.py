"""What is for sale: plans of every cadence, price and currency beside those of the demo catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    Component,
    CreditGrant,
    Entitlement,
    LicenceFee,
    Phase,
    Plan,
    PlanKind,
    PlanVersion,
    Rate,
    Trial,
    thresholds_from,
)
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, Price, Terms, Tier
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.engine import Engine

TOKENS = "ai_tokens"
SEATS = "seats"
ADD_ON = "onboarding_help"
# Of the demo catalogue.
DEMO_PLANS = ("free", "pro_monthly", "enterprise_monthly", "pro_quarterly", "pro_yearly", "starter", "pay_as_you_go")
OWN_PLANS = (
    "weekly",
    "monthly_by_week",
    "yearly_by_month",
    "seats_monthly",
    "seats_in_quarters",
    "yearly_seats_by_month",
    "seats_opening",
    "calendar_monthly",
    "opening_offer",
    "trial_yearly",
    "with_credit",
    "quarters_with_credit",
)
PLANS = (*DEMO_PLANS, *OWN_PLANS)
BY_SEATS = frozenset({"seats_monthly", "seats_in_quarters", "yearly_seats_by_month", "seats_opening"})
ADD_ONS = (ADD_ON, "opening_help", "weekly_help")
COUPONS = ("a_third", "seven_off", "for_friends")
EUROS = frozenset({"pro_yearly", "seats_monthly", "weekly"})

BY_SEAT = Graduated((Tier(Decimal(5), Decimal(1_000), Decimal(500)), Tier(None, Decimal("799.5"))))
CHEAP_SEAT = Graduated((Tier(None, Decimal(300)),))
BY_TOKEN = Graduated(
    (
        Tier(Decimal(100), Decimal(3)),
        Tier(Decimal(1_000), Decimal("1.25"), Decimal(40)),
        Tier(None, Decimal("0.333333333333")),
    )
)


def fill_shop(tx: UnitOfWork, at: datetime) -> None:
    """Put the plans that the demo catalogue lacks beside its own."""
    month, year = Cadence("month"), Cadence("year")
    _sell(tx, at, "weekly", (_fee(Flat(Decimal(499)), EUR=Flat(Decimal(459))), _tokens(100)), cadence=Cadence("week"))
    # Billed once a year, charged and metered by the month.
    by_month = (_fee(Flat(Decimal(1_500)), service=month), _rate(BY_TOKEN, service=month), _tokens(None))
    _sell(tx, at, "yearly_by_month", by_month, cadence=year)
    by_week = (_fee(Flat(Decimal(700)), service=Cadence("week")), _tokens(100))
    _sell(tx, at, "monthly_by_week", by_week)
    seats = (_fee(BY_SEAT, key=SEATS, EUR=BY_SEAT), _tokens(50))
    _sell(tx, at, "seats_monthly", seats)
    seats_by_month = (_fee(BY_SEAT, key=SEATS, service=month), _tokens(50))
    _sell(tx, at, "yearly_seats_by_month", seats_by_month, cadence=year)
    _sell(tx, at, "seats_in_quarters", seats_by_month, cadence=Cadence("month", 3))
    opening = (Phase("opening", "Cheap seats", 2, (_fee(CHEAP_SEAT, key=SEATS), _tokens(50))),)
    _sell(tx, at, "seats_opening", (_fee(BY_SEAT, key=SEATS), _tokens(50)), opening_phases=opening)
    opening = (Phase("opening", "Cheap help", 1, (_fee(Flat(Decimal(200))),)),)
    _sell(tx, at, "opening_help", (_fee(Flat(Decimal(900))),), opening_phases=opening, kind="add_on")
    _sell(tx, at, "weekly_help", (_fee(Flat(Decimal(150)), service=Cadence("week")),), kind="add_on")
    _sell(tx, at, "calendar_monthly", (_fee(Flat(Decimal(3_100))), _tokens(10)), alignment="calendar")
    half = (_fee(Flat(Decimal(2_000))), _rate(BY_TOKEN), _tokens(None))
    opening = (Phase("opening", "Half price", 2, half),)
    full = (_fee(Flat(Decimal(4_000))), _rate(BY_TOKEN), _tokens(None))
    _sell(tx, at, "opening_offer", full, opening_phases=opening)
    metered = (_fee(Flat(Decimal(900))), _rate(BY_TOKEN, service=month), _tokens(None))
    _sell(tx, at, "with_credit", (*metered, _credit(500, service=month)))
    carried = _credit(300, service=month, expires=False)
    _sell(tx, at, "quarters_with_credit", (*metered, _credit(200, service=month), carried), cadence=Cadence("month", 3))
    trial = Trial(days=45, requires_payment_method=True)
    _sell(tx, at, "trial_yearly", (_fee(Flat(Decimal(12_000))), _tokens(5)), cadence=year, trial=trial)


def _sell(
    tx: UnitOfWork,
    at: datetime,
    key: str,
    components: tuple[Component, ...],
    *,
    cadence: Cadence = Cadence("month"),  # noqa: B008 - a value, and frozen
    trial: Trial | None = None,
    alignment: Alignment = "anniversary",
    opening_phases: tuple[Phase, ...] = (),
    kind: PlanKind = "plan",
) -> None:
    group = tx.catalog.get_plan("free").group
    version = PlanVersion(new_id("version"), key, 1, "USD", components, at, cadence, trial, opening_phases, alignment)
    tx.catalog.add_plan(Plan.draft(version, name=key, group=group, kind=kind).selling(version))


def _fee(price: Price, *, key: str = "base_price", service: Cadence | None = None, **elsewhere: Price) -> LicenceFee:
    others = tuple((currency, Terms(other)) for currency, other in elsewhere.items())
    return LicenceFee(
        new_id("fee"), key, "Base price", "USD", Terms(price), "", service=service, other_currencies=others
    )


def _rate(price: Price, *, service: Cadence | None = None) -> Rate:
    return Rate(new_id("rate"), TOKENS, "Tokens", "USD", Terms(price), service=service)


def _credit(minor: int, *, service: Cadence, expires: bool = True) -> CreditGrant:
    name = "Monthly credit" if expires else "Credit to keep"
    category = "promotional" if expires else "paid"
    return CreditGrant(
        new_id("credit"), name.lower().replace(" ", "_"), name, Money(minor, "USD"), service, expires, category=category
    )


def _tokens(limit_max: int | None) -> Entitlement:
    told = () if limit_max is None else thresholds_from(["50%", "100%", "700"])
    return Entitlement(new_id("included"), TOKENS, "AI tokens", limit_max, thresholds=told)


def dearer(tx: UnitOfWork, plan_key: str, percent: int, at: datetime) -> int:
    """Add a version of a plan whose flat fees are so many per cent of what they are, and return its number."""
    plan = tx.catalog.lock_plan(plan_key)
    components = tuple(_priced_anew(component, percent) for component in plan.version.components)
    latest = tx.catalog.get_own_version(plan.latest_version_id)
    version = replace(
        plan.version, id=new_id("version"), number=latest.number + 1, components=components, created_at=at
    )
    tx.catalog.add_version(version)
    return version.number


def _priced_anew(component: Component, percent: int) -> Component:
    anew = replace(component, id=new_id("component"))
    if isinstance(anew, LicenceFee) and isinstance(anew.terms.price, Flat):
        return replace(anew, terms=Terms(Flat(anew.terms.price.amount * percent / 100)))
    return anew


def offer_coupons(engine: Engine) -> None:
    """Offer a coupon of every kind."""
    create_coupon(
        engine, key="a_third", name="A third", percent_off=Decimal("33.3333"), duration="repeating", periods=3
    )
    off = (Money(700, "USD"), Money(650, "EUR"))
    create_coupon(engine, key="seven_off", name="Seven off", amount_off=off)
    create_coupon(engine, key="for_friends", name="For friends", percent_off=Decimal(10), duration="forever")
