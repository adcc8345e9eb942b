"""Rate an invoice again that waits for usage, and write nothing: to foresee it, and when its wait is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.invoicing import ClosedUsage, Invoice, Lines, RatedInterval, close_intervals
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.load_in_force import policies_of, used_under
from billing_sdk.server.usecases.rate_intervals import WAITING

logger = logging.getLogger(__name__)


def rate_waiting(tx: UnitOfWork, invoice: Invoice) -> ClosedUsage:
    """Return the lines of an invoice that waits, and what it bills of service intervals, with the usage of now.

    Args:
        tx: the transaction; nothing is written in it.
        invoice: its charges and discounts, without what comes last on every invoice.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    rated = tx.rated_intervals.of_invoice(invoice.id)
    lines: Lines = ()
    kept: tuple[RatedInterval, ...] = ()
    seen = {one.agreement_id for one in rated}
    for agreement_id in dict.fromkeys([*(line.agreement_id for line in invoice.lines), *sorted(seen)]):
        its = tuple(line for line in invoice.lines if line.agreement_id == agreement_id)
        theirs = [one for one in rated if one.agreement_id == agreement_id]
        closed = _closed(tx, its, theirs) if theirs else ClosedUsage(its, ())
        lines, kept = lines + closed.lines, kept + closed.rated
    return ClosedUsage(lines, kept)


def as_of_now(tx: UnitOfWork, invoice: Invoice) -> Invoice:
    """Return an invoice that is not issued as it would be issued now; it stays as it is where that can't be said."""
    if invoice.status not in WAITING:
        return invoice
    try:
        return replace(invoice, lines=rate_waiting(tx, invoice).lines)
    except InvalidAmount as too_much:
        logger.warning("what is used on %s can't be foreseen: %s", invoice.name, too_much.detail)
        return invoice


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
