"""What a customer has in credit: by the ledger, and what can still be spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import total_of
from billing_sdk.server.domain.credits.burn_down import burn_down, spent_by
from billing_sdk.server.domain.credits.grant import CreditGrant
from billing_sdk.server.domain.credits.payable import Payable


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


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """Credit in one currency at an instant, of some grants.

    Attributes:
        live: what can be spent then, usage taken off that is billed later.
        settled: what no issued invoice has used, of what has begun to count.
        pending: what begins to count only later.
    """

    live: Money
    settled: Money
    pending: Money

    @property
    def currency(self) -> str:
        """The currency of all three."""
        return self.settled.currency


def standing_of(
    grants: Sequence[CreditGrant],
    payables: Sequence[Payable],
    currency: str,
    *,
    at: datetime,
    counts: Callable[[CreditGrant], bool],
) -> CreditStanding:
    """Return where a customer stands, as far as some of the grants go.

    Args:
        grants: all of which something is left then.
        payables: usage that no issued invoice says then, what is billed first coming first.
        currency: which.
        at: when.
        counts: which of the grants are meant; the others are spent all the same.
    """
    own = [grant for grant in grants if grant.left.currency == currency]
    shares = burn_down(own, [payable for payable in payables if payable.amount.currency == currency])
    meant = [grant for grant in own if counts(grant)]
    unspoken = [grant for grant in spent_by(own, shares) if counts(grant)]
    return CreditStanding(
        live=total_of([grant.left for grant in unspoken if grant.is_in_effect(at)], currency),
        settled=total_of([grant.left for grant in meant if grant.effective_at <= at], currency),
        pending=total_of([grant.left for grant in meant if grant.effective_at > at], currency),
    )


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
        ledger=total_of([grant.left for grant in own], currency),
        pending=total_of([share.amount for share in shares], currency),
        available=total_of([grant.left for grant in spent_by(own, shares) if grant.is_in_effect(at)], currency),
    )
