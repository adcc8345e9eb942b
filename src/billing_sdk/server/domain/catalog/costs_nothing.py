"""Whether a price can ever come to anything: a plan of which none can is a free one."""

from __future__ import annotations

from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Terms,
    Volume,
)


def costs_nothing(terms: Terms) -> bool:
    """Tell whether nothing is charged, whatever the quantity."""
    if terms.minimum:
        return False
    return terms.maximum == 0 or _is_zero(terms.price)


def _is_zero(price: Price) -> bool:
    match price:
        case Flat():
            return not price.amount
        case PerUnit():
            return not price.unit_amount
        case Package():
            return not price.package_amount
        case Volume() | Graduated():
            return not any(tier.unit_amount or tier.flat_amount for tier in price.tiers)
        case Overage():
            return _is_zero(price.price)
        case Percentage():
            return not price.percent and not price.minimum
        case ByDimension():
            prices = [price for _, price in price.rates]
            return all(map(_is_zero, prices)) and (price.otherwise is None or _is_zero(price.otherwise))
