"""Rate the service intervals that are billed, and keep what they came to, for usage that comes late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import repeat

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    BilledBefore,
    InForce,
    IntervalKey,
    Invoice,
    InvoiceStatus,
    RatedInterval,
    RatedUsage,
    billed_before,
    keep_rated,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.late_usage import adjust_later

# Usage still gets on an invoice that is one of these.
WAITING: frozenset[InvoiceStatus] = frozenset({"gathering", "awaiting_usage"})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the service intervals of an agreement that were billed in part, or are still to be closed."""

    intervals: Mapping[IntervalKey, RatedInterval]

    @property
    def billed(self) -> BilledBefore:
        """What was billed of them."""
        return billed_before(self.intervals.values())

    def keep(self, rated: Iterable[RatedUsage], in_force: InForce) -> tuple[RatedInterval, ...]:
        """Return what is to be kept of service intervals that are billed by these prices."""
        ids = map(new_id, repeat("rated"))
        return keep_rated(rated, in_force.agreement, in_force.policies, ids=ids, known=self.intervals)


def known_intervals(tx: UnitOfWork, in_force: InForce) -> Known:
    """Return what is known of the intervals of an agreement; nothing is looked up where nothing is metered."""
    if not in_force.has_rates:
        return Known({})
    found = tx.rated_intervals.unsettled(in_force.agreement.id)
    return Known({one.key: one for one in found if not one.is_closed})


def store_rated(
    tx: UnitOfWork,
    customer: Customer,
    rated: Collection[RatedInterval],
    *,
    invoice: Invoice | None,
    at: datetime,
) -> None:
    """Keep what service intervals came to, in the transaction that bills them.

    Args:
        tx: the transaction.
        customer: whose they are; locked by the caller.
        rated: what they came to.
        invoice: what bills them; None where nothing is to be billed. While it waits for usage they are not closed.
        at: the customer's present.
    """
    waits = invoice is not None and invoice.status in WAITING
    invoice_id = None if invoice is None else invoice.id
    tx.rated_intervals.bill(rated, invoice_id=invoice_id, waits=waits)
    for agreement_id in {one.agreement_id for one in rated if one.is_dirty and one.is_closed and not waits}:
        adjust_later(tx, customer, agreement_id, at)


def as_used_now(tx: UnitOfWork, rated: Iterable[RatedInterval]) -> tuple[RatedInterval, ...]:
    """Return intervals that were rated a while ago, dirty where their usage has changed since.

    A charge may take its time; what it pays for was rated before it was asked for.
    """
    return tuple(replace(one, is_dirty=one.is_dirty or one.quantity != _total(tx, one)) for one in rated)


def _total(tx: UnitOfWork, one: RatedInterval) -> Decimal:
    return tx.usage.total(one.agreement_id, one.feature_key, one.counted)
