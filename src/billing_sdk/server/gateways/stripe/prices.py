"""Prices in Stripe's words, as far as Stripe has words for them.

Source: Stripe documentation, "Prices API" and "How products and prices work" (tiers, package pricing).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, Package, PerUnit, Terms, Tier, Volume
from billing_sdk.server.gateways.catalogue import CataloguePrice
from billing_sdk.server.gateways.stripe.amounts import units_per_minor

# Stripe bills no longer than three years at once.
LONGEST: Final = {"day": 1_095, "week": 156, "month": 36, "year": 3}
MOST_DECIMALS: Final = 12


def price_in_words(price: CataloguePrice) -> dict[str, Any] | None:
    """Return what a price is to Stripe, without whose it is; None where Stripe can't say it.

    Raises:
        CurrencyNotSupported: Stripe does not take the currency.
    """
    terms = price.terms
    content = _content(terms, units_per_minor(price.currency)) if _is_plain(terms) else None
    if content is None or not _can_recur(price.cadence):
        return None
    words: dict[str, Any] = {"currency": price.currency.lower(), **content}
    if price.cadence is not None:
        words["recurring"] = {"interval": price.cadence.unit, "interval_count": price.cadence.count}
    if price.tax_behavior is not None:
        words["tax_behavior"] = price.tax_behavior
    return words


def _is_plain(terms: Terms) -> bool:
    """Tell whether the price alone decides what is charged."""
    return terms == Terms(terms.price)


def _can_recur(cadence: Cadence | None) -> bool:
    return cadence is None or cadence.count <= LONGEST[cadence.unit]


def _content(terms: Terms, factor: Decimal) -> dict[str, Any] | None:
    match terms.price:
        case Flat(amount=amount) | PerUnit(unit_amount=amount):
            return _unit(amount * factor)
        case Package(units_per_package=units, package_amount=amount, rounding=rounding):
            unit = _unit(amount * factor)
            if unit is None or units != int(units):
                return None
            return {**unit, "transform_quantity": {"divide_by": int(units), "round": rounding}}
        case Graduated(tiers=tiers):
            return _tiered("graduated", tiers, factor)
        case Volume(tiers=tiers):
            return _tiered("volume", tiers, factor)
        case _:
            return None


def _unit(amount: Decimal) -> dict[str, Any] | None:
    digits = _digits(amount)
    return None if digits is None else {"billing_scheme": "per_unit", "unit_amount_decimal": digits}


def _tiered(mode: str, tiers: tuple[Tier, ...], factor: Decimal) -> dict[str, Any] | None:
    """Return tiers as Stripe takes them: each up to a whole number, the last one without an end."""
    if tiers[-1].up_to is not None or any(tier.up_to != int(tier.up_to) for tier in tiers[:-1] if tier.up_to):
        return None
    said = []
    for tier in tiers:
        unit, flat = _digits(tier.unit_amount * factor), _digits(tier.flat_amount * factor)
        if unit is None or flat is None:
            return None
        up_to = "inf" if tier.up_to is None else int(tier.up_to)
        said.append({"up_to": up_to, "unit_amount_decimal": unit, "flat_amount_decimal": flat})
    return {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": said}


def _digits(amount: Decimal) -> str | None:
    """Return an amount in plain digits; None where it has more of them than Stripe takes."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    if plain < 0 or not isinstance(exponent, int) or -exponent > MOST_DECIMALS:
        return None
    return f"{plain:f}"
