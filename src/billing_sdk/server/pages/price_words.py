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
from billing_sdk.server.words.templates import quantity, rate


def words_of_cadence(service: Cadence, billed: Cadence | None = None) -> str:
    """Return how often something is paid: `per month`, `every 3 months`, `per month, billed per year`."""
    words = f"per {service}" if service.count == 1 else f"every {service}"
    return words if billed in (None, service) else f"{words}, billed {words_of_cadence(billed)}"


def words_of_trial(trial: Trial) -> str:
    """Return what is free at the start."""
    length = "1 day" if trial.days == 1 else f"{trial.days} days"
    return f"{length} free" if trial.requires_payment_method else f"{length} free, no card needed"


def words_of_price(price: Price, currency: str, unit: str) -> tuple[str, ...]:
    """Return what usage costs, a line for each part of the price; nothing for what costs nothing.

    Args:
        price: in exact minor units.
        currency: what they are units of.
        unit: what is counted, such as `token`.
    """
    match price:
        case Flat():
            return (f"plus {rate(price.amount, currency)}",) if price.amount else ()
        case PerUnit():
            return (f"plus {rate(price.unit_amount, currency)} for each {unit}",) if price.unit_amount else ()
        case Package():
            return (f"plus {rate(price.package_amount, currency)} for each {quantity(price.units_per_package)} {unit}",)
        case Graduated():
            return tuple(_tiers(price.tiers, currency, unit))
        case Volume():
            return ("all at the price of the amount reached:", *_tiers(price.tiers, currency, unit))
        case Overage():
            return (f"{quantity(price.included)} {unit} included, then", *words_of_price(price.price, currency, unit))
        case Percentage():
            return (f"plus {quantity(price.percent)}% of each {unit}",)
        case ByDimension():
            parts = [(", ".join(values), part) for values, part in price.rates]
            parts += [("otherwise", price.otherwise)] if price.otherwise else []
            return tuple(f"{of}: {line}" for of, part in parts for line in words_of_price(part, currency, unit))


def _tiers(tiers: tuple[Tier, ...], currency: str, unit: str) -> Iterator[str]:
    ends: list[Decimal | None] = [Decimal(0), *(tier.up_to for tier in tiers)]
    for (start, end), tier in zip(pairwise(ends), tiers, strict=True):
        above = quantity(start or Decimal(0))
        span = f"above {above}" if end is None else f"{above} to {quantity(end)}" if start else f"up to {quantity(end)}"
        parts = [f"{rate(tier.unit_amount, currency)} for each {unit}"] if tier.unit_amount else []
        if tier.flat_amount:
            parts.append(rate(tier.flat_amount, currency))
        yield f"{span}: {' and '.join(parts) or 'included'}"
