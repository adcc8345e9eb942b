"""Give back what was billed for usage that there was not, by credit notes for the invoices that have billed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    BilledLine,
    CreditDestination,
    Invoice,
    RatedInterval,
    billed_line,
    credited_lines,
    taken_back,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_credit_note import issue_credit_note

REASON = "Usage was corrected"


def credit_usage(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    less: Iterable[tuple[RatedInterval, Money]],
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    """Issue a credit note for each invoice that has billed too much; what was paid goes to the customer's balance.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose invoices they are; locked by the caller.
        less: for each interval how much too much was billed, before discounts.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.

    Raises:
        Conflict: a payment of one of the invoices is under way.
    """
    wanted: defaultdict[str, dict[int, Money]] = defaultdict(dict)
    for one, gross in less:
        for line, back in taken_back(_lines_of(tx, one), gross):
            wanted[line.invoice_id][line.number] = back
    for invoice_id, lines in sorted(wanted.items()):
        invoice = tx.invoices.get(invoice_id)
        for amount, destination in _parts(tx, invoice, lines):
            issue_credit_note(
                tx,
                engine,
                customer=customer,
                invoice=tx.invoices.get(invoice_id),
                wanted=lines if amount is None else amount,
                reason=REASON,
                destination=destination,
                source=source,
                actor=actor,
                at=at,
            )


def _lines_of(tx: UnitOfWork, one: RatedInterval) -> Iterator[BilledLine]:
    for place in tx.rated_intervals.billed_by(one):
        invoice = tx.invoices.get(place.invoice_id)
        left = tx.credit_notes.left_of(invoice).lines.get(place.line)
        # What was given up for lost was not paid, and is not given back.
        if left is not None and invoice.status != "uncollectible":
            yield billed_line(invoice, place.line, left.amount)


def _parts(
    tx: UnitOfWork, invoice: Invoice, lines: dict[int, Money]
) -> Iterator[tuple[Money | None, CreditDestination]]:
    """Say where it goes; what an owed invoice was paid with from the balance goes back there."""
    if not invoice.is_owed:
        yield None, "balance"
        return
    notes = tx.credit_notes.of_invoice(invoice.id)
    asked = credited_lines(invoice, notes, lines)
    amount = total([line.amount + line.tax for line in asked], invoice.currency)
    if amount.minor <= invoice.amount_due.minor:
        yield None, "invoice"
        return
    if invoice.amount_due:
        yield invoice.amount_due, "invoice"
    yield amount - invoice.amount_due, "balance"
