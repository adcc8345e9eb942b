"""The books as comma-separated values (RFC 4180), in the main unit of each currency."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from billing_sdk.money import Money, exponent
from billing_sdk.server.domain.ledger import RevenueTable


def month_name(month: tuple[int, int]) -> str:
    """Return a month such as `2025-01`."""
    return f"{month[0]:04d}-{month[1]:02d}"


def figure(amount_minor: int, currency: str) -> str:
    """Return an amount as plain digits of the main unit, such as `-40.00`."""
    return f"{Money(amount_minor, currency).major:.{exponent(currency)}f}"


def revenue_csv(tables: Sequence[RevenueTable]) -> str:
    """Return tables of revenue as one: a row for each currency and account, a column for each month, and the total."""
    months = sorted({month for table in tables for month in table.months})
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(("currency", "account", *map(month_name, months), "total"))
    for table in tables:
        for row in table.rows:
            changes = dict(zip(table.months, row.changes_minor, strict=True))
            figures = [figure(changes.get(month, 0), table.currency) for month in months]
            rows.writerow((table.currency, row.account, *figures, figure(row.total_minor, table.currency)))
    return text.getvalue()
