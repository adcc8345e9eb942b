"""Conclude a change: the agreement, the invoice, the events and the audit, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, Payment, RatedInterval
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.accrue import accrue_fees_later
from billing_sdk.server.usecases.agreement_news import announce_agreement, announce_update
from billing_sdk.server.usecases.expire_credit import end_with_agreement
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.rate_intervals import as_used_now, store_rated
from billing_sdk.server.usecases.recurring_credit import grant_recurring
from billing_sdk.server.usecases.save_agreement import add_agreement, save_agreement


def conclude_change(
    tx: UnitOfWork,
    *,
    customer: Customer,
    agreement: Agreement,
    lines: tuple[InvoiceLine, ...],
    payment: Payment | None,
    source: EventSource,
    actor: str,
    at: datetime,
    charge_id: str | None = None,
    rated: Collection[RatedInterval] = (),
) -> Agreement:
    """Let an agreement take the place of the live one of its group, and invoice what was paid for it.

    Where the agreement is the live one already - its plan was assigned before it was paid, it goes on after a pause,
    or with more seats - it is altered in its place. The customer is locked by the caller.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        agreement: what was agreed to.
        lines: what the invoice says; without lines there is none.
        payment: what was collected, if anything had to be.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the present.
        charge_id: the charge that collected it, which has used the credit balance before.
        rated: what is kept of the service intervals whose usage the lines charge.
    """
    before = tx.agreements.find_live(customer.id, agreement.group_id)
    put_in_place(tx, customer, before, agreement, source=source, actor=actor, at=at)
    invoice = None
    if lines:
        currency = lines[0].amount.currency
        wanted = new_invoice(customer, lines, currency=currency, agreement=agreement, reason="change", at=at)
        invoice = issue_invoice(
            tx, customer, wanted, source=source, actor=actor, at=at, payment=payment, charge_id=charge_id
        )
    store_rated(tx, customer, rated if charge_id is None else as_used_now(tx, rated), invoice=invoice, at=at)
    if payment is not None:
        record_payment(tx, customer, payment, invoice, source=source, actor=actor)
    return agreement


def put_in_place(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement | None,
    agreement: Agreement,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
    grants_partial: bool = True,
) -> None:
    """Let an agreement take the place of another one, or of none, or alter it in its place; nothing is invoiced.

    Args:
        tx: the transaction.
        customer: whose agreement it is; locked by the caller.
        before: the live one that it is about; None where there is none.
        agreement: as it is from then on.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the present.
        grants_partial: whether credit is granted for service intervals that have begun before.
    """
    make = _replace if before is None or before.id != agreement.id else _alter
    make(tx, customer, before, agreement, source, actor, at, grants_partial)


def record_payment(
    tx: UnitOfWork,
    customer: Customer,
    payment: Payment,
    invoice: Invoice | None,
    *,
    source: EventSource,
    actor: str,
) -> None:
    """Audit and announce an attempt to collect an amount; its row is there already.

    What was taken before its invoice was announced then: only its use is on record.
    """
    if invoice is not None and payment.payment_intent_id is not None:
        tx.audit.record(actor, "payment.use", payment.id, invoice.issued_at or payment.attempted_at, after=payment)
        return
    tx.audit.record(actor, f"payment.{payment.status}", payment.id, payment.attempted_at, after=payment)
    tx.outbox.announce(
        type=f"customer.payment_{payment.status}",
        data=event_data.of_payment(payment, invoice),
        customer=customer,
        source=source,
        at=payment.attempted_at,
    )


def _replace(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement | None,
    agreement: Agreement,
    source: EventSource,
    actor: str,
    at: datetime,
    grants_partial: bool,
) -> None:
    if before is not None:
        save_agreement(tx, customer, before.ended_by("replace", agreement.started_at))
        end_with_agreement(tx, customer, before, at=agreement.started_at)
    add_agreement(tx, customer, agreement)
    grant_recurring(tx, customer, agreement, at=at, grants_partial=grants_partial)
    tx.audit.record(actor, "agreement.create", agreement.id, at, before=before, after=agreement)
    plans = {plan.key: plan for plan in tx.catalog.list_plans([agreement.plan_key, before.plan_key if before else ""])}
    version = tx.catalog.get_version(agreement.plan_version_id)
    _set_reminder(tx, customer, agreement, version)
    accrue_fees_later(tx, customer, agreement, version)
    previous: Plan | None = plans[before.plan_key] if before else None
    data = {
        **event_data.of_agreement(agreement, plans[agreement.plan_key], version),
        "previous_plan": event_data.of_plan(previous) if previous else None,
    }
    # Kinde documentation, "Respond to customer activity using webhooks": a sign-up and a change both create an
    # agreement; the first plan is assigned, each later one is a change.
    types = ("customer.agreement_created", "customer.plan_changed" if previous else "customer.plan_assigned")
    tx.outbox.announce_each(types, data=data, customer=customer, source=source, at=at)


def _alter(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement | None,
    agreement: Agreement,
    source: EventSource,
    actor: str,
    at: datetime,
    grants_partial: bool,
) -> None:
    if before is None or before == agreement:
        return
    save_agreement(tx, customer, agreement)
    grant_recurring(tx, customer, agreement, at=at, grants_partial=grants_partial)
    was_resumed = before.status == "paused" and agreement.grants
    action = "agreement.resume" if was_resumed else "agreement.update"
    tx.audit.record(actor, action, agreement.id, at, before=before, after=agreement)
    if was_resumed:
        announce_agreement(
            tx, "customer.agreement_resumed", customer=customer, agreement=agreement, source=source, at=at
        )
    else:
        announce_update(tx, before, agreement, customer=customer, source=source, at=at)


def _set_reminder(tx: UnitOfWork, customer: Customer, agreement: Agreement, version: PlanVersion) -> None:
    """Have a trial's end announced in time; one that is too short for that is announced by its beginning."""
    if agreement.status != "trialing" or agreement.trial_ends_at is None or version.trial is None:
        return
    reminder = agreement.trial_ends_at - timedelta(days=version.trial.remind_days_before)
    if agreement.started_at < reminder < agreement.trial_ends_at:
        tx.timers.set("trial_reminder", agreement.id, reminder, customer)
