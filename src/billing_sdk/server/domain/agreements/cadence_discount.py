"""A discount on all invoices of a billing cadence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.agreements.agreement import Agreement
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


def under_rules(agreement: Agreement, applied: Collection[AgreedDiscount], removed: Collection[str] = ()) -> Agreement:
    """Return an agreement under other rules of its cadence; they count for what its period still comes to as well.

    Args:
        agreement: as it was.
        applied: what counts from now on, whether or not it has counted before.
        removed: the ids of rules that count no more.
    """

    def of(standing: tuple[AgreedDiscount, ...]) -> tuple[AgreedDiscount, ...]:
        kept = tuple(one for one in standing if one.coupon_key not in removed)
        there = {one.coupon_key for one in kept}
        return kept + tuple(one for one in applied if one.coupon_key not in there)

    return replace(agreement, discounts=of(agreement.discounts), billed_discounts=of(agreement.billed_discounts))
