"""Re-issue an invoice: make it void, and issue another one in its place whose lines are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, PendingCharge, lines_again
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.bill_customer import collect_by_profile
from billing_sdk.server.usecases.buy_credit import await_payment, credit_paid, sold_again
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_left_over
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.dunning import mark_agreements
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.make_void import void


@dataclass(frozen=True, slots=True)
class _Reissued:
    invoice: Invoice
    charge: PendingCharge | None


def reissue_invoice(
    engine: Engine,
    *,
    invoice_id: str,
    corrected: Mapping[int, Money],
    source: EventSource = "api",
    actor: str | None = None,
) -> Invoice:
    """Issue an invoice in the place of one that nobody has paid, which becomes void.

    What credit and the customer's balance have paid of the one is there again, and pays for the other. It is
    collected from the card, if there is one.

    Args:
        engine: the engine.
        invoice_id: the invoice that was wrong; issued, overdue or given up for lost.
        corrected: for each line that was wrong what it comes to, discounts taken off, by its number.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Returns:
        The invoice that has taken its place.

    Raises:
        NotFound: there is no such invoice, or it has no such line.
        InvoiceNotIssued, InvoicePaid, InvoiceVoid: it can't be made void.
        InvalidAmount, CurrencyMismatch: a line can't come to that, or no line is left.
        Conflict: a payment of it is under way, or some of it was credited.
    """
    made_before = engine.call.effect_id if engine.call is not None else None
    if made_before is not None:
        with engine.read() as tx:
            return tx.invoices.get(made_before)
    actor = actor or source
    with recording_denials(engine, actor=actor, action="invoice.reissue", subject=invoice_id):
        with engine.read() as tx:
            customer_id = tx.invoices.get(invoice_id).customer_id
        settle_left_over(engine, customer_id=customer_id)
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            before = tx.invoices.get(invoice_id)
            reissued = _reissue(tx, engine, customer, before, corrected, source, actor)
    if reissued.charge is not None:
        engine.checkpoint(reissued.invoice.id)
        collect_issued(engine, reissued.charge)
    with engine.read() as tx:
        return tx.invoices.get(reissued.invoice.id)


def _reissue(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    before: Invoice,
    corrected: Mapping[int, Money],
    source: EventSource,
    actor: str,
) -> _Reissued:
    at = engine.now_for(tx, customer)
    voided = void(tx, customer, before, source=source, actor=actor, at=at)
    if tx.credit_notes.of_invoice(before.id):
        raise Conflict(
            f"some of {before.name} was credited", remedy="Credit the rest of it, or make it void and bill anew."
        )
    agreement = None if before.agreement_id is None else tx.agreements.get(before.agreement_id)
    again, sold = sold_again(tx, lines_again(voided, corrected), at=at)
    lines = complete_lines(
        tx,
        customer,
        again,
        currency=voided.currency,
        agreement=agreement,
        period=_period_of(voided),
        at=at,
        billing_cadence_id=voided.billing_cadence_id,
    )
    wanted = new_invoice(customer, lines, currency=voided.currency, agreement=agreement, reason="reissue", at=at)
    wanted = replace(wanted, replaces_id=voided.id, billing_cadence_id=voided.billing_cadence_id)
    await_payment(tx, sold, wanted, actor=actor, at=at)
    invoice = issue_invoice(tx, customer, wanted, source=source, actor=actor, at=at)
    tx.rated_intervals.moved(voided.id, invoice.id)
    if not invoice.is_owed:
        if invoice.is_issued:
            credit_paid(tx, customer, invoice, source=source, actor=actor, at=at)
        return _Reissued(invoice, None)
    charge = collect_by_profile(tx, engine, customer, invoice, agreement, source=source, actor=actor)
    if charge is None and invoice.is_to_be_charged:
        mark_agreements(tx, customer, invoice, source=source, actor=actor, at=at)
    return _Reissued(invoice, charge)


def _period_of(invoice: Invoice) -> Period:
    return Period(min(line.period.start for line in invoice.lines), max(line.period.end for line in invoice.lines))
