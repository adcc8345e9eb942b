"""How much there is to rate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.errors import InvalidQuantity

Values = tuple[tuple[str, str], ...]

# Sums of quantities of 20 digits and 12 decimals, and then some; a product with a price stays exact (money.EXACT).
MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used in one period; what is below zero in all is billed as zero.

    Attributes:
        quantity: all of it. For a percentage it is a value in minor units.
        by_dimension: the same usage by what it was marked with, such as `((("model", "large"),), Decimal(5))`.
        uses: the value of each single use, where a price has bounds for each; else the quantity is one use.

    Raises:
        InvalidQuantity: a number is no finite Decimal, or is out of all proportion.
    """

    quantity: Decimal
    by_dimension: tuple[tuple[Values, Decimal], ...] = ()
    uses: tuple[Decimal, ...] = ()

    def __post_init__(self) -> None:
        for number in (self.quantity, *(part for _, part in self.by_dimension), *self.uses):
            if type(number) is not Decimal or not number.is_finite():
                raise InvalidQuantity("a quantity is a finite Decimal")
            if number and not -MOST_DIGITS <= number.adjusted() < MOST_DIGITS:
                raise InvalidQuantity("a quantity has at most 40 digits before the point and 40 after it")
            if len(number.as_tuple().digits) > 2 * MOST_DIGITS:
                raise InvalidQuantity("a quantity has at most 80 digits")

    @classmethod
    def licensed(cls, quantity: int) -> Usage:
        """Return the usage of a licence, such as a number of seats.

        Raises:
            InvalidQuantity: it is negative, or not a whole number.
        """
        if type(quantity) is not int or quantity < 0:
            raise InvalidQuantity(f"{quantity!r} is not a whole number of zero or more", quantity=str(quantity)[:40])
        return cls(Decimal(quantity))
