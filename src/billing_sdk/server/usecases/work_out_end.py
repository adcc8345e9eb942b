"""Work out what an agreement comes to that ends: the same for whoever cancels and for whoever only asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from billing_sdk.errors import InvalidAmount, PriceChanged
from billing_sdk.money import total
from billing_sdk.server.domain.agreements import Agreement, Timing
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, RatedInterval, given_back
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.decide_change import Closing, close_agreement
from billing_sdk.server.usecases.plan_ahead import instant_of
from billing_sdk.server.usecases.put_together import Bill, put_together

# For so long an end can be made on the terms of a page: what passes of the period meanwhile is worth little.
LASTS: Final = timedelta(minutes=10)


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


def terms_of_end(ending: Ending, agreement: Agreement, *, ends_at: datetime, at: datetime) -> str:
    """Name what somebody is shown that an end comes to, so that a page from before a change can't end it otherwise.

    Args:
        ending: what it comes to.
        agreement: which one ends.
        ends_at: when.
        at: the instant for which that was worked out, on the customer's time line.
    """
    back = given_back(ending.lines, agreement.currency)
    owed = total([line.amount for line in ending.lines], agreement.currency) if ends_at <= at else None
    return " ".join((at.isoformat(), "now" if ends_at <= at else ends_at.isoformat(), str(back), str(owed)))


def check_terms_of_end(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    terms: str,
    *,
    timing: Timing,
    at: datetime,
    is_invoice_now: bool | None,
    is_prorate: bool | None,
) -> None:
    """Work out what was shown once more, for the instant that it was shown for.

    Args:
        tx: the transaction of the end, which holds the agreement.
        customer: whose agreement it is.
        agreement: which one.
        terms: what was shown (`terms_of_end`).
        timing: when it is to end.
        at: the customer's present.
        is_invoice_now: as it was shown.
        is_prorate: as it was shown.

    Raises:
        PriceChanged: it comes to something else now, or was shown too long ago.
    """
    shown_at = _instant_in(terms)
    if shown_at is not None and at - LASTS < shown_at <= at and agreement.billed_period.start <= shown_at:
        ends_at = instant_of(timing, agreement, at=shown_at)
        ending = work_out_end(tx, customer, agreement, at=ends_at, is_invoice_now=is_invoice_now, is_prorate=is_prorate)
        if terms == terms_of_end(ending, agreement, ends_at=ends_at, at=shown_at):
            return
    raise PriceChanged("the end of the agreement comes to something else now")


def _instant_in(terms: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(terms.partition(" ")[0])
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant.astimezone(UTC)
