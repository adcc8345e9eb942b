"""Amounts of custom pricing units: exact, in millionths, and beside all money.

Usage that is priced in a unit is rated in it as in a currency, and uses up what a customer was granted of it. Only what
grants do not cover becomes money, at the rate that a rate card has for overage; without one it costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import EXACT, MAX_MINOR, Money, digits_of

PREFIX = "unit_"
# A unit is counted in millionths, as a currency is in its minor units.
DECIMALS = 6


@dataclass(frozen=True, slots=True, order=False)
class Units(Money):
    """An amount of a custom unit, in millionths: granted and used up as money is, and owed by nobody.

    It stands where an amount of credit does, so that one life of grants and one order of burning them serve both. It
    is no amount of an invoice: `cost_of` makes one of it, once.

    Raises:
        InvalidAmount: it is of no unit, or not an integer.
    """

    def __post_init__(self) -> None:
        if not is_unit(self.currency):
            raise InvalidAmount(f"{self.currency[:40]!r} is no custom pricing unit")
        if type(self.minor) is not int:
            raise InvalidAmount("an amount is a whole number of millionths of a unit")

    def __add__(self, other: Money) -> Units:
        self._require_same_currency(other)
        return Units(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Units:
        self._require_same_currency(other)
        return Units(self.minor - other.minor, self.currency)

    def __neg__(self) -> Units:
        return Units(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{digits_of(self.value)} {self.currency}"

    @property
    def major(self) -> Decimal:
        """How many units it is, exact."""
        return self.value

    @property
    def value(self) -> Decimal:
        """How many units it is, exact."""
        return Decimal(self.minor).scaleb(-DECIMALS)


@dataclass(frozen=True, slots=True)
class OverageTerms:
    """What a rate says of units that no grant covers.

    Attributes:
        id: of the overage rate of its card.
        name: what an invoice calls the charge.
        unit_amount: what a whole unit costs, in exact minor units.
        tax_code: what kind of thing the charge is, where places tax it at a rate of its own.
    """

    id: str
    name: str
    unit_amount: Decimal
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class PricedIn:
    """The unit that a rate is priced in; the terms of the rate are in millionths of it.

    Attributes:
        id: of the unit.
        name: what an invoice calls the unit.
        overage: None where what no grant covers costs nothing.
    """

    id: str
    name: str
    overage: OverageTerms | None = None


def is_unit(currency: str) -> bool:
    """Tell whether what stands in the place of a currency is a custom unit."""
    return currency.startswith(PREFIX)


def units_of(value: Decimal, unit_id: str) -> Units:
    """Return so many units.

    Raises:
        InvalidAmount: it is finer than a millionth, or more than can be real.
    """
    minor = millionths(value)
    if minor != minor.to_integral_value() or abs(minor) > MAX_MINOR:
        raise InvalidAmount(f"an amount of a unit has at most {DECIMALS} decimals, and is not more than can be real")
    return Units(int(minor), unit_id)


def millionths(value: Decimal) -> Decimal:
    """Return how many millionths a number is, exact.

    Raises:
        InvalidAmount: it is not finite.
    """
    if not value.is_finite():
        raise InvalidAmount("an amount has to be finite")
    return value.scaleb(DECIMALS, EXACT)


def cost_of(units: Units, unit_amount: Decimal) -> Fraction:
    """Return what units cost, in exact minor units."""
    return Fraction(units.minor, 10**DECIMALS) * Fraction(unit_amount)


def amount_of(minor: int, currency: str) -> Money:
    """Return an amount of credit: money, or units."""
    return Units(minor, currency) if is_unit(currency) else Money(minor, currency)


def total_of(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum of amounts of credit that are all of one currency, or of one unit."""
    result = amount_of(0, currency)
    for amount in amounts:
        result += amount
    return result
