"""Save an agreement, and set the timers of all that is to happen to it: they follow from its fields."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.timers import TimerKind
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.hand_over import hand_over
from billing_sdk.server.usecases.redeem_coupon import release_planned

# The kinds that follow from an agreement; others may be about it, too, and are not touched here.
KINDS: tuple[TimerKind, ...] = ("change", "cancel", "trial_end", "renew")


def add_agreement(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> None:
    """Store a new agreement.

    Raises:
        Conflict: the customer has a live agreement of the same plan group.
    """
    tx.agreements.add(agreement)
    _set_timers(tx, customer, agreement)
    hand_over(tx, customer, agreement, (agreement.started_at,))


def save_agreement(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> None:
    """Store an agreement that has changed; a coupon of a change that is planned no more is given back."""
    tx.agreements.save(agreement)
    if agreement.pending_change is None or agreement.pending_change.coupon_key is None:
        release_planned(tx, agreement.id)
    _set_timers(tx, customer, agreement)
    hand_over(tx, customer, agreement, _bounds(agreement))


def _bounds(agreement: Agreement) -> list[datetime]:
    """Return when an agreement has ended; else when something of it has begun, or stopped, that may be new."""
    if agreement.ended_at is not None:
        return [agreement.ended_at]
    bounds = [agreement.paused_at, *(one.added_at for one in agreement.add_ons)]
    bounds += [pause.end for pause in agreement.pauses]
    return [at for at in bounds if at is not None and at >= agreement.billed_period.start]


def _set_timers(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> None:
    due = _due(agreement)
    standing = {timer.kind: timer for timer in tx.timers.of_customer(customer.id) if timer.subject_id == agreement.id}
    for kind in KINDS:
        wanted, found = due.get(kind), standing.get(kind)
        if wanted is None and found is not None:
            tx.timers.clear(agreement.id, kind)
        elif wanted is not None and (found is None or found.due_at != wanted):
            tx.timers.set(kind, agreement.id, wanted, customer)
    if agreement.status != "trialing" and "trial_reminder" in standing:
        tx.timers.clear(agreement.id, "trial_reminder")
    if not agreement.is_live and "accrue" in standing and tx.ledger.find_accrued(agreement.id) is None:
        tx.timers.clear(agreement.id, "accrue")  # else it takes back what no invoice will have


def _due(agreement: Agreement) -> dict[TimerKind, datetime]:
    """Return when what happens to an agreement; nothing does once it has ended."""
    if not agreement.is_live:
        return {}
    due: dict[TimerKind, datetime] = {}
    if agreement.pending_change is not None:
        due["change"] = agreement.pending_change.at
    if agreement.cancel_at is not None:
        due["cancel"] = agreement.cancel_at
    if agreement.status == "active":
        due["renew"] = agreement.billed_until
    if agreement.status == "trialing" and agreement.trial_ends_at is not None:
        due["trial_end"] = agreement.trial_ends_at
    return due
