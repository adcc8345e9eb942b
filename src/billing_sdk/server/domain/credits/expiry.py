"""The end of a grant: what is left is gone, but for what usage needs that was used in time and is billed later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import total_of
from billing_sdk.server.domain.credits.burn_down import burn_down
from billing_sdk.server.domain.credits.grant import CreditGrant
from billing_sdk.server.domain.credits.payable import Payable


def expires_now(
    grant: CreditGrant, grants: Sequence[CreditGrant], payables: Sequence[Payable], *, at: datetime
) -> Money:
    """Return how much of a grant ends.

    Args:
        grant: past its end, or ended by somebody.
        grants: all of the customer of which something is left, this one among them.
        payables: usage that no issued invoice says yet; what holds something are periods that are over.
        at: the customer's present.
    """
    over = [payable for payable in payables if payable.period.end <= at]
    held = [share.amount for share in burn_down(grants, over) if share.grant.id == grant.id]
    return grant.left - total_of(held, grant.left.currency)
