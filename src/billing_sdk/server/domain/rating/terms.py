"""Terms: a price, and what was agreed around it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from billing_sdk.errors import InvalidPrice
from billing_sdk.server.domain.rating.bounds import HUNDRED, require_amount, require_number
from billing_sdk.server.domain.rating.by_dimension import ByDimension, RatePrice
from billing_sdk.server.domain.rating.conversion import UnitConversion
from billing_sdk.server.domain.rating.flat import Flat
from billing_sdk.server.domain.rating.percentage import Percentage

Price: TypeAlias = RatePrice | ByDimension


@dataclass(frozen=True, slots=True)
class Terms:
    """What is charged for one period.

    Attributes:
        price: how usage is priced.
        discount_units: how many units are taken off the usage first.
        discount_percent: which share is taken off what the price comes to, before the two commitments.
        minimum: the least that a period costs, in exact minor units; usage of zero costs it as well.
        maximum: the most that a period costs.
        conversion: what the usage becomes before it is priced; all other units here are in what it becomes. Of a
            price by dimension, each part of the usage becomes so by itself.

    Raises:
        InvalidPrice: a number is out of its bounds, the minimum is above the maximum, or there is nothing that units
            could be converted or taken off: a flat amount, uses with bounds of their own, or, to take units off, parts
            with prices of their own.
        InvalidAmount: a commitment is not an amount.
    """

    price: Price
    discount_units: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    conversion: UnitConversion | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.price, Price):
            raise InvalidPrice("price is not a price", member="price")
        require_number(self.discount_units, "discount_units")
        require_number(self.discount_percent, "discount_percent", most=HUNDRED)
        if self.minimum is not None:
            require_amount(self.minimum, "minimum")
        if self.maximum is not None:
            require_amount(self.maximum, "maximum")
            if self.minimum is not None and self.minimum > self.maximum:
                raise InvalidPrice("minimum is more than maximum", member="minimum")
        if self.discount_units and not has_one_quantity(self.price):
            raise InvalidPrice("discount_units has no one quantity to be taken off", member="discount_units")
        if self.conversion is not None and not _is_convertible(self.price):
            raise InvalidPrice("conversion has no one quantity to be applied to", member="conversion")


def has_one_quantity(price: Price) -> bool:
    """Whether it is all of the usage together that is priced, and not a part or a use each by itself."""
    match price:
        case Flat() | ByDimension():
            return False
        case Percentage():
            return price.minimum is None and price.maximum is None
        case _:
            return True


def _is_convertible(price: Price) -> bool:
    if isinstance(price, ByDimension):
        parts = [part for _, part in price.rates] + ([] if price.otherwise is None else [price.otherwise])
        return all(has_one_quantity(part) for part in parts)
    return has_one_quantity(price)
