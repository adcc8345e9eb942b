"""Issue a credit note: take back some or all of an invoice that was issued, which itself stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_sdk.errors import Conflict, InvalidRequest, RefundDeclined
from billing_sdk.money import Money, total, zero
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    REFUND_LEASE_SECONDS,
    BookedShare,
    CreditDestination,
    CreditEntry,
    CreditNote,
    CreditReason,
    Invoice,
    OverBilled,
    Refund,
    Wanted,
    check_destination,
    check_issued,
    credited_lines,
    usual_destination,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data_corrections as event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.no_longer_owed import no_longer_owed
from billing_sdk.server.usecases.post import post_credit_note
from billing_sdk.server.usecases.spend_credit import reinstate_part
from billing_sdk.server.usecases.take_back_credit import take_back_bought

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class IssuedNote:
    """A credit note that was issued; `refund` is to be asked for after the transaction, where it is refunded."""

    note: CreditNote
    refund: Refund | None = None


def issue_credit_note(
    tx: UnitOfWork,
    engine: Engine,
    *,
    customer: Customer,
    invoice: Invoice,
    wanted: Wanted,
    reason: str,
    destination: CreditDestination | None = None,
    source: EventSource,
    actor: str,
    at: datetime,
) -> IssuedNote:
    """Issue a credit note in the transaction of whatever causes it.

    On an invoice that is owed it lowers what is owed, which settles it where nothing is left; else what was paid is
    refunded, or goes to the customer's balance; what credit had paid goes back to its grants. A refund is written down
    here and carried out after the transaction.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose invoice it is; locked by the caller.
        invoice: what is corrected.
        wanted: how much is taken back; see `credited_lines`.
        reason: why, in words that the customer may read.
        destination: where all of it goes; by default off what is owed or back to where it came from, as
            `usual_destination` says.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.

    Raises:
        InvoiceNotIssued, InvoiceVoid, InvoicePaid, InvoiceNotOwed, InvoiceNotPaid: the invoice can't be corrected so.
        PaymentDisputed: what was paid is with the bank, or lost to it.
        CreditNoteTooLarge, RefundTooLarge: there is less left of a line, of the invoice, or of what was paid.
        RefundDeclined: it was not paid by card, so nothing can be refunded.
        InvalidAmount, CurrencyMismatch, NotFound, InvalidRequest: what is wanted can't be read as an amount of a line.
        CreditGrantUsed: credit that was bought with it has been used, be it for usage that is billed later.
        CreditGrantEnded: credit that is bought with it is not paid yet.
        Conflict: a payment of the invoice is under way.
    """
    check_issued(invoice)
    if not 1 <= len(reason.strip()) <= LONGEST_REASON or not reason.isprintable():
        raise InvalidRequest(f"a reason has 1 to {LONGEST_REASON} characters", parameter="reason")
    if tx.charges.has_for_invoice(invoice.id):
        raise Conflict(f"a payment of {invoice.name} is under way", remedy="Try again in a minute.")
    notes = tx.credit_notes.of_invoice(invoice.id)
    lines = credited_lines(invoice, notes, wanted, tx.credit_notes.given_back(invoice))
    amount = total([line.amount + line.tax for line in lines], invoice.currency)
    beside = zero(invoice.currency)
    disputed = tx.disputes.held(invoice)
    if isinstance(wanted, OverBilled) and not wanted.money:
        destination = "credit"
    elif destination is None:
        destination, beside = usual_destination(
            invoice, notes, amount, is_by_card=_is_by_card(tx, invoice), disputed=disputed
        )
    if not isinstance(wanted, OverBilled):  # that has a place to go to, whatever has paid for it
        check_destination(invoice, notes, destination, amount, beside, disputed=disputed)
    note = CreditNote(
        id=new_id("note"),
        number=tx.credit_notes.next_number(),
        invoice_id=invoice.id,
        customer_id=customer.id,
        currency=invoice.currency,
        destination=destination,
        reason=reason,
        issued_at=at,
        lines=lines,
        beside_minor=beside.minor,
    )
    tx.credit_notes.add(note)
    tx.audit.record(actor, "credit_note.issue", note.id, at, after=note)
    take_back_bought(tx, customer, invoice, lines, actor=actor, at=at)
    reinstate_part(tx, customer, invoice, lines, at=at)
    _book(tx, invoice, note)
    data = event_data.of_credit_note(note, invoice)
    tx.outbox.announce(type="customer.credit_note_issued", data=data, customer=customer, source=source, at=at)
    if kept := note.going_to("balance"):
        keep_on_balance(tx, invoice, kept, reason="credit_note", at=at)
    if note.going_to("invoice"):
        _lower(tx, customer, invoice, note, source, actor)
    if note.going_to("refund"):
        return IssuedNote(note, _write_down(tx, engine, invoice, note, actor))
    return IssuedNote(note)


def _book(tx: UnitOfWork, invoice: Invoice, note: CreditNote) -> None:
    credited = [
        BookedShare(invoice.lines[line.number - 1], line.amount, line.included_tax.minor, line.tax.minor)
        for line in note.lines
    ]
    post_credit_note(tx, invoice, credited, note.parts, note_id=note.id, at=note.issued_at)


def keep_on_balance(tx: UnitOfWork, invoice: Invoice, amount: Money, *, reason: CreditReason, at: datetime) -> None:
    """Put something that is given back of an invoice on the customer's balance."""
    tx.credits.add(
        CreditEntry(
            id=new_id("credit"),
            customer_id=invoice.customer_id,
            amount=amount,
            reason=reason,
            at=at,
            agreement_id=invoice.agreement_id,
            invoice_id=invoice.id,
        )
    )


def _lower(
    tx: UnitOfWork, customer: Customer, before: Invoice, note: CreditNote, source: EventSource, actor: str
) -> None:
    invoice = before.credited_by(note.going_to("invoice"))
    tx.invoices.credit(before, invoice)
    tx.audit.record(actor, "invoice.credit", invoice.id, note.issued_at, before=before, after=invoice)
    if not invoice.is_owed:
        no_longer_owed(tx, customer, invoice, source=source, actor=actor, at=note.issued_at)
    mirror_later(tx, customer, invoice, at=note.issued_at)


def _is_by_card(tx: UnitOfWork, invoice: Invoice) -> bool:
    """Tell whether a card has paid; what was paid by other means can't go back there."""
    return invoice.payment_id is not None and tx.invoices.get_payment(invoice.payment_id).gateway_reference is not None


def _write_down(tx: UnitOfWork, engine: Engine, invoice: Invoice, note: CreditNote, actor: str) -> Refund:
    payment = tx.invoices.get_payment(invoice.payment_id or "")
    if payment.gateway_reference is None:
        raise RefundDeclined(
            f"{invoice.name} was not paid by card",
            remedy="Credit it to the customer's balance, or pay it back by other means.",
            decline_code="not_paid_by_card",
        )
    now = engine.now()
    refund = Refund(
        id=new_id("refund"),
        credit_note_id=note.id,
        invoice_id=invoice.id,
        customer_id=note.customer_id,
        payment_id=payment.id,
        charge_reference=payment.gateway_reference,
        amount=note.going_to("refund"),
        status="pending",
        actor=actor,
        requested_at=note.issued_at,
        lease_ends_at=now + timedelta(seconds=REFUND_LEASE_SECONDS),
    )
    tx.refunds.add(refund)
    tx.audit.record(actor, "refund.start", refund.id, note.issued_at, after=refund)
    return refund
