"""What was refunded at a processor while a refund of ours was asked for: it has gone back already, and not again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing import Refund
from billing_sdk.server.gateways import PaymentRefund, RefundOutcome
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.post import post_refund
from billing_sdk.server.usecases.take_outside_dispute import PROCESSOR, has_been_noted

# Outcomes with which the money has left.
LEFT: Final[frozenset[RefundOutcome]] = frozenset({"under_way", "succeeded"})
COUNTED: Final = "refund.elsewhere"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How much of a refund has gone back already, and the refunds of others that are part of that as a whole."""

    amount: Money
    counted: tuple[PaymentRefund, ...]


def gone_elsewhere(
    wanted: Money, paid: Money, there: Iterable[PaymentRefund], unknown: Iterable[PaymentRefund]
) -> Elsewhere:
    """Work out how much of a refund that was too large others have given back in its place.

    Args:
        wanted: what was to be refunded.
        paid: the payment.
        there: all refunds of the payment at its processor.
        unknown: those of them that are not on record here, the oldest first.
    """
    currency = paid.currency
    left = paid - total([one.amount for one in there if one.outcome in LEFT], currency)
    theirs = [one for one in unknown if one.outcome in LEFT]
    most = min(wanted.minor - max(0, left.minor), sum(one.amount.minor for one in theirs))
    gone = Money(max(0, most), currency)
    counted: list[PaymentRefund] = []
    for one in theirs:
        if total([each.amount for each in (*counted, one)], currency).minor <= gone.minor:
            counted.append(one)
    return Elsewhere(gone, tuple(counted))


def count_elsewhere(tx: UnitOfWork, failed: Refund, there: Iterable[PaymentRefund], *, at: datetime) -> Refund:
    """Record what others have given back of a refund that was too large, and return the refund for what it still is.

    Args:
        tx: the transaction; it has locked the customer.
        failed: pending by now, with the reason why it has failed.
        there: all refunds of its payment at the processor.
        at: the customer's present.

    Returns:
        It has failed for the rest; or succeeded, where nothing is left of it.
    """
    there = tuple(there)
    payment = tx.invoices.get_payment(failed.payment_id)
    found = gone_elsewhere(failed.amount, payment.amount, there, [one for one in there if not _is_known(tx, one)])
    if not found.amount:
        return failed
    for one in found.counted:
        tx.audit.record(PROCESSOR, COUNTED, one.reference, at, after={"refund": failed.id, "amount": one.amount})
    if found.amount == failed.amount:
        # One for one is followed by its own id from now on.
        reference = found.counted[0].reference if len(found.counted) == 1 else None
        return replace(failed, status="succeeded", reference=reference, decline_code=None)
    post_refund(tx, tx.invoices.get(failed.invoice_id), found.amount, refund_id=failed.id, at=at)
    return replace(failed, amount=failed.amount - found.amount)


def is_counted(tx: UnitOfWork, reference: str) -> bool:
    """Tell whether a refund of others is part of one of ours."""
    return has_been_noted(tx, COUNTED, reference)


def _is_known(tx: UnitOfWork, found: PaymentRefund) -> bool:
    if found.our_id is not None and tx.refunds.find(found.our_id) is not None:
        return True
    return tx.refunds.find_by_reference(found.reference) is not None or is_counted(tx, found.reference)
