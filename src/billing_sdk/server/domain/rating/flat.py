"""Flat: the same amount however much is used."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.server.domain.rating.bounds import require_amount
from billing_sdk.server.domain.rating.derivation import Step, step


@dataclass(frozen=True, slots=True)
class Flat:
    """One amount for the period, in exact minor units; usage of zero costs it as well."""

    amount: Decimal

    def __post_init__(self) -> None:
        require_amount(self.amount, "amount")


def steps_of(price: Flat) -> tuple[Step, ...]:
    """Return the arithmetic: the amount."""
    return (step("flat", price.amount, flat_amount=price.amount),)
