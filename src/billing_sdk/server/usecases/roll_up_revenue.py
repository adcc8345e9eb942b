"""Work out the figures of a month, and keep them: a page reads what is kept, and never counts customers.

What is kept follows from agreements, invoices, payments, meters and the books alone. It can be thrown away and worked
out again, so no record of it goes to the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing_sdk.errors import CurrencyMismatch, QueryTooLarge
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import BillingSettings, LicenceFee, PlanVersion
from billing_sdk.server.domain.catalog.component import component_in
from billing_sdk.server.domain.ledger import AccountMonth
from billing_sdk.server.domain.metering import UsageQuery
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.revenue import (
    AgreedFees,
    MeteredMonth,
    RevenueMonth,
    bounds_of,
    month_after,
    month_of,
    monthly_amount,
    movement,
    recurring_by_customer,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.revenue_months import FailedPayments
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.query_usage import query_usage

# How old figures of the present month may be. Whoever looks is told when they were counted.
LASTS = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
# So many months are worked out where none are kept yet: what a page shows.
SHOWN_MONTHS = 12


def roll_up_revenue(engine: Engine, month: str) -> tuple[RevenueMonth, ...]:
    """Work out the figures of a month anew, and keep them; return those of each currency.

    Args:
        engine: the engine.
        month: such as `2026-03`; of one that is under way, what has happened of it.
    """
    at = engine.now()
    whole = bounds_of(month)
    # What happens at this very instant has happened.
    period = Period(whole.start, min(whole.end, max(at, whole.start) + INSTANT))
    with engine.read() as tx:
        recurring = _recurring(tx, month, period)
        counted = tuple(_figures(tx, month, period, recurring))
        meters = [meter.key for meter in tx.meters.all()]
    used = tuple(_used(engine, meters, month, period))
    with engine.begin() as tx:
        for figures in counted:
            tx.revenue_months.save(figures)
        for one in used:
            tx.revenue_months.save_metered(one)
        if period.end == whole.end:
            tx.revenue_months.keep_end(month, recurring.after)
    return counted


class RevenueWatch:
    """Keeps figures up to date while a server runs.

    Args:
        engine: the engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self) -> None:
        """Work out what is missing: months that ended since the last time, and the present one once it is too old."""
        at = self._engine.now()
        with self._engine.read() as tx:
            newest = tx.revenue_months.newest()
        if not self._engine.workspace.is_billing_enabled or (newest and at - newest.counted_at < LASTS):
            return
        month = newest.month if newest else month_after(month_of(at), -SHOWN_MONTHS + 1)
        while month <= month_of(at):
            roll_up_revenue(self._engine, month)
            month = month_after(month)


@dataclass(frozen=True, slots=True)
class _Recurring:
    """What each customer pays a month, by currency: when a month begins, and when it ends."""

    before: Mapping[str, Mapping[str, int]]
    after: Mapping[str, Mapping[str, int]]


def _recurring(tx: UnitOfWork, month: str, period: Period) -> _Recurring:
    agreed = list(_agreed(tx, period))
    # An agreement knows only how many seats it has now: a month begins with what the one before has ended with.
    kept = tx.revenue_months.ended_with(month_after(month, -1))
    before = recurring_by_customer(agreed, at=period.start) if kept is None else kept
    # What ends with the month is gone at its end, and what begins with the next one is not there yet.
    return _Recurring(before, recurring_by_customer(agreed, at=period.end - INSTANT))


def _figures(tx: UnitOfWork, month: str, period: Period, recurring: _Recurring) -> Iterator[RevenueMonth]:
    """Yield the figures of each currency in which anything has ever happened, of the workspace's own at least."""
    before, after = recurring.before, recurring.after
    failed = tx.revenue_months.failed_within(period)
    booked = tx.ledger.sums_by_month(until=(period.end - INSTANT).astimezone(UTC).date())
    currencies = {*before, *after, *failed, *(one.currency for one in booked), *_default_currency(tx)}
    for currency in sorted(currencies):
        moved = movement(before.get(currency, {}), after.get(currency, {}))
        unpaid = failed.get(currency, FailedPayments())
        yield RevenueMonth(
            month=month,
            currency=currency,
            counted_at=period.end,
            recurring_minor=moved.after_minor,
            new_minor=moved.new_minor,
            expansion_minor=moved.expansion_minor,
            contraction_minor=moved.contraction_minor,
            churned_minor=moved.churned_minor,
            customers=moved.customers,
            customers_before=moved.customers_before,
            churned_customers=moved.churned_customers,
            recurring_before_minor=moved.before_minor,
            recognised_minor=_recognised(booked, currency, period.start),
            deferred_minor=-sum(one.amount_minor for one in booked if _is(one, "deferred_revenue", currency)),
            failed_minor=unpaid.failed_minor,
            recovered_minor=unpaid.recovered_minor,
            open_minor=unpaid.open_minor,
        )


def _default_currency(tx: UnitOfWork) -> tuple[str, ...]:
    return ((tx.billing_settings.find() or BillingSettings()).default_currency,)


def _recognised(booked: tuple[AccountMonth, ...], currency: str, start: datetime) -> int:
    month = (start.year, start.month)
    return -sum(one.amount_minor for one in booked if _is(one, "revenue", currency) and one.month == month)


def _is(one: AccountMonth, account: str, currency: str) -> bool:
    return one.account == account and one.currency == currency


def _agreed(tx: UnitOfWork, period: Period) -> Iterator[AgreedFees]:
    agreements = list(tx.revenue_months.agreements_within(period))
    wanted = {one.plan_version_id for one in agreements}
    wanted |= {add_on.plan_version_id for one in agreements for add_on in one.add_ons}
    versions = tx.agreements.versions(wanted)
    prices = _Prices(versions)
    for one in agreements:
        yield AgreedFees(
            customer_id=one.customer_id,
            currency=one.currency,
            monthly_minor=prices.monthly(one),
            started_at=one.started_at,
            ended_at=one.ended_at,
            trial_ends_at=one.trial_ends_at,
            paused_at=one.paused_at,
            suspended_at=one.suspended_at,
            pauses=one.pauses,
        )


class _Prices:
    """What agreements cost a month: the same for all that have agreed to the same, and worked out once."""

    def __init__(self, versions: Mapping[str, PlanVersion]) -> None:
        self._versions = versions
        self._known: dict[tuple[object, ...], int] = {}

    def monthly(self, agreement: Agreement) -> int:
        """Return what an agreement costs a month, in minor units."""
        quantities = tuple(sorted(agreement.quantities.items()))
        add_ons = tuple((one.plan_version_id, one.quantity) for one in agreement.add_ons)
        key = (agreement.plan_version_id, agreement.currency, agreement.cadence, quantities, add_ons)
        if key not in self._known:
            self._known[key] = monthly_amount(tuple(self._fees(agreement)), agreement.cadence)
        return self._known[key]

    def _fees(self, agreement: Agreement) -> Iterator[tuple[LicenceFee, int]]:
        parts = ((agreement.plan_version_id, 1), *((one.plan_version_id, one.quantity) for one in agreement.add_ons))
        for version_id, times in parts:
            for fee in _fees_of(self._versions[version_id], agreement.currency):
                yield fee, times * (agreement.quantity_of(fee.key) if fee.is_licensed else 1)


def _fees_of(version: PlanVersion, currency: str) -> tuple[LicenceFee, ...]:
    found = []
    for component in version.components:
        if isinstance(component, LicenceFee):
            with suppress(CurrencyMismatch):  # it costs nothing in this one
                fee = component_in(component, currency)
                assert isinstance(fee, LicenceFee)  # noqa: S101 - of the kind that it was
                found.append(fee)
    return tuple(found)


def _used(engine: Engine, meter_keys: list[str], month: str, period: Period) -> Iterator[MeteredMonth]:
    for key in meter_keys:
        with suppress(QueryTooLarge):  # one that can only be answered event by event
            rows = query_usage(engine, meter_key=key, query=UsageQuery(period))
            if rows:
                yield MeteredMonth(month, key, rows[0].value, period.end)
