"""Amounts that operators type and read: money in its main unit, and credit in units of the seller's own."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import CURRENCIES, MAX_MINOR, Money, exponent
from billing_sdk.server.domain.catalog import Units
from billing_sdk.server.words import Phrase, Value, phrase

ENTER_AMOUNT = phrase("Enter an amount, such as 25.00.")
ENTER_CURRENCY = phrase("Enter the three letters of a currency, such as EUR.")


def amount_words(amount: Money) -> Value:
    """Return an amount as a page says it; units of the seller's own are no money of any country."""
    if isinstance(amount, Units):
        return phrase("%(number)s %(unit)s", number=amount.value, unit=amount.currency)
    return amount


def currency_wrong(typed: str) -> Phrase | None:
    """Return what is wrong with a currency that was typed, if anything."""
    return None if typed.strip().upper() in CURRENCIES else ENTER_CURRENCY


def read_amount(typed: str, currency: str) -> Money:
    """Return the amount that somebody has typed in a currency's main unit, with a point or a comma before its decimals.

    Raises:
        InvalidAmount: it is no number, has more decimals than the currency, or can't be real.
    """
    written = typed.strip().replace(" ", "")
    if "." not in written:
        written = written.replace(",", ".")
    try:
        number = Decimal(written.replace(",", ""))
    except InvalidOperation:
        raise InvalidAmount("it is no amount") from None
    if not number.is_finite() or abs(number) > MAX_MINOR:
        raise InvalidAmount("it is no amount")
    minor = number.scaleb(exponent(currency))
    if minor != minor.to_integral_value() or abs(minor) > MAX_MINOR:
        raise InvalidAmount("it has more decimals than the currency, or is too large")
    return Money(int(minor), currency)
