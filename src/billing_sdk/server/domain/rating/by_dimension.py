"""By dimension: what usage is marked with decides its price, such as the model that answered.

Usage of the same values is added up and priced on its own scale. Values without a rate are added up and priced by
`otherwise`, or cost nothing if there is none; the derivation says so. A rate whose values did not occur is not
applied at all, so its flat amounts are not charged either. Source: Stripe documentation, "Create hybrid pricing
plans", metered items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from billing_sdk.errors import InvalidPrice
from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.derivation import Step, StepName, step
from billing_sdk.server.domain.rating.flat import Flat
from billing_sdk.server.domain.rating.graduated import Graduated
from billing_sdk.server.domain.rating.overage import Overage
from billing_sdk.server.domain.rating.package import Package
from billing_sdk.server.domain.rating.per_unit import PerUnit
from billing_sdk.server.domain.rating.percentage import Percentage
from billing_sdk.server.domain.rating.usage import Usage, Values
from billing_sdk.server.domain.rating.volume import Volume

RatePrice: TypeAlias = Flat | PerUnit | Package | Volume | Graduated | Overage | Percentage
ValueList = tuple[str, ...]

MAX_RATES = 500


@dataclass(frozen=True, slots=True)
class ByDimension:
    """A price for each combination of values.

    Attributes:
        dimensions: what usage is told apart by; other marks of the usage make no difference.
        rates: for the values of the dimensions, in their order, a price.
        otherwise: the price of all other usage together.
    """

    dimensions: ValueList
    rates: tuple[tuple[ValueList, RatePrice], ...]
    otherwise: RatePrice | None = None

    def __post_init__(self) -> None:
        if not self.dimensions or len(set(self.dimensions)) < len(self.dimensions) or not all(self.dimensions):
            raise InvalidPrice("dimensions are not one or more different names", member="dimensions")
        if len(self.rates) > MAX_RATES:
            raise InvalidPrice(f"rates holds more than {MAX_RATES}", member="rates")
        seen = set()
        for place, (values, price) in enumerate(self.rates):
            if len(values) != len(self.dimensions):
                _refuse(place, "values", f"does not give one value for each of {', '.join(self.dimensions)}")
            if values in seen:
                _refuse(place, "values", "has a rate already")
            if not isinstance(price, RatePrice):
                _refuse(place, "price", "is not a price that a rate can have")
            seen.add(values)
        if self.otherwise is not None and not isinstance(self.otherwise, RatePrice):
            raise InvalidPrice("otherwise is not a price that a rate can have", member="otherwise")


def slices(price: ByDimension, usage: Usage) -> Iterator[tuple[Step, RatePrice | None, Decimal]]:
    """Yield each part of the usage with its price: rates in their order, then all that has none.

    A part that is below zero in all counts as zero. Usage that `by_dimension` does not tell of has no values.
    """
    found = _added_up(price.dimensions, usage)
    for values, rate in price.rates:
        if values in found:
            quantity = _not_below_zero(found.pop(values))
            yield step("dimension", values=_named(price.dimensions, values), quantity=quantity), rate, quantity
    if found:
        unrated = [_named(price.dimensions, values) for values in sorted(found)]
        quantity = _sum([_not_below_zero(part) for part in found.values()])
        name: StepName = "unrated" if price.otherwise is None else "otherwise"
        yield step(name, values="; ".join(unrated), quantity=quantity), price.otherwise, quantity


def _added_up(dimensions: ValueList, usage: Usage) -> dict[ValueList, Decimal]:
    found: dict[ValueList, Decimal] = {}
    for marks, part in usage.by_dimension:
        values = _values(dimensions, marks)
        found[values] = EXACT.add(found.get(values, Decimal(0)), part)
    unmarked = EXACT.subtract(usage.quantity, _sum([part for _, part in usage.by_dimension]))
    if unmarked > 0:
        nothing = _values(dimensions, ())
        found[nothing] = EXACT.add(found.get(nothing, Decimal(0)), unmarked)
    return found


def _values(dimensions: ValueList, marks: Values) -> ValueList:
    known = dict(marks)
    return tuple(known.get(name, "") for name in dimensions)


def _named(dimensions: ValueList, values: ValueList) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(dimensions, values, strict=True))


def _not_below_zero(quantity: Decimal) -> Decimal:
    return quantity if quantity > 0 else Decimal(0)


def _sum(parts: Sequence[Decimal]) -> Decimal:
    result = Decimal(0)
    for part in parts:
        result = EXACT.add(result, part)
    return result


def _refuse(place: int, member: str, reason: str) -> None:
    name = f"rates[{place}].{member}"
    raise InvalidPrice(f"{name} {reason}", member=name)
