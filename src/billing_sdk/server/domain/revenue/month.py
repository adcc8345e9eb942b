"""One month of figures, in one currency; and the usage that one meter showed in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.server.domain.periods import Period

FORMAT = "%Y-%m"


@dataclass(frozen=True, slots=True)
class RevenueMonth:
    """The figures of a month; amounts are in minor units.

    Attributes:
        month: such as `2026-03`.
        counted_at: up to when it counts; the end of the month, unless that is under way.
        recurring_minor: monthly recurring revenue at the end.
        new_minor: of it, that of customers who paid nothing at the beginning.
        expansion_minor: by how much it grew of customers who paid less at the beginning.
        contraction_minor: by how much it shrank of customers who still pay something.
        churned_minor: what customers paid at the beginning who pay nothing at the end.
        customers: who pays something at the end.
        customers_before: who paid something at the beginning.
        churned_customers: of them, who pays nothing at the end.
        recurring_before_minor: monthly recurring revenue at the beginning.
        recognised_minor: what was earned in the month, as the books say.
        deferred_minor: what was billed until the end and is earned later.
        failed_minor: of invoices that a payment in this month failed to pay.
        recovered_minor: what of that was paid since.
        open_minor: what of that is still owed; the rest was given up.
    """

    month: str
    currency: str
    counted_at: datetime
    recurring_minor: int = 0
    new_minor: int = 0
    expansion_minor: int = 0
    contraction_minor: int = 0
    churned_minor: int = 0
    customers: int = 0
    customers_before: int = 0
    churned_customers: int = 0
    recurring_before_minor: int = 0
    recognised_minor: int = 0
    deferred_minor: int = 0
    failed_minor: int = 0
    recovered_minor: int = 0
    open_minor: int = 0

    @property
    def customer_churn(self) -> Decimal | None:
        """The customers of the beginning who are gone, in percent; None where there were none."""
        return _percent(self.churned_customers, self.customers_before)

    @property
    def revenue_churn(self) -> Decimal | None:
        """The recurring revenue of the beginning that is gone or less, in percent: gross revenue churn."""
        return _percent(self.churned_minor + self.contraction_minor, self.recurring_before_minor)


@dataclass(frozen=True, slots=True)
class MeteredMonth:
    """What all customers used of a meter in a month."""

    month: str
    meter_key: str
    quantity: Decimal
    counted_at: datetime


def month_of(at: datetime) -> str:
    """Return the month of an instant."""
    return at.astimezone(UTC).strftime(FORMAT)


def month_after(month: str, by: int = 1) -> str:
    """Return the month that comes so many months later; before, where `by` is below zero."""
    year, number = (int(part) for part in month.split("-"))
    years, number = divmod(year * 12 + number - 1 + by, 12)
    return f"{years:04}-{number + 1:02}"


def bounds_of(month: str) -> Period:
    """Return a month as a period of UTC."""
    start, end = (datetime.strptime(one, FORMAT).replace(tzinfo=UTC) for one in (month, month_after(month)))
    return Period(start, end)


def _percent(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1")) if whole else None
