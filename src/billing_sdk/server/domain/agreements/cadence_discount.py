"""A discount on all invoices of a billing cadence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.agreements.pending import AgreedDiscount


@dataclass(frozen=True, slots=True)
class CadenceDiscount:
    """What is taken off whatever a cadence bills, until it is removed.

    Attributes:
        id: starts with `discountrule_`; agreements know it by this name.

    Source: Stripe documentation, "Billing intents", Invoice discount rule.
    """

    id: str
    billing_cadence_id: str
    percent_off: Decimal
    applied_at: datetime
    removed_at: datetime | None = None

    @property
    def agreed(self) -> AgreedDiscount:
        """The discount as each agreement of the cadence has it."""
        return AgreedDiscount(coupon_key=self.id, percent_off=self.percent_off)
