"""Dunning: what follows when an invoice is not paid, in the transaction in which that is learnt.

A first failure begins it: retries on a schedule (timer `dunning`), and a grace (timer `grace`) after which access
closes. When neither is left it comes to the end that the billing profile names (timer `give_up`). A payment ends it at
any time and opens access again. Each step is written down, announced and audited in the transaction of its cause; the
customer is locked by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.collection import BillingProfile, Dunning, DunningOutcome
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.timers import TimerKind
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.recurring_credit import grant_recurring

# What may still be to come for an invoice that is not paid.
CHASING: tuple[TimerKind, ...] = ("dunning", "grace", "give_up", "overdue")


def profile_of(tx: UnitOfWork, customer: Customer, invoice: Invoice) -> BillingProfile:
    """Return the billing profile that an invoice follows."""
    if invoice.profile_id is not None:
        return tx.billing_profiles.get(invoice.profile_id)
    return tx.billing_profiles.of(customer)


def note_failure(
    tx: UnitOfWork,
    customer: Customer,
    invoice: Invoice,
    *,
    is_scheduled: bool,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    """Go on with dunning, or begin with it, since an owed invoice was not collected.

    Args:
        tx: the transaction.
        customer: who owes it.
        invoice: what is owed.
        is_scheduled: it was an attempt of the schedule, and not one that somebody has made of its own accord.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    before = tx.dunnings.find(invoice.id)
    if before is None:
        policy = profile_of(tx, customer, invoice).dunning
        if invoice.collection_method == "send_invoice":
            policy = replace(policy, retry_after=())  # there is nothing to try again
        _begin(tx, customer, invoice, Dunning(invoice.id, customer.id, policy, at, 1, at), source, actor)
    elif before.is_under_way and is_scheduled:
        dunning = before.failed(at)
        tx.dunnings.save(dunning)
        tx.audit.record(actor, "dunning.fail", invoice.id, at, before=before, after=dunning)
        _go_on(tx, customer, invoice, dunning, at)


def close_access(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Let the grace for an owed invoice be over: the agreements that it is about grant nothing until it is paid."""
    before = tx.dunnings.find(invoice.id)
    if before is None or not before.is_under_way or before.closed_at is not None:
        return
    dunning = before.closed(at)
    tx.dunnings.save(dunning)
    tx.audit.record(actor, "dunning.close_access", invoice.id, at, before=before, after=dunning)
    for agreement in live_agreements(tx, invoice):
        if agreement.suspended_at is None:
            _save(tx, customer, agreement, replace(agreement, suspended_at=at), source, actor, at)
    _go_on(tx, customer, invoice, dunning, at)


def stop_dunning(
    tx: UnitOfWork,
    customer: Customer,
    invoice: Invoice,
    outcome: DunningOutcome,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    """Let nothing more follow for an invoice that was paid, or is owed no more, and open what it has closed.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        invoice: as it is by now, and as it is stored.
        outcome: what has become of it.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    tx.timers.clear(invoice.id, *CHASING)
    before = tx.dunnings.find(invoice.id)
    if before is not None and before.is_under_way:
        end_dunning(tx, customer, invoice, before, outcome, source=source, actor=actor, at=at)
    if before is not None and before.closed_at is not None:
        closed = [one for one in tx.dunnings.closed_of(customer.id) if one != invoice.id]
        for agreement in live_agreements(tx, invoice):
            if agreement.suspended_at is not None and not _keep_closed(tx, agreement, closed):
                opened = replace(agreement, suspended_at=None)
                _save(tx, customer, agreement, opened, source, actor, at)
                grant_recurring(tx, customer, opened, at=at)


def mark_agreements(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Say of each agreement that an invoice is about whether something of it is to be paid by now."""
    for agreement_id in invoice.agreement_ids:
        before = tx.agreements.get(agreement_id)
        others = (one for one in tx.invoices.owed_for(agreement_id) if one.id != invoice.id)
        is_unpaid = invoice.is_due or any(one.is_due for one in others)
        if before.is_unpaid != is_unpaid:
            _save(tx, customer, before, replace(before, is_unpaid=is_unpaid), source, actor, at)


def _begin(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, dunning: Dunning, source: EventSource, actor: str
) -> None:
    at = dunning.started_at
    tx.dunnings.add(dunning)
    tx.audit.record(actor, "dunning.start", invoice.id, at, after=dunning)
    tx.timers.set("grace", invoice.id, dunning.grace_ends_at, customer)
    _announce(tx, "customer.dunning_started", customer, invoice, dunning, source, at)
    _go_on(tx, customer, invoice, dunning, at)


def _go_on(tx: UnitOfWork, customer: Customer, invoice: Invoice, dunning: Dunning, at: datetime) -> None:
    if dunning.is_in_vain:
        tx.timers.set("give_up", invoice.id, at, customer)
    elif dunning.retry_at is not None:
        tx.timers.set("dunning", invoice.id, dunning.retry_at, customer)


def end_dunning(
    tx: UnitOfWork,
    customer: Customer,
    invoice: Invoice,
    before: Dunning,
    outcome: DunningOutcome,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    """Write down and announce how dunning for an invoice has ended; what that means otherwise is the caller's."""
    dunning = before.ended(outcome, at)
    tx.dunnings.save(dunning)
    tx.audit.record(actor, "dunning.end", invoice.id, at, before=before, after=dunning)
    _announce(tx, "customer.dunning_ended", customer, invoice, dunning, source, at)


def _keep_closed(tx: UnitOfWork, agreement: Agreement, invoice_ids: Iterable[str]) -> bool:
    """Tell whether another invoice that has closed an agreement is still not paid."""
    others = (tx.invoices.get(invoice_id) for invoice_id in invoice_ids)
    return any(agreement.id in one.agreement_ids and (one.is_owed or one.status == "uncollectible") for one in others)


def live_agreements(tx: UnitOfWork, invoice: Invoice) -> tuple[Agreement, ...]:
    """Return the agreements that an invoice is about and that have not ended."""
    found = (tx.agreements.get(agreement_id) for agreement_id in invoice.agreement_ids)
    return tuple(agreement for agreement in found if agreement.is_live)


def _save(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement,
    after: Agreement,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    tx.agreements.save(after)
    tx.audit.record(actor, "agreement.update", after.id, at, before=before, after=after)
    announce_update(tx, before, after, customer=customer, source=source, at=at)


def _announce(
    tx: UnitOfWork,
    type_: str,
    customer: Customer,
    invoice: Invoice,
    dunning: Dunning,
    source: EventSource,
    at: datetime,
) -> None:
    data = {**event_data.of_invoice(invoice), **event_data.of_dunning(dunning)}
    tx.outbox.announce(type=type_, data=data, customer=customer, source=source, at=at)
