"""Close usage: what an invoice says that has waited for usage which is reported late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import ClosedUsage, Invoice, Lines, RatedInterval, close_intervals
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.late_usage import adjust_later
from billing_sdk.server.usecases.load_in_force import policies_of, used_under


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
    rated = tx.rated_intervals.of_invoice(invoice.id)
    lines: Lines = ()
    seen = {one.agreement_id for one in rated}
    for agreement_id in dict.fromkeys([*(line.agreement_id for line in invoice.lines), *sorted(seen)]):
        its = tuple(line for line in invoice.lines if line.agreement_id == agreement_id)
        theirs = [one for one in rated if one.agreement_id == agreement_id]
        if not theirs:
            lines += its
            continue
        closed = _closed(tx, its, theirs)
        lines += closed.lines
        tx.rated_intervals.save([replace(one, is_closed=True) for one in closed.rated])
        for one in closed.rated:
            if one.is_dirty:
                adjust_later(tx, customer, one.agreement_id, at)
    return replace(invoice, lines=lines)


def _closed(tx: UnitOfWork, lines: Lines, rated: Sequence[RatedInterval]) -> ClosedUsage:
    agreement = tx.agreements.get(rated[0].agreement_id)
    its = [agreement.plan_version_id, *(add_on.plan_version_id for add_on in agreement.add_ons)]
    billed = {line.plan_version_id for line in lines if line.plan_version_id is not None}
    billed |= {one.plan_version_id for one in rated}
    # As on the invoice: the plan before its add-ons, and what is not in force any more at last.
    version_ids = dict.fromkeys([*(found for found in its if found in billed), *sorted(billed)])
    versions = {
        version_id: tx.catalog.get_version(version_id).in_currency(agreement.currency) for version_id in version_ids
    }
    return close_intervals(lines, rated, used_under(tx, agreement), versions, policies_of(tx))
