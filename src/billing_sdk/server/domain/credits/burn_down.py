"""The burn-down: which grant pays for which usage. Gates, previews and invoices all ask this one function.

Source: Stripe documentation, "Billing credits", How credits are applied: by priority, then the grant that expires
first, promotional credit before paid credit, then what came into effect first, then what was made first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import amount_of, total_of
from billing_sdk.server.domain.credits.grant import CreditGrant
from billing_sdk.server.domain.credits.movement import moved
from billing_sdk.server.domain.credits.payable import Payable

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Share:
    """What one grant pays of one payable.

    Attributes:
        index: the payable's place.
        amount: the smaller one of the other two.
        left: what was left of the grant before.
        owed: what was left to pay of the payable before.
    """

    grant: CreditGrant
    index: int
    amount: Money
    left: Money
    owed: Money


def burn_down(grants: Iterable[CreditGrant], payables: Sequence[Payable]) -> tuple[Share, ...]:
    """Return what grants pay of payables, one after the other in the order that they are given.

    Args:
        grants: of one customer, in any order.
        payables: in the order of the invoice's lines.
    """
    left = in_order(grants)
    shares: list[Share] = []
    for index, payable in enumerate(payables):
        owed = payable.amount
        for place, grant in enumerate(left):
            if owed.minor <= 0:
                break
            if not grant.left or not grant.pays_for(payable):
                continue
            amount = amount_of(min(grant.left.minor, owed.minor), owed.currency)
            shares.append(Share(grant, index, amount, grant.left, owed))
            left[place] = moved(grant, -amount)
            owed -= amount
    return tuple(shares)


def spent_by(grants: Iterable[CreditGrant], shares: Sequence[Share]) -> tuple[CreditGrant, ...]:
    """Return grants as they are when shares have been paid with them."""
    spent: dict[str, int] = {}
    for share in shares:
        spent[share.grant.id] = spent.get(share.grant.id, 0) + share.amount.minor
    return tuple(
        moved(grant, amount_of(-spent[grant.id], grant.left.currency)) if grant.id in spent else grant
        for grant in grants
    )


def uncovered(grants: Iterable[CreditGrant], payables: Sequence[Payable], currency: str) -> Money:
    """Return what payables come to beyond what grants pay of them, in one currency."""
    same = [payable for payable in payables if payable.amount.currency == currency]
    paid = total_of([share.amount for share in burn_down(grants, same)], currency)
    return total_of([payable.amount for payable in same], currency) - paid


def in_order(grants: Iterable[CreditGrant]) -> list[CreditGrant]:
    """Return grants in the order in which they are spent."""
    return sorted(grants, key=_place)


def _place(grant: CreditGrant) -> tuple[int, datetime, bool, datetime, datetime, str]:
    is_paid = grant.category == "paid"
    return (grant.priority, grant.expires_at or NEVER, is_paid, grant.effective_at, grant.created_at, grant.id)
