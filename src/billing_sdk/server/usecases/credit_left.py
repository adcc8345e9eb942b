"""What credit is left for an invoice, or for what is to come: usage that has waited for longer comes first."""

from __future__ import annotations

from billing_sdk.server.domain.credits import CreditGrant, Payable, burn_down, spent_by
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, payables_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.rate_waiting import as_of_now


def credit_left(tx: UnitOfWork, customer: Customer, waiting: Invoice | None = None) -> tuple[CreditGrant, ...]:
    """Return the grants of a customer, with what is left of each for an invoice.

    Args:
        tx: the transaction.
        customer: whose.
        waiting: the invoice, where it is stored and not issued; what is new comes after all that waits.
    """
    grants = tx.grants.unused_of(customer.id)
    if not grants:
        return ()
    before = usage_waiting(tx, customer, waiting)
    return spent_by(grants, burn_down(grants, before)) if before else grants


def usage_waiting(tx: UnitOfWork, customer: Customer, until: Invoice | None = None) -> tuple[Payable, ...]:
    """Return the usage on invoices that wait, with what was reported since, the oldest first.

    Args:
        tx: the transaction.
        customer: whose.
        until: an invoice that waits; what is on it, and on those after it, is left out.
    """
    found: list[Payable] = []
    for invoice in tx.invoices.unissued_of(customer.id):
        if until is not None and invoice.id >= until.id:
            break
        found += [payable for _, payable in payables_of(as_of_now(tx, invoice).lines) if payable.amount]
    return tuple(found)
