"""Prices, cadences and trials in words, for a card."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from billing_sdk.server.domain.catalog import Trial
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    Volume,
)
from billing_sdk.server.words import Exact, Phrase, phrase, phrase_of

FREE = phrase("Free")
# What a cadence is called where one is chosen; any other one says how often it comes.
CADENCE_NAMES = {
    "week": phrase("Weekly"),
    "month": phrase("Monthly"),
    "3 months": phrase("Quarterly"),
    "year": phrase("Yearly"),
}


def words_of_cadence(service: Cadence, billed: Cadence | None = None) -> Phrase:
    """Return how often something is paid: `per month`, `every 3 months`, `per month, billed per year`."""
    if billed not in (None, service):
        return phrase("%(often)s, billed %(billed)s", often=words_of_cadence(service), billed=words_of_cadence(billed))
    match service.unit:
        case "day":
            return phrase_of("per day", "every %(number)s days", service.count)
        case "week":
            return phrase_of("per week", "every %(number)s weeks", service.count)
        case "month":
            return phrase_of("per month", "every %(number)s months", service.count)
        case "year":
            return phrase_of("per year", "every %(number)s years", service.count)


def name_of_cadence(cadence: Cadence) -> Phrase:
    """Return what a cadence is called where one is chosen: `Monthly`, `Yearly`, `every 6 months`."""
    return CADENCE_NAMES.get(str(cadence)) or words_of_cadence(cadence)


def words_of_trial(trial: Trial) -> Phrase:
    """Return what is free at the start."""
    if trial.requires_payment_method:
        return phrase_of("%(number)s day free", "%(number)s days free", trial.days)
    return phrase_of("%(number)s day free, no card needed", "%(number)s days free, no card needed", trial.days)


def words_of_price(price: Price, currency: str, unit: str | Phrase) -> tuple[Phrase, ...]:
    """Return what usage costs, a line for each part of the price; nothing for what costs nothing.

    Args:
        price: in exact minor units.
        currency: what they are units of.
        unit: what is counted, such as `token`.
    """
    match price:
        case Flat():
            return (phrase("%(amount)s", amount=Exact(price.amount, currency)),) if price.amount else ()
        case PerUnit():
            return (_each(price.unit_amount, currency, unit),) if price.unit_amount else ()
        case Package():
            each = Exact(price.package_amount, currency)
            units = price.units_per_package
            return (phrase("%(amount)s for each %(units)s %(unit)s", amount=each, units=units, unit=unit),)
        case Graduated():
            return tuple(_tiers(price.tiers, currency, unit))
        case Volume():
            return (phrase("all at the price of the amount reached:"), *_tiers(price.tiers, currency, unit))
        case Overage():
            included = phrase("%(units)s %(unit)s included, then", units=price.included, unit=unit)
            return (included, *words_of_price(price.price, currency, unit))
        case Percentage():
            return (phrase("%(percent)s%% of each %(unit)s", percent=price.percent, unit=unit),)
        case ByDimension():
            parts: list[tuple[str | Phrase, Price]] = [(", ".join(values), part) for values, part in price.rates]
            parts += [(phrase("otherwise"), price.otherwise)] if price.otherwise else []
            return tuple(
                phrase("%(of)s: %(price)s", of=of, price=line)
                for of, part in parts
                for line in words_of_price(part, currency, unit)
            )


def _each(unit_amount: Decimal, currency: str, unit: str | Phrase) -> Phrase:
    return phrase("%(amount)s for each %(unit)s", amount=Exact(unit_amount, currency), unit=unit)


def _tiers(tiers: tuple[Tier, ...], currency: str, unit: str | Phrase) -> Iterator[Phrase]:
    ends: list[Decimal | None] = [Decimal(0), *(tier.up_to for tier in tiers)]
    for (start, end), tier in zip(pairwise(ends), tiers, strict=True):
        price = _tier(tier, currency, unit)
        if end is None:
            yield phrase("above %(start)s: %(price)s", start=start or Decimal(0), price=price)
        elif start:
            yield phrase("%(start)s to %(end)s: %(price)s", start=start, end=end, price=price)
        else:
            yield phrase("up to %(end)s: %(price)s", end=end, price=price)


def _tier(tier: Tier, currency: str, unit: str | Phrase) -> Phrase:
    each = _each(tier.unit_amount, currency, unit)
    if not tier.flat_amount:
        return each if tier.unit_amount else phrase("included")
    flat = Exact(tier.flat_amount, currency)
    if not tier.unit_amount:
        return phrase("%(amount)s", amount=flat)
    return phrase("%(each)s and %(flat)s", each=each, flat=flat)
