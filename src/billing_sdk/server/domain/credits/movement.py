"""Movements of credit: what changes what is left of a grant. Nothing else does, and none is ever edited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from billing_sdk.money import Money
from billing_sdk.server.domain.credits.grant import CreditGrant

# `given_back` is what the charge of an invoice had used that was declined; `reinstated` what a voided invoice had.
MovementKind = Literal["granted", "applied", "given_back", "reinstated", "expired", "voided", "adjusted"]


@dataclass(frozen=True, slots=True)
class CreditMovement:
    """One change of what is left of a grant; those of a grant add up to that.

    Attributes:
        id: starts with `movement_`.
        amount: above zero what comes to it, below zero what goes.
        invoice_id: the invoice that was paid with it.
        line: the number of the line of the invoice that was paid with it, counted from 1.
        charge_id: the charge whose outcome decides whether it stays used.
        adjustment_id: the adjustment that has given or taken it.
    """

    id: str
    grant_id: str
    customer_id: str
    kind: MovementKind
    amount: Money
    at: datetime
    invoice_id: str | None = None
    line: int | None = None
    charge_id: str | None = None
    adjustment_id: str | None = None


def moved(grant: CreditGrant, amount: Money) -> CreditGrant:
    """Return a grant with more or less left of it.

    Raises:
        ValueError: less than nothing would be left, or more than was granted: something was counted twice.
    """
    left = grant.left + amount
    if not 0 <= left.minor <= grant.amount.minor:
        raise ValueError(f"{left} would be left of the {grant.amount} of {grant.id}")
    return replace(grant, left=left)
