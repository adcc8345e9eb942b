"""Payments for credit that somebody else collects: how far they have come, as we are told.

Source: the OpenAPI document "Konnect Metering & Billing", Update credit grant external settlement status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from billing_sdk.errors import InvalidSettlement
from billing_sdk.server.domain.credits.grant import CreditGrant, Settlement

# From each state, those that it can come to. There is no way back: money that has arrived is given back by a refund,
# which is another movement.
ONWARD: Mapping[Settlement, tuple[Settlement, ...]] = MappingProxyType(
    {"pending": ("authorized", "settled"), "authorized": ("settled",), "settled": ()}
)


def settled_as(grant: CreditGrant, status: Settlement) -> CreditGrant:
    """Return a grant when its payment has come to a state; it may be told more than once.

    Raises:
        InvalidSettlement: nobody else collects its payment, the payment is further by now, or the grant was taken back.
    """
    if grant.settlement is None:
        raise InvalidSettlement("the payment of the credit grant is not collected by somebody else")
    if grant.settlement == status:
        return grant
    if status not in ONWARD[grant.settlement]:
        raise InvalidSettlement(
            f"the payment of the credit grant is {grant.settlement}", settlement=grant.settlement, asked=status
        )
    if grant.status == "voided":
        raise InvalidSettlement("the credit grant was taken back, so nothing is to be paid for it")
    return replace(grant, settlement=status)
