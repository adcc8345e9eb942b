"""Overage: an allowance that costs nothing, then a price for what goes beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from billing_sdk.errors import InvalidPrice
from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.bounds import require_number
from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.graduated import Graduated
from billing_sdk.server.domain.rating.package import Package
from billing_sdk.server.domain.rating.per_unit import PerUnit
from billing_sdk.server.domain.rating.volume import Volume

UnitPrice: TypeAlias = PerUnit | Package | Volume | Graduated


@dataclass(frozen=True, slots=True)
class Overage:
    """Units that are included in every period, and the price of those beyond.

    The scale of the price begins at the first unit beyond the allowance.
    """

    included: Decimal
    price: UnitPrice

    def __post_init__(self) -> None:
        require_number(self.included, "included")
        if not isinstance(self.price, UnitPrice):
            raise InvalidPrice("price is not one for units", member="price")


def beyond(price: Overage, quantity: Decimal) -> tuple[Step, Decimal]:
    """Return what the allowance covers, as a step that costs nothing, and the quantity beyond it."""
    covered = min(quantity, price.included)
    rest = EXACT.subtract(quantity, covered)
    return step("included", quantity=quantity, included=price.included, covered=covered, beyond=rest), rest
