"""Read the books: revenue by month, the trial balance, and a customer's statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.ledger import (
    RevenueTable,
    StatementLine,
    TrialBalance,
    revenue_tables,
    statement_of,
    trial_balances,
)
from billing_sdk.server.domain.ledger.report import MOST_MONTHS, Month, later, months_between
from billing_sdk.server.storage import UnitOfWork

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Statement:
    """A customer's statement, with the numbers of the invoices that it names."""

    lines: tuple[StatementLine, ...]
    invoice_numbers: dict[str, str]


def revenue(
    tx: UnitOfWork,
    *,
    first_month: str | None = None,
    last_month: str | None = None,
    currency: str | None = None,
    customer_id: str | None = None,
) -> tuple[RevenueTable, ...]:
    """Return how each account has changed month by month, a table for each currency.

    Args:
        tx: reads the books.
        first_month: such as `2025-01`; the first that anything counts to, if it is not given.
        last_month: the last month, likewise; revenue that is not earned yet counts to months that lie ahead, and where
            neither month is given the table ends after twenty years.
        currency: only this one.
        customer_id: only what is about this customer.

    Raises:
        InvalidRequest: a month is none, or they are in the wrong order or more than twenty years apart.
        NotFound: there is no such customer.
    """
    first, last = _month(first_month, "first_month"), _month(last_month, "last_month")
    if first and last and last < first:
        raise InvalidRequest("last_month is before first_month", parameter="last_month")
    if customer_id is not None:
        tx.customers.get(customer_id)
    found = tx.ledger.sums_by_month(customer_id=customer_id)
    known = [one.month for one in found]
    if known:
        if first is None and last is None:
            first = min(known)
            last = min(max(known), later(first, MOST_MONTHS - 1))
        if months_between(first or min(known), last or max(known)) >= MOST_MONTHS:
            raise InvalidRequest(f"a table has at most {MOST_MONTHS} months", parameter="first_month")
    tables = revenue_tables(found, first=first, last=last)
    return tuple(table for table in tables if currency in (None, table.currency))


def trial_balance(tx: UnitOfWork, *, until: date | None = None) -> tuple[TrialBalance, ...]:
    """Return what stands on each account at the end of a day, or after all that is booked, a balance per currency."""
    return trial_balances(tx.ledger.sums_by_month(until=until))


def statement(tx: UnitOfWork, customer_id: str) -> Statement:
    """Return what a customer has been charged and has paid.

    Raises:
        NotFound: there is no such customer.
    """
    customer = tx.customers.get(customer_id)
    lines = statement_of(tx.ledger.of_customer(customer.id))
    return Statement(lines, tx.invoices.numbers_of(customer.id))


def _month(text: str | None, name: str) -> Month | None:
    if text is None:
        return None
    found = MONTH.fullmatch(text)
    if found is None:
        raise InvalidRequest(f"{name} is not a month such as 2025-01", parameter=name)
    return int(found[1]), int(found[2])
