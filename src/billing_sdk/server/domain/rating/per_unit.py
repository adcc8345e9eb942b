"""Per unit: every unit costs the same."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.bounds import require_amount
from billing_sdk.server.domain.rating.derivation import Step, step


@dataclass(frozen=True, slots=True)
class PerUnit:
    """An amount for each unit, in exact minor units; a part of a unit costs that part of it."""

    unit_amount: Decimal

    def __post_init__(self) -> None:
        require_amount(self.unit_amount, "unit_amount")


def steps_of(price: PerUnit, quantity: Decimal) -> tuple[Step, ...]:
    """Return the arithmetic: quantity times unit amount."""
    amount = EXACT.multiply(quantity, price.unit_amount)
    return (step("per_unit", amount, quantity=quantity, unit_amount=price.unit_amount),)
