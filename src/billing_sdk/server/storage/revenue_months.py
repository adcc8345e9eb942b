"""Figures by month, and what they are worked out from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.revenue import MeteredMonth, RevenueMonth, bounds_of, month_after
from billing_sdk.server.storage.agreed import agreement_from_row
from billing_sdk.server.storage.tables.billing import agreements, customers, invoices, payments
from billing_sdk.server.storage.tables.revenue import metered_months, recurring_of_customers, revenue_months
from billing_sdk.server.storage.upsert import upsert

OWED = ("issued", "overdue")


@dataclass(frozen=True, slots=True)
class FailedPayments:
    """What payments failed to pay of invoices, in minor units of a currency.

    Attributes:
        failed_minor: of invoices that a payment failed to pay, each counted once.
        recovered_minor: of them, what was paid since.
        open_minor: what is still owed.
    """

    failed_minor: int = 0
    recovered_minor: int = 0
    open_minor: int = 0


class RevenueMonthRepository:
    """Keeps figures by month, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_since(self, month: str) -> tuple[RevenueMonth, ...]:
        """Return the months from one on, the earliest first."""
        query = select(revenue_months).where(revenue_months.c.month >= month)
        rows = self._connection.execute(query.order_by(revenue_months.c.month, revenue_months.c.currency)).mappings()
        return tuple(RevenueMonth(**row) for row in rows)

    def newest(self) -> RevenueMonth | None:
        """Return a month of those that were counted last."""
        query = select(revenue_months).order_by(revenue_months.c.month.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else RevenueMonth(**row)

    def save(self, month: RevenueMonth) -> None:
        """Store a month, in place of what was counted of it before."""
        values = asdict(month)
        self._connection.execute(upsert(self._connection, revenue_months, values, values))

    def ended_with(self, month: str) -> Mapping[str, Mapping[str, int]] | None:
        """Return what each customer paid a month when a month ended, by currency; None where that was not kept."""
        counted = select(func.min(revenue_months.c.counted_at)).where(revenue_months.c.month == month)
        at = self._connection.execute(counted).scalar()
        if at is None or at < bounds_of(month).end:
            return None
        found: dict[str, dict[str, int]] = {}
        rows = select(recurring_of_customers).where(recurring_of_customers.c.month == month)
        for row in self._connection.execute(rows):
            found.setdefault(row.currency, {})[row.customer_id] = row.amount_minor
        return found

    def keep_end(self, month: str, recurring: Mapping[str, Mapping[str, int]]) -> None:
        """Keep what each customer paid a month when a month ended; that of the month before stays, older ones go."""
        kept = recurring_of_customers.c.month
        self._connection.execute(
            delete(recurring_of_customers).where(or_(kept == month, kept < month_after(month, -1)))
        )
        rows = [
            {"month": month, "customer_id": customer_id, "currency": currency, "amount_minor": minor}
            for currency, by_customer in recurring.items()
            for customer_id, minor in by_customer.items()
        ]
        if rows:
            self._connection.execute(insert(recurring_of_customers), rows)

    def metered_since(self, month: str) -> tuple[MeteredMonth, ...]:
        """Return what meters showed from a month on, the earliest first."""
        query = select(metered_months).where(metered_months.c.month >= month)
        rows = self._connection.execute(query.order_by(metered_months.c.month, metered_months.c.meter_key)).mappings()
        return tuple(MeteredMonth(**row) for row in rows)

    def save_metered(self, month: MeteredMonth) -> None:
        """Store what a meter showed in a month."""
        values = {one.name: getattr(month, one.name) for one in fields(month)}
        self._connection.execute(upsert(self._connection, metered_months, values, values))

    def agreements_within(self, period: Period) -> Iterator[Agreement]:
        """Yield the agreements that there were at any time of a period, but for those that live by a test clock."""
        query = (
            select(agreements)
            .join(customers, customers.c.id == agreements.c.customer_id)
            .where(
                agreements.c.started_at <= period.end,
                or_(agreements.c.ended_at.is_(None), agreements.c.ended_at > period.start),
                customers.c.clock_id.is_(None),
            )
        )
        for row in self._connection.execute(query).mappings():
            yield agreement_from_row(row)

    def failed_within(self, period: Period) -> dict[str, FailedPayments]:
        """Return what payments of a period failed to pay, and what became of it, by currency."""
        tried = (
            select(payments.c.invoice_id, func.max(payments.c.amount_minor).label("amount"))
            .join(customers, customers.c.id == payments.c.customer_id)
            .where(
                payments.c.status == "failed",
                payments.c.attempted_at >= period.start,
                payments.c.attempted_at < period.end,
                customers.c.clock_id.is_(None),
            )
            .group_by(payments.c.invoice_id)
            .subquery()
        )
        query = (
            select(invoices.c.currency, invoices.c.status, func.sum(tried.c.amount).label("amount"))
            .join(invoices, invoices.c.id == tried.c.invoice_id)
            .group_by(invoices.c.currency, invoices.c.status)
        )
        found: dict[str, dict[str, int]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.currency, {})[row.status] = int(row.amount)
        return {currency: _failed(by_status) for currency, by_status in found.items()}


def _failed(by_status: dict[str, Any]) -> FailedPayments:
    return FailedPayments(
        failed_minor=sum(by_status.values()),
        recovered_minor=by_status.get("paid", 0),
        open_minor=sum(by_status.get(status, 0) for status in OWED),
    )
