"""Adjustments: credit that is given or taken by hand, without a grant of its own where it is taken.

What is taken goes from the grants in the order of the burn-down. What usage needs that is billed later is not taken:
it is spoken for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import InsufficientCredit, InvalidAmount, InvalidRequest
from billing_sdk.money import MAX_MINOR, Money
from billing_sdk.server.domain.catalog import amount_of, total_of
from billing_sdk.server.domain.credits.burn_down import burn_down, in_order, spent_by
from billing_sdk.server.domain.credits.grant import LONGEST_NAME, CreditGrant
from billing_sdk.server.domain.credits.payable import Payable


@dataclass(frozen=True, slots=True)
class CreditAdjustment:
    """A correction of what a customer has in credit.

    Attributes:
        id: starts with `adjustment_`.
        amount: above zero what was given, below zero what was taken.
        at: when, in the customer's time.
    """

    id: str
    customer_id: str
    name: str
    amount: Money
    at: datetime

    def __post_init__(self) -> None:
        if not 0 < abs(self.amount.minor) <= MAX_MINOR:
            raise InvalidAmount("an adjustment is of more or less than zero, and of no more than can be real")
        if not 1 <= len(self.name.strip()) <= LONGEST_NAME:
            raise InvalidRequest(f"a name has 1 to {LONGEST_NAME} characters", parameter="name")


@dataclass(frozen=True, slots=True)
class Deduction:
    """What an adjustment takes from one grant, above zero."""

    grant: CreditGrant
    amount: Money


def deductions(
    grants: Iterable[CreditGrant], payables: Sequence[Payable], amount: Money, *, at: datetime
) -> tuple[Deduction, ...]:
    """Return what is taken from which grants.

    Args:
        grants: all of the customer of which something is left.
        payables: usage that no issued invoice says yet, and what is reserved.
        amount: how much, above zero.
        at: the customer's present; what counts only later, or no more, is left alone.

    Raises:
        InsufficientCredit: there is less than that.
    """
    currency = amount.currency
    own = [grant for grant in grants if grant.left.currency == currency]
    same = [payable for payable in payables if payable.amount.currency == currency]
    unspoken = spent_by(own, burn_down(own, same))
    free = [grant for grant in unspoken if grant.status == "granted" and grant.is_in_effect(at)]
    available = total_of([grant.left for grant in free], currency)
    if available < amount:
        raise InsufficientCredit(
            f"{available} of credit can be taken, not {amount}",
            currency=currency,
            available_minor=available.minor,
            asked_minor=amount.minor,
        )
    taken: list[Deduction] = []
    rest = amount
    for grant in in_order(free):
        part = amount_of(min(grant.left.minor, rest.minor), currency)
        if part:
            taken.append(Deduction(grant, part))
            rest -= part
    return tuple(taken)
