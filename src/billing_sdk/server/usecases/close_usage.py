"""Close usage: what an invoice says that has waited for usage which is reported late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.late_usage import adjust_later
from billing_sdk.server.usecases.rate_waiting import rate_waiting


def close_usage(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, at: datetime) -> Invoice:
    """Return an invoice that has waited with the usage of now, in the transaction in which its wait is over.

    What is reported from then on is late, and billed by an adjustment. The caller stores the invoice.

    Args:
        tx: the transaction.
        customer: whose invoice it is; locked by the caller.
        invoice: its charges and discounts, without what comes last on every invoice.
        at: the customer's present.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    closed = rate_waiting(tx, invoice)
    tx.rated_intervals.save([replace(one, is_closed=True) for one in closed.rated])
    for one in closed.rated:
        if one.is_dirty:
            adjust_later(tx, customer, one.agreement_id, at)
    return replace(invoice, lines=closed.lines)
