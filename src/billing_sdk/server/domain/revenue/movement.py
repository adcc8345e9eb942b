"""How recurring revenue has moved from one instant to another, customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Movement:
    """Where recurring revenue went; `RevenueMonth` says what each figure is."""

    before_minor: int
    new_minor: int
    expansion_minor: int
    contraction_minor: int
    churned_minor: int
    after_minor: int
    customers_before: int
    churned_customers: int
    customers: int


def movement(before: Mapping[str, int], after: Mapping[str, int]) -> Movement:
    """Return how revenue has moved.

    Args:
        before: what each paying customer paid a month, in minor units above zero.
        after: the same later.
    """
    stayed = before.keys() & after.keys()
    gone = before.keys() - after.keys()
    differences = [after[customer] - before[customer] for customer in stayed]
    return Movement(
        before_minor=sum(before.values()),
        new_minor=sum(after[customer] for customer in after.keys() - before.keys()),
        expansion_minor=sum(one for one in differences if one > 0),
        contraction_minor=-sum(one for one in differences if one < 0),
        churned_minor=sum(before[customer] for customer in gone),
        after_minor=sum(after.values()),
        customers_before=len(before),
        churned_customers=len(gone),
        customers=len(after),
    )
