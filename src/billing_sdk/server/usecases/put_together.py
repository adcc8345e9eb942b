"""Put an invoice together: what is charged, what waits for the customer's next invoice, and what comes last.

It writes nothing, so a preview is put together like the invoice itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, Lines
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.complete_lines import complete_lines


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice is to say.

    Attributes:
        charges: what is charged and given back now, discounts taken off.
        lines: all lines, those of `pending` first, and what comes last.
        period: which period is billed.
        at: the billing date.
        pending: what has gathered for the customer's next invoice, and goes on this one.
    """

    currency: str
    charges: Lines
    lines: Lines
    period: Period
    at: datetime
    pending: Invoice | None = None

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return total([line.amount for line in self.lines], self.currency)


def put_together(
    tx: UnitOfWork,
    customer: Customer,
    charges: Lines,
    *,
    agreement: Agreement,
    period: Period,
    at: datetime,
    balance: Money | None = None,
    is_alone: bool = False,
) -> Bill:
    """Return what an invoice for an agreement is to say.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        charges: what is charged and given back, discounts taken off.
        agreement: what the invoice is about.
        period: which period is billed.
        at: when it is issued, on the customer's time line.
        balance: what the customer will have to its credit then; what it has now if it is not given.
        is_alone: what has gathered for the customer's next invoice waits for another one.
    """
    pending = None if is_alone else _gathering_for(tx, customer, agreement)
    lines = complete_lines(
        tx,
        customer,
        charges if pending is None else pending.lines + charges,
        currency=agreement.currency,
        agreement=agreement,
        period=period,
        at=at,
        balance=balance,
        waiting=pending,
    )
    return Bill(agreement.currency, charges, lines, period, at, pending)


def _gathering_for(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> Invoice | None:
    """Return what has gathered that goes on the next invoice of an agreement.

    For a cadence that is what is due by it, and else charges that wait for the customer's next invoice, whichever comes
    first; what other agreements are billed is an invoice of theirs.
    """
    found = tx.invoices.find_gathering(customer.id, agreement.currency, agreement.billing_cadence_id)
    if found is not None or agreement.billing_cadence_id is None:
        return found
    waiting = tx.invoices.find_gathering(customer.id, agreement.currency)
    return None if waiting is None or waiting.agreement_ids else waiting
