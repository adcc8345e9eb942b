"""Credit an invoice: issue a credit note for it, and pay back what is to be refunded."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import CreditDestination, CreditNote, Refund, Wanted
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_credit_note import issue_credit_note
from billing_sdk.server.usecases.pay_back import pay_back
from billing_sdk.server.usecases.take_outside_refund import learn_of_refunds


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit note, and what has become of its refund, if it has one."""

    note: CreditNote
    refund: Refund | None = None


def credit_invoice(
    engine: Engine,
    *,
    invoice_id: str,
    wanted: Wanted = None,
    reason: str,
    destination: CreditDestination | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> Credited:
    """Take back some or all of an invoice, now.

    Args:
        engine: the engine.
        invoice_id: what is corrected.
        wanted: an amount for each line by its number, before taxes; or one amount, taxes included; or None for all
            that is left.
        reason: why, in words that the customer may read.
        destination: where all of it goes; by default off what is owed, else back to the card, and to the balance what
            that has paid.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Returns:
        The credit note with its refund: succeeded, failed (then the amount is on the customer's balance), or pending
        where the gateway could not be asked.

    Raises:
        NotFound: there is no such invoice, or it has no such line.
        InvoiceNotIssued, InvoiceVoid, InvoicePaid, InvoiceNotOwed, InvoiceNotPaid: the invoice can't be corrected so.
        CreditNoteTooLarge, RefundTooLarge: there is less left of a line, of the invoice, or of what was paid.
        InvalidAmount, CurrencyMismatch, InvalidRequest: what is wanted can't be read.
        Conflict: a payment of the invoice is under way.
    """
    made_before = _made_before(engine)
    if made_before is not None:
        return made_before
    actor = actor or source
    with recording_denials(engine, actor=actor, action="credit_note.issue", subject=invoice_id):
        with engine.read() as tx:
            customer_id = tx.invoices.get(invoice_id).customer_id
        settle_left_over(engine, customer_id=customer_id)
        learn_of_refunds(engine, invoice_id)
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            issued = issue_credit_note(
                tx,
                engine,
                customer=customer,
                invoice=tx.invoices.get(invoice_id),
                wanted=wanted,
                reason=reason,
                destination=destination,
                source=source,
                actor=actor,
                at=engine.now_for(tx, customer),
            )
    if issued.refund is None:
        return Credited(issued.note)
    return Credited(issued.note, pay_back(engine, issued.refund, source=source, is_own=True))


def _made_before(engine: Engine) -> Credited | None:
    """Return what an earlier attempt at the same call has made, whose process died before it could answer."""
    if engine.call is None or engine.call.effect_id is None:
        return None
    with engine.read() as tx:
        note = tx.credit_notes.get(engine.call.effect_id)
        refund = tx.refunds.find_by_note(note.id)
    if refund is not None and refund.status == "pending":
        refund = pay_back(engine, refund)
    return Credited(note, refund)
