"""Late usage: readings of service intervals that have been billed already."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.metering import Reading
from billing_sdk.server.storage import UnitOfWork

# What comes late rarely comes alone: all of a day is one adjustment.
ADJUSTED_AFTER = timedelta(days=1)


def is_past(agreement: Agreement, used_at: datetime) -> bool:
    """Tell whether something was used while an agreement that has ended, or is paused, still included it."""
    over = agreement.ended_at or agreement.paused_at
    return over is not None and agreement.started_at <= used_at < over


def note_late_usage(tx: UnitOfWork, customer: Customer, agreement: Agreement, reading: Reading) -> None:
    """Have what was billed adjusted, if a reading that has been counted changes it.

    What an end has forgiven was not billed, and stays forgiven.

    Args:
        tx: the transaction.
        customer: whose usage it is; locked by the caller.
        agreement: under which agreement.
        reading: as it was counted.
    """
    # What is used at present was billed at most by a change of this very instant.
    is_present = agreement.is_live and reading.counted_at >= reading.recorded_at
    if is_present and all(change.at < reading.counted_at for change in agreement.number_changes):
        return
    if tx.rated_intervals.mark_late(agreement.id, reading.feature_key, reading.counted_at):
        adjust_later(tx, customer, agreement.id, reading.recorded_at)


def adjust_later(tx: UnitOfWork, customer: Customer, agreement_id: str, at: datetime) -> None:
    """Have what was billed under an agreement adjusted a day after an instant, or when it is to be already."""
    if tx.timers.find("adjust", agreement_id) is None:
        tx.timers.set("adjust", agreement_id, at + ADJUSTED_AFTER, customer)
