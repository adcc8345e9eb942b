"""Amounts that operators type and read: money in its main unit, and credit in units of the seller's own."""

from __future__ import annotations

import re
from decimal import Decimal

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import CURRENCIES, MAX_MINOR, Money, digits_of, exponent
from billing_sdk.server.domain.catalog import Units
from billing_sdk.server.words import Phrase, Value, phrase

ENTER_AMOUNT = phrase("Enter an amount, such as 25.00.")
ENTER_CURRENCY = phrase("Enter the three letters of a currency, such as EUR.")

GROUP = 3
PLAIN = re.compile(r"[0-9]{1,15}(?:[.,][0-9]{1,12})?", re.ASCII)
LONE_GROUP = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+(?:\.[0-9]{1,12})?|(?:\.[0-9]{3})+(?:,[0-9]{1,12})?)", re.ASCII)


def amount_words(amount: Money) -> Value:
    """Return an amount as a page says it; units of the seller's own are no money of any country."""
    if isinstance(amount, Units):
        return phrase("%(number)s %(unit)s", number=amount.value, unit=amount.currency)
    return amount


def currency_wrong(typed: str) -> Phrase | None:
    """Return what is wrong with a currency that was typed, if anything."""
    return None if typed.strip().upper() in CURRENCIES else ENTER_CURRENCY


def number_typed(typed: str, decimals: int) -> Decimal | None:
    """Return the amount that somebody has typed, or None where it is none or could be one of two.

    A point or a comma may stand before the decimals, and the other one, or a space, between groups of three digits.
    One of them with three digits after it ("1,000") is a thousand to some and one to others; "0.001" is not.

    Args:
        typed: what was typed.
        decimals: how many the currency has; with three of them, three digits after a separator are those.
    """
    written = re.sub(r"[ \u00a0\u202f]", "", typed.strip())
    if LONE_GROUP.fullmatch(written):
        return Decimal(written.replace(",", ".")) if decimals == GROUP else None
    if GROUPED.fullmatch(written):
        last = max(written.rfind("."), written.rfind(","))
        has_decimals = written.count(written[last]) == 1
        whole, fraction = (written[:last], written[last + 1 :]) if has_decimals else (written, "")
        written = f"{re.sub('[.,]', '', whole)}.{fraction or 0}"
    return Decimal(written.replace(",", ".")) if PLAIN.fullmatch(written) else None


def read_amount(typed: str, currency: str) -> Money:
    """Return the amount that somebody has typed in a currency's main unit, as `number_typed` reads it.

    Raises:
        InvalidAmount: it is no amount, could be one of two, has more decimals than the currency, or can't be real.
    """
    number = number_typed(typed, exponent(currency))
    if number is None:
        raise InvalidAmount("it is no amount")
    minor = number.scaleb(exponent(currency))
    if minor != minor.to_integral_value() or minor > MAX_MINOR:
        raise InvalidAmount("it has more decimals than the currency, or is too large")
    return Money(int(minor), currency)


def shown_amount(number: Decimal, decimals: int) -> str:
    """Return a number for a field, so that `number_typed` reads the same: with a fourth decimal where three mislead."""
    text = digits_of(number)
    return f"{text}0" if LONE_GROUP.fullmatch(text) and decimals != GROUP else text
