"""Amounts of money, which are in main units on the wire."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.money import CURRENCIES, MAX_MINOR, Money, exponent


def amount_of(number: Decimal, currency: str, *, parameter: str = "amount") -> Money:
    """Return an amount of money, exactly as it was sent.

    Args:
        number: in the currency's main unit.
        currency: an ISO 4217 code.
        parameter: which field of the request has the number.

    Raises:
        InvalidRequest: there is no such currency.
        InvalidAmount: the currency has no unit that small, or it is more than can be real.
    """
    if currency not in CURRENCIES:
        raise InvalidRequest("is not an ISO 4217 currency code", parameter="currency")
    minor = number.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise InvalidAmount(f"{currency} has {exponent(currency)} decimals", parameter=parameter)
    if abs(minor) > MAX_MINOR:
        raise InvalidAmount("the amount is more than can be real", parameter=parameter)
    return Money(int(minor), currency)
