"""What taxes come to: for every rate its base times its percentage, rounded once.

An exclusive price has the tax added to it. An inclusive one holds it already: of a price that includes several rates,
each is its percentage of what is left without all of them. What is taken off or given back is below zero and lowers
the base; its tax is the mirror of what charging it would add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from billing_sdk.money import Money, round_money, total, zero
from billing_sdk.server.domain.tax.rate import HUNDRED, AppliedRate
from billing_sdk.server.domain.tax.shares import apportioned

# Rates that a price includes are kept apart from those that are added to others, though they may be the same rates.
Key: TypeAlias = tuple[AppliedRate, bool]


@dataclass(frozen=True, slots=True)
class Taxable:
    """What is charged, taken off or given back, and the rates that hold for it."""

    amount: Money
    rates: tuple[AppliedRate, ...]
    is_inclusive: bool = False

    def exact_tax(self, rate: AppliedRate) -> Fraction:
        """Return what one of its rates comes to, in minor units."""
        whole = HUNDRED + sum(one.percent for one in self.rates) if self.is_inclusive else HUNDRED
        (numerator, denominator), (above, below) = rate.percent.as_integer_ratio(), whole.as_integer_ratio()
        return Fraction(self.amount.minor * numerator * below, denominator * above)


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """What one rate comes to on an invoice.

    Attributes:
        base: what it is a percentage of, without tax.
        is_inclusive: the amount is part of the prices and not added to them.
    """

    rate: AppliedRate
    base: Money
    amount: Money
    is_inclusive: bool

    @property
    def percent(self) -> Decimal:
        """The percentage."""
        return self.rate.percent


@dataclass(frozen=True, slots=True)
class Share:
    """What one item has of a tax; `base` is the item without any tax that it includes."""

    rate: AppliedRate
    base: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Assessment:
    """All taxes of an invoice, and for every item, in the order that they were given, its share of each."""

    taxes: tuple[TaxAmount, ...]
    shares: tuple[tuple[Share, ...], ...]


def assess(items: Sequence[Taxable], currency: str) -> Assessment:
    """Work out the taxes on what is sold together.

    Args:
        items: all of one currency.
        currency: that currency.

    Raises:
        InvalidAmount: a tax comes to more than can be real.
    """
    keys: dict[Key, list[int]] = {}
    for place, item in enumerate(items):
        for rate in item.rates:
            keys.setdefault((rate, item.is_inclusive), []).append(place)
    amounts: dict[Key, Money] = {}
    shares: list[dict[AppliedRate, Money]] = [{} for _ in items]
    for key, places in keys.items():
        exact = [items[place].exact_tax(key[0]) for place in places]
        amounts[key] = round_money(sum(exact, Fraction(0)), currency)
        for place, share in zip(places, apportioned(amounts[key], exact), strict=True):
            shares[place][key[0]] = share
    bases = [_base(item, mine) for item, mine in zip(items, shares, strict=True)]
    taxes = tuple(
        TaxAmount(key[0], total([bases[place] for place in places], currency), amounts[key], key[1])
        for key, places in keys.items()
    )
    return Assessment(
        taxes,
        tuple(
            tuple(Share(rate, base, share) for rate, share in mine.items())
            for base, mine in zip(bases, shares, strict=True)
        ),
    )


def _base(item: Taxable, shares: dict[AppliedRate, Money]) -> Money:
    included = total([*shares.values()], item.amount.currency) if item.is_inclusive else zero(item.amount.currency)
    return item.amount - included
