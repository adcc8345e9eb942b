"""Draft an invoice by hand: make it, put lines on it, take them off, issue it, or throw it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing_sdk.errors import EmptyInvoice, InvalidRequest, InvoiceLocked, NotFound
from billing_sdk.money import zero
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.advance_invoice import collect_now, issue_waiting, issued_before
from billing_sdk.server.usecases.collect_charge import settle_customer
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import new_invoice
from billing_sdk.server.usecases.one_off_charges import OneOff, line_for

MOST_LINES = 500


def create_draft(
    engine: Engine, *, customer_id: str, currency: str, charges: Sequence[OneOff] = (), actor: str
) -> Invoice:
    """Make a draft for a customer, which is billed to nobody before it is finalized.

    Args:
        engine: the engine.
        customer_id: whose invoice it is to be.
        currency: of all its lines.
        charges: what it says so far.
        actor: who makes it, as the audit names them.

    Raises:
        NotFound: there is no such customer, or an agreement is not the customer's.
        InvalidRequest, InvalidAmount: a charge can't be put on an invoice, or is in another currency.
        UnknownTaxCode: there is no such tax code.
    """
    zero(currency)  # refuses what is no currency
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        if not has_owner(tx, customer):
            raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
        at = engine.now_for(tx, customer)
        empty = new_invoice(customer, (), currency=currency, agreement=None, reason="one_off", at=at)
        draft = replace(empty, status="draft")
        lines = tuple(_line(tx, engine, customer, draft, one) for one in charges)
        draft = draft.with_lines(_bounded(lines))
        tx.invoices.add(draft)
        tx.audit.record(actor, "invoice.draft", draft.id, at, after=draft)
        return draft


def add_line(engine: Engine, *, invoice_id: str, charge: OneOff, actor: str) -> Invoice:
    """Put a one-off charge on a draft, or on what gathers for a customer's next invoice.

    Raises:
        NotFound: there is no such invoice, or the agreement is not the customer's.
        InvoiceLocked: it is neither of the two any more.
        InvalidRequest, InvalidAmount: the charge can't be put on an invoice, or is in another currency.
        UnknownTaxCode: there is no such tax code.
    """
    with engine.begin() as tx:
        customer, before = _held(tx, invoice_id)
        line = _line(tx, engine, customer, before, charge)
        return _changed(tx, engine, customer, before, _bounded((*before.lines, line)), "invoice.add_line", actor)


def remove_line(engine: Engine, *, invoice_id: str, number: int, actor: str) -> Invoice:
    """Take a one-off charge off a draft, or off what gathers for a customer's next invoice.

    Args:
        engine: the engine.
        invoice_id: the invoice.
        number: which line; the first one is 1.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such invoice, or it has no such line.
        InvoiceLocked: it is neither of the two any more, or the line is charged for what was agreed or used.
    """
    with engine.begin() as tx:
        customer, before = _held(tx, invoice_id)
        if not 1 <= number <= len(before.lines):
            raise NotFound(f"the invoice {before.name} has no line {number}")
        _require_by_hand(before, before.lines[number - 1])
        lines = before.lines[: number - 1] + before.lines[number:]
        return _changed(tx, engine, customer, before, lines, "invoice.remove_line", actor)


def finalize_invoice(engine: Engine, *, invoice_id: str, source: EventSource = "admin", actor: str) -> Invoice:
    """Issue a draft, or what gathers or waits for a customer, now; and collect it as the billing profile says.

    That the card is declined leaves the invoice owed.

    Raises:
        NotFound: there is no such invoice.
        InvoiceLocked: it has been issued.
        EmptyInvoice: it has no lines.
        TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
        Conflict: the outcome of another charge of the customer can't be learnt at present.
    """
    begun = issued_before(engine)
    if begun is not None:
        return begun
    with engine.read() as tx:
        customer_id = tx.invoices.get(invoice_id).customer_id
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer, invoice = _held(tx, invoice_id)
        if not invoice.lines:
            raise EmptyInvoice(f"the invoice {invoice.name} has no lines")
        issued, charge = issue_waiting(tx, engine, customer, invoice, source=source, actor=actor)
    return collect_now(engine, issued, charge)


def discard_invoice(engine: Engine, *, invoice_id: str, actor: str) -> None:
    """Throw a draft away, or the one-off charges that gather for a customer's next invoice.

    Raises:
        NotFound: there is no such invoice.
        InvoiceLocked: it is neither of the two any more, or says what was agreed or used.
    """
    with engine.begin() as tx:
        customer, invoice = _held(tx, invoice_id)
        invoice.with_lines(())
        for line in invoice.lines:
            _require_by_hand(invoice, line)
        tx.timers.clear(invoice.id, "invoice")
        tx.invoices.discard(invoice)
        tx.audit.record(actor, "invoice.discard", invoice.id, engine.now_for(tx, customer), before=invoice)


def _held(tx: UnitOfWork, invoice_id: str) -> tuple[Customer, Invoice]:
    """Return an invoice as it is now that nobody else changes what its customer is billed."""
    customer = tx.customers.lock(tx.invoices.get(invoice_id).customer_id)
    return customer, tx.invoices.get(invoice_id)


def _line(tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, charge: OneOff) -> InvoiceLine:
    if charge.amount.currency != invoice.currency:
        raise InvalidRequest(f"the invoice is in {invoice.currency}", parameter="currency")
    return line_for(tx, customer, charge, at=engine.now_for(tx, customer))


def _bounded(lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    if len(lines) > MOST_LINES:
        raise InvalidRequest(f"there are at most {MOST_LINES} lines on a draft", parameter="lines")
    return lines


def _require_by_hand(invoice: Invoice, line: InvoiceLine) -> None:
    if line.kind != "one_off":
        raise InvoiceLocked(f"a line of the invoice {invoice.name} is charged for what was agreed or used")


def _changed(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    before: Invoice,
    lines: tuple[InvoiceLine, ...],
    action: str,
    actor: str,
) -> Invoice:
    after = before.with_lines(lines)
    tx.invoices.save_unissued(after)
    at = engine.now_for(tx, customer)
    accrue_waiting(tx, customer, after, at=at)
    tx.audit.record(actor, action, after.id, at, before=before, after=after)
    return after
