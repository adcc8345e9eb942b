"""Amounts as Stripe writes them: whole numbers of its own smallest units, which are not always those of ISO 4217.

Source: Stripe documentation, "Supported currencies": zero-decimal and three-decimal currencies, special cases, and
minimum charge amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing_sdk.errors import AmountTooSmall, CurrencyNotSupported
from billing_sdk.money import Money, exponent

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Of these ISO 4217 has three decimals, and Stripe takes none of them.
NOT_TAKEN = frozenset("IQD LYD IRR KPW SYP CUP SDG".split())

# In our minor units. What a currency that is not named here has as its minimum depends on the day's rate, and Stripe
# says so itself.
LEAST_MINOR: Final[Mapping[str, int]] = {
    **dict.fromkeys("AUD BRL CAD CHF EUR INR JPY NZD SGD USD".split(), 50),
    **dict.fromkeys("AED MYR PLN RON".split(), 2_00),
    **dict.fromkeys("NOK SEK".split(), 3_00),
    **dict.fromkeys("MXN THB".split(), 10_00),
    "BGN": 1_00,
    "CZK": 15_00,
    "DKK": 2_50,
    "GBP": 30,
    "HKD": 4_00,
    "HUF": 175_00,
}


def to_stripe(amount: Money) -> int:
    """Return an amount in Stripe's units.

    Raises:
        CurrencyNotSupported: Stripe does not take the currency, or can't say this amount in it.
    """
    found = amount.minor * _factor(amount.currency)
    # Of three decimals the last one has to be a zero.
    if found.denominator != 1 or (amount.currency in THREE_DECIMAL and found % 10):
        raise CurrencyNotSupported(
            f"{amount} can't be charged exactly: of this currency Stripe takes larger units only",
            currency=amount.currency,
        )
    return int(found)


def from_stripe(units: int, currency: str) -> Money:
    """Return an amount that Stripe has told.

    Args:
        units: in Stripe's units.
        currency: as Stripe writes it, in small letters, or as we do.

    Raises:
        CurrencyNotSupported: it is not a whole number of our units.
    """
    name = currency.upper()
    found = units / _factor(name)
    if found.denominator != 1:
        raise CurrencyNotSupported(f"{units} of Stripe's units of {name} are no whole number of ours", currency=name)
    return Money(int(found), name)


def units_per_minor(currency: str) -> Decimal:
    """Return how many of Stripe's units one of our minor units is, for prices in parts of them.

    Raises:
        CurrencyNotSupported: Stripe does not take the currency.
    """
    factor = _factor(currency)
    return Decimal(factor.numerator) / Decimal(factor.denominator)


def require_chargeable(amount: Money) -> None:
    """Let an amount pass that Stripe would charge.

    An invoice of less would be marked as paid there, and its amount carried over to the customer's next one.

    Raises:
        AmountTooSmall: it is less than the least that Stripe charges in its currency.
    """
    least = LEAST_MINOR.get(amount.currency)
    if least is not None and 0 < amount.minor < least:
        raise AmountTooSmall(
            f"{amount} is less than the {Money(least, amount.currency)} that Stripe charges at least",
            currency=amount.currency,
            minimum_minor=least,
        )


def _factor(currency: str) -> Fraction:
    """Return how many of Stripe's units one of ours is."""
    if currency in NOT_TAKEN:
        raise CurrencyNotSupported(f"Stripe takes no {currency}", currency=currency)
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return Fraction(10) ** (digits - exponent(currency))
