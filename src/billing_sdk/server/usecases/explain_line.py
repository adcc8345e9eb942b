"""Explain an invoice line: put what it refers to beside what was kept of how it was computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.credits import CreditAdjustment
from billing_sdk.server.domain.invoicing import (
    METERED,
    Behind,
    Explanation,
    Invoice,
    InvoiceLine,
    explanation_of,
    line_of,
    period_of,
)
from billing_sdk.server.domain.metering import Aggregation, RollUp, Valued, counted, roll_up
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.query_usage import everything_of

UTC = "UTC"  # there is no agreement that names a zone
ADDS_UP: frozenset[Aggregation] = frozenset({"sum", "count"})


def explain_line(tx: UnitOfWork, invoice_id: str, number: int) -> Explanation:
    """Return everything that the amount of a line was made of; see `explanation_of`.

    Args:
        tx: the transaction.
        invoice_id: the invoice.
        number: the line's; the first one is 1.

    Raises:
        NotFound: there is no such invoice, or no such line.
    """
    invoice = tx.invoices.get(invoice_id)
    line = line_of(invoice, number)
    agreement_id = line.agreement_id or invoice.agreement_id
    behind = Behind() if agreement_id is None else Behind(tx.agreements.get(agreement_id).zone)
    behind = replace(behind, notes=tx.credit_notes.of_invoice(invoice.id), adjustments=_adjustments(tx, invoice, line))
    if line.plan_version_id is not None:
        version = tx.catalog.get_version(line.plan_version_id).in_currency(invoice.currency)
        (plan,) = tx.catalog.list_plans([version.plan_key])
        behind = replace(behind, version=version, plan_name=plan.name)
    counted, usage = _usage_behind(tx, invoice, line, behind.zone)
    return explanation_of(invoice, number, replace(behind, counted=counted, usage=usage))


def _adjustments(tx: UnitOfWork, invoice: Invoice, line: InvoiceLine) -> tuple[CreditAdjustment, ...]:
    """Return what adjustments had taken of the grant that a line pays with, each with what it took of that one."""
    if line.kind != "credit_grant":
        return ()
    taken = [one for one in tx.grants.movements_of_grant(line.component_id) if one.kind == "adjusted"]
    before = [one for one in taken if one.at <= (invoice.issued_at or one.at)]
    named = tx.credit_history.adjustments([one.adjustment_id for one in before if one.adjustment_id is not None])
    return tuple(replace(named[one.adjustment_id or ""], amount=one.amount) for one in before)


def _usage_behind(
    tx: UnitOfWork, invoice: Invoice, line: InvoiceLine, zone: str
) -> tuple[Period, RollUp] | tuple[None, None]:
    """Return the readings that a quantity was made of, added up, and when they count.

    What was counted in the interval later, or was used at the very instant at which an agreement has ended, is told
    apart by the quantity itself: the first way to look at the readings that comes to it is the one that it was
    counted in. Where none does, that of the line's own period is shown as it is.
    """
    feature_key = line.derivation.get("feature")
    if line.kind in METERED and "charge" in line.derivation:
        return _usage_of_charge(tx, invoice, line)
    if line.kind not in METERED or feature_key is None or line.agreement_id is None:
        return None, None
    first: tuple[Period, RollUp] | None = None
    for period, recorded_by in _ways_to_count(invoice, line):
        found = _rolled_up(tx, line.agreement_id, feature_key, period, recorded_by, zone)
        if found is None:
            continue
        if found.total == line.quantity:
            return period, found
        first = first or (period, found)
    return first or (None, None)


def _usage_of_charge(tx: UnitOfWork, invoice: Invoice, line: InvoiceLine) -> tuple[Period, RollUp] | tuple[None, None]:
    """Return the readings of a charge that is under no agreement: all of the customer's, by when it was billed."""
    meter = tx.usage.meter_of(line.derivation["feature"])
    if meter is None or line.quantity is None:
        return None, None
    counted_at = datetime.fromisoformat(line.derivation["counted_at"])
    subjects = everything_of(tx, invoice.customer_id)
    events = tuple(tx.usage_log.events(line.period, types=(meter.event_type,), subjects=subjects))
    # What was recorded at that very instant came before the bill, or after it.
    before = [one for one in events if one.event.recorded_at < counted_at]
    with_it = [one for one in events if one.event.recorded_at <= counted_at]
    value = None if meter.aggregation in ADDS_UP else Valued(line.quantity, ())
    found = [roll_up(counted(meter, one), meter.aggregation, zone=UTC, value=value) for one in (with_it, before)]
    return line.period, next((one for one in found if one.total == line.quantity), found[0])


def _rolled_up(
    tx: UnitOfWork, agreement_id: str, feature_key: str, period: Period, recorded_by: datetime | None, zone: str
) -> RollUp | None:
    """Return what the events of a period add up to, of those that were recorded by an instant or of all.

    What some of the events come to is known where the meter adds up; else there is only one way to count.
    """
    meter = tx.usage.meter_of(feature_key)
    if meter is None or (recorded_by is not None and meter.aggregation not in ADDS_UP):
        return None
    value = None if meter.aggregation in ADDS_UP else tx.usage.used(agreement_id, feature_key, period)
    events = tx.usage.events(agreement_id, feature_key, period)
    found = counted(meter, (one for one in events if recorded_by is None or one.event.recorded_at <= recorded_by))
    return roll_up(found, meter.aggregation, zone=zone, value=value)


def _ways_to_count(invoice: Invoice, line: InvoiceLine) -> Iterator[tuple[Period, datetime | None]]:
    periods = [line.period]
    if "interval" in line.derivation:
        interval = period_of(line.derivation["interval"])
        periods.append(Period(line.period.start, interval.end))
    for recorded_by in (invoice.issued_at, None):
        for period in periods:
            yield period, recorded_by
