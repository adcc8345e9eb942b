"""What credit costs: so much for each unit of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import Money, round_money
from billing_sdk.server.domain.credits.grant import CreditGrant


def price_of(amount: Money, per_unit: Decimal) -> Money:
    """Return what an amount of credit costs, such as 50 dollars for 100 dollars of credit at 0.5.

    Raises:
        InvalidAmount: it comes to less than the smallest unit of the currency, or to more than can be real.
    """
    price = round_money(Fraction(amount.minor) * Fraction(per_unit), amount.currency)
    if price.minor <= 0:
        raise InvalidAmount(f"{amount} of credit at {per_unit:f} would cost {price}")
    return price


def bought_for(grant: CreditGrant, paid: Money) -> Money:
    """Return how much of a grant was bought for a part of its price; all of it for all of that."""
    if grant.cost == grant.amount:
        return paid
    return round_money(Fraction(grant.amount.minor * paid.minor, grant.cost.minor), paid.currency)
