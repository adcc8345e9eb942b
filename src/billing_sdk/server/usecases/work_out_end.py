"""Work out what an agreement comes to that ends: the same for whoever cancels and for whoever only asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, RatedInterval
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.decide_change import Closing, close_agreement
from billing_sdk.server.usecases.put_together import Bill, put_together


@dataclass(frozen=True, slots=True)
class Ending:
    """What an agreement comes to that ends.

    Attributes:
        bill: what its last invoice says.
        forgiven: why nothing of what is owed is charged, where no invoice can say it.
        rated: what is kept of the service intervals whose usage the lines charge.
    """

    bill: Bill
    forgiven: str | None = None
    rated: tuple[RatedInterval, ...] = ()

    @property
    def lines(self) -> Lines:
        """What its last invoice says."""
        return self.bill.lines


def work_out_end(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    *,
    at: datetime,
    is_invoice_now: bool | None,
    is_prorate: bool | None,
) -> Ending:
    """Work out what an agreement comes to that ends at an instant, and write nothing.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        agreement: which one.
        at: when it ends.
        is_invoice_now: charge usage of intervals that are not complete; None leaves it to the policy.
        is_prorate: give back what was paid for days that are not used; None leaves it to the policy.
    """
    closing, forgiven = close_or_forgive(tx, agreement, at=at, is_invoice_now=is_invoice_now, is_prorate=is_prorate)
    bill = put_together(
        tx, customer, closing.owed + closing.credit, agreement=agreement, period=agreement.billed_period, at=at
    )
    return Ending(bill, forgiven, closing.rated)


def close_or_forgive(
    tx: UnitOfWork,
    agreement: Agreement,
    *,
    at: datetime,
    is_invoice_now: bool | None = None,
    is_prorate: bool | None = None,
) -> tuple[Closing, str | None]:
    """Return what is settled of an agreement that ends, and why nothing is where no invoice can say it.

    The arguments are those of `work_out_end`.
    """
    try:
        return close_agreement(tx, agreement, at=at, is_invoice_now=is_invoice_now, is_prorate=is_prorate), None
    except InvalidAmount as too_much:
        # No renewal gets past it either: nobody is to be bound by it for ever.
        return Closing(), too_much.detail
