"""Add a one-off charge: to what is billed to a customer next, or as an invoice of its own at once."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.advance_invoice import collect_now, issue_waiting, issued_before
from billing_sdk.server.usecases.collect_charge import settle_customer
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import new_invoice
from billing_sdk.server.usecases.one_off_charges import OneOff, line_for


def add_charge(
    engine: Engine,
    *,
    customer_id: str,
    charge: OneOff,
    bill_now: bool = False,
    source: EventSource = "admin",
    actor: str | None = None,
) -> Invoice:
    """Charge a customer once, beside what was agreed, and return the invoice that says it.

    Without `bill_now` that is the invoice which gathers what is billed to the customer next, with a renewal or the end
    of an agreement in the same currency, or whenever it is finalized. With it, the invoice is issued at once and
    collected as the customer's billing profile says; that the card is declined leaves it owed.

    Args:
        engine: the engine.
        customer_id: who pays.
        charge: what for, and how much.
        bill_now: make an invoice of its own of it.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer, or the customer has no such agreement.
        InvalidRequest, InvalidAmount: the description or the amount can't be put on an invoice.
        UnknownTaxCode: there is no such tax code.
        TaxLocationMissing: it is to be billed now, tax is insisted on, and nobody knows where the customer is.
        Conflict: the outcome of another charge of the customer can't be learnt at present.
    """
    actor = actor or source
    begun = issued_before(engine)
    if begun is not None:
        return begun
    if bill_now:
        settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        if not bill_now:
            return gather_charge(tx, engine, customer, charge, actor=actor)
        invoice = _with_charge(tx, engine, customer, charge, bill_now=True, actor=actor)
        issued, pending = issue_waiting(tx, engine, customer, invoice, source=source, actor=actor)
    return collect_now(engine, issued, pending)


def gather_charge(tx: UnitOfWork, engine: Engine, customer: Customer, charge: OneOff, *, actor: str) -> Invoice:
    """Put a charge on what is billed next to a customer, whom the caller has locked; return that invoice.

    Raises:
        NotFound, InvalidRequest, InvalidAmount, UnknownTaxCode: as `add_charge`.
    """
    return _with_charge(tx, engine, customer, charge, bill_now=False, actor=actor)


def _with_charge(
    tx: UnitOfWork, engine: Engine, customer: Customer, charge: OneOff, *, bill_now: bool, actor: str
) -> Invoice:
    if not has_owner(tx, customer):
        raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
    at = engine.now_for(tx, customer)
    line = line_for(tx, customer, charge, at=at)
    currency = line.amount.currency
    before = None if bill_now else tx.invoices.find_gathering(customer.id, currency)
    if before is not None:
        after = before.with_lines((*before.lines, line))
        tx.invoices.save_unissued(after)
    else:
        empty = new_invoice(customer, (), currency=currency, agreement=None, reason="one_off", at=at)
        after = replace(empty, status="draft" if bill_now else "gathering").with_lines((line,))
        tx.invoices.add(after)
    if not bill_now:
        accrue_waiting(tx, customer, after, at=at)
    tx.audit.record(actor, "invoice.add_line", after.id, at, before=before, after=after)
    return after
