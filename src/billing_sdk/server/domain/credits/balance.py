"""What a customer has in credit: by the ledger, and what can still be spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.credits.burn_down import Payable, burn_down, spent_by
from billing_sdk.server.domain.credits.grant import CreditGrant


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """Credit in one currency.

    Attributes:
        ledger: what the movements add up to: what no issued invoice has used, and nothing has ended.
        pending: what of it pays for usage that no issued invoice says yet.
        available: what is in effect now and not pending; credit that begins later is in neither of the two.
    """

    ledger: Money
    pending: Money
    available: Money

    @property
    def currency(self) -> str:
        """The currency of all three."""
        return self.ledger.currency


def balance_of(
    grants: Sequence[CreditGrant], payables: Sequence[Payable], currency: str, *, at: datetime
) -> CreditBalance:
    """Return the balance of a customer.

    Args:
        grants: all of which something is left.
        payables: usage that no issued invoice says yet, what is billed first coming first.
        currency: which.
        at: the customer's present.
    """
    own = [grant for grant in grants if grant.left.currency == currency]
    shares = burn_down(own, [payable for payable in payables if payable.amount.currency == currency])
    return CreditBalance(
        ledger=total([grant.left for grant in own], currency),
        pending=total([share.amount for share in shares], currency),
        available=total([grant.left for grant in spent_by(own, shares) if grant.is_in_effect(at)], currency),
    )
