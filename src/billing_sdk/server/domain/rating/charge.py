"""What terms make of usage: the one place where an order of calculation is written down.

Reading `STEPS` explains every amount. What is measured becomes what is priced first, because all other units are said
in that; then units go that are given away, because tiers count what is left; the percentage comes before the
commitments, because what a customer has committed to is not discounted; the maximum comes before the minimum, which
can't be above it; and the one rounding comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import EXACT, Money, round_money
from billing_sdk.server.domain.rating import conversion, flat, graduated, package, per_unit, percentage, volume
from billing_sdk.server.domain.rating.by_dimension import ByDimension, RatePrice, slices
from billing_sdk.server.domain.rating.conversion import UnitConversion
from billing_sdk.server.domain.rating.derivation import Derivation, Step, step
from billing_sdk.server.domain.rating.flat import Flat
from billing_sdk.server.domain.rating.graduated import Graduated
from billing_sdk.server.domain.rating.overage import Overage, beyond
from billing_sdk.server.domain.rating.package import Package
from billing_sdk.server.domain.rating.per_unit import PerUnit
from billing_sdk.server.domain.rating.percentage import Percentage, share_of
from billing_sdk.server.domain.rating.policy import RatingPolicy
from billing_sdk.server.domain.rating.terms import Terms, has_one_quantity
from billing_sdk.server.domain.rating.usage import MOST_DIGITS, Usage
from billing_sdk.server.domain.rating.volume import Volume

ZERO = Decimal(0)
USUAL = RatingPolicy()


@dataclass(frozen=True, slots=True)
class Charged:
    """What is charged, and why: the derivation's steps add up to the amount."""

    amount: Money
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class Sum:
    """A calculation on its way: what goes in, and what it has come to so far in exact minor units."""

    terms: Terms
    usage: Usage
    currency: str
    policy: RatingPolicy
    amount: Decimal = ZERO
    steps: tuple[Step, ...] = ()

    def plus(self, *steps: Step) -> Sum:
        """Return the calculation with further steps."""
        amount = self.amount
        for one in steps:
            amount = EXACT.add(amount, Decimal(one.amount))
        return Sum(self.terms, self.usage, self.currency, self.policy, amount, (*self.steps, *steps))


def charge(terms: Terms, usage: Usage, *, currency: str, policy: RatingPolicy = USUAL) -> Charged:
    """Rate the usage of one period.

    Args:
        terms: the price and what was agreed around it.
        usage: what was used; below zero it is billed as zero.
        currency: what the amounts of the terms are minor units of.
        policy: what a business decided where systems differ.

    Raises:
        InvalidAmount: it comes to more than can be real (`money.MAX_MINOR`).
    """
    state = Sum(terms, usage, currency, policy)
    for take in STEPS:
        state = take(state)
    return Charged(Money(int(state.amount), currency), Derivation(state.steps))


def convert_units(state: Sum) -> Sum:
    """Turn what is measured into what is priced; by dimension, that is done with each part when it is priced."""
    how = state.terms.conversion
    if how is None or isinstance(state.terms.price, ByDimension):
        return state
    measured = state.usage.quantity
    usage = Usage(_converted(how, measured), state.usage.by_dimension, state.usage.uses)
    return Sum(state.terms, usage, state.currency, state.policy).plus(conversion.step_of(how, measured))


def discount_usage(state: Sum) -> Sum:
    """Take the units off that are given away, down to zero; where parts or uses count each by itself, none are."""
    measured, off = state.usage.quantity, state.terms.discount_units
    if isinstance(state.terms.price, Flat):
        return state
    if not has_one_quantity(state.terms.price):
        return state.plus(step("usage", measured=measured))
    billed = EXACT.subtract(measured, off)
    if billed < 0:
        billed = ZERO
    facts = {"measured": measured, "billed": billed} | ({"discount_units": off} if off else {})
    usage = Usage(billed, state.usage.by_dimension, state.usage.uses)
    return Sum(state.terms, usage, state.currency, state.policy, steps=state.steps).plus(step("usage", **facts))


def price(state: Sum) -> Sum:
    """Price the usage by its model."""
    if isinstance(state.terms.price, ByDimension):
        return state.plus(*_each_slice(state.terms.price, state.usage, state.policy, state.terms.conversion))
    return state.plus(*steps_of(state.terms.price, state.usage, state.policy))


def discount_percentage(state: Sum) -> Sum:
    """Take a percentage off."""
    percent = state.terms.discount_percent
    if not percent:
        return state
    off = share_of(state.amount, percent).copy_negate()
    return state.plus(step("discount_percentage", off, before=state.amount, percent=percent))


def maximum(state: Sum) -> Sum:
    """Lower the amount to the most that a period costs."""
    most = state.terms.maximum
    if most is None or state.amount <= most:
        return state
    return state.plus(step("maximum", EXACT.subtract(most, state.amount), before=state.amount, maximum=most))


def minimum(state: Sum) -> Sum:
    """Raise the amount to the least that a period costs."""
    least = state.terms.minimum
    if least is None or state.amount >= least:
        return state
    return state.plus(step("minimum", EXACT.subtract(least, state.amount), before=state.amount, minimum=least))


def round_once(state: Sum) -> Sum:
    """Make the amount whole minor units."""
    rounded = round_money(state.amount, state.currency, state.policy.rounding)
    change = EXACT.subtract(rounded.minor, state.amount)
    return state.plus(
        step("round", change, before=state.amount, rounding=state.policy.rounding, currency=state.currency)
    )


STEPS: tuple[Callable[[Sum], Sum], ...] = (
    convert_units,
    discount_usage,
    price,
    discount_percentage,
    maximum,
    minimum,
    round_once,
)


def steps_of(price: RatePrice, usage: Usage, policy: RatingPolicy) -> tuple[Step, ...]:
    """Return the arithmetic of a price for all of the usage; this is where its model is picked."""
    match price:
        case Flat():
            return flat.steps_of(price)
        case PerUnit():
            return per_unit.steps_of(price, usage.quantity)
        case Package():
            return package.steps_of(price, usage.quantity)
        case Volume():
            return volume.steps_of(price, usage.quantity, policy)
        case Graduated():
            return graduated.steps_of(price, usage.quantity, policy)
        case Percentage():
            return percentage.steps_of(price, usage)
        case Overage():
            allowance, quantity = beyond(price, usage.quantity)
            return (allowance, *steps_of(price.price, Usage(quantity), policy))
        case _:
            assert_never(price)


def _each_slice(price: ByDimension, usage: Usage, policy: RatingPolicy, how: UnitConversion | None) -> Iterator[Step]:
    for part, rate, quantity in slices(price, usage):
        yield part
        if rate is None:
            continue
        if how is not None:
            yield conversion.step_of(how, quantity)
        yield from steps_of(rate, Usage(quantity if how is None else _converted(how, quantity)), policy)


def _converted(how: UnitConversion, measured: Decimal) -> Decimal:
    converted = how.of(measured)
    if converted.adjusted() >= MOST_DIGITS:
        raise InvalidAmount(f"the quantity converts to more than {MOST_DIGITS} digits")
    return converted
