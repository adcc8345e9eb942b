"""Bill several agreements of one cadence together, on one invoice for each currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    Invoice,
    InvoiceReason,
    Lines,
    Payment,
    PendingCharge,
    RatedInterval,
    covering,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.bill_customer import collect_by_profile, hold
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.conclude_change import record_payment
from billing_sdk.server.usecases.dunning import mark_agreements
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.rate_intervals import store_rated
from billing_sdk.server.usecases.tax_customer import must_be_located


@dataclass(frozen=True, slots=True)
class Part:
    """What one agreement is billed.

    Attributes:
        agreement: as it is from then on.
        charges: what is charged and given back, discounts taken off, and nothing that comes last on an invoice.
        period: which period is billed.
        rated: what is kept of the service intervals whose usage the charges are for.
    """

    agreement: Agreement
    charges: Lines
    period: Period
    rated: tuple[RatedInterval, ...] = ()


@dataclass(frozen=True, slots=True)
class Together:
    """What has become of the parts: an invoice for each currency, and the charges to be collected afterwards."""

    invoices: tuple[Invoice, ...] = ()
    charges: tuple[PendingCharge, ...] = ()


def lines_of_parts(tx: UnitOfWork, customer: Customer, parts: Sequence[Part], *, at: datetime) -> Lines:
    """Return what an invoice for parts of one currency is to say, for who bills them and for who only asks.

    What comes last - taxes, credit, the customer's balance - comes once, for all of them.
    """
    charges = tuple(line for part in parts for line in part.charges)
    if not charges:
        return ()
    first = parts[0].agreement
    return complete_lines(
        tx,
        customer,
        charges,
        currency=first.currency,
        agreement=_only(parts),
        period=_period(parts),
        at=at,
        billing_cadence_id=first.billing_cadence_id,
    )


def amount_of_parts(tx: UnitOfWork, customer: Customer, parts: Sequence[Part], *, at: datetime) -> Money:
    """Return what parts of one currency come to."""
    lines = lines_of_parts(tx, customer, parts, at=at)
    return total([line.amount for line in lines], parts[0].agreement.currency)


def bill_parts(
    tx: UnitOfWork,
    engine: Engine,
    *,
    customer: Customer,
    billing_cadence_id: str,
    parts: Sequence[Part],
    reason: InvoiceReason,
    source: EventSource,
    actor: str,
    at: datetime,
    payment: Payment | None = None,
) -> Together:
    """Issue one invoice for each currency of some parts, with the charge for it where it is to be charged.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: who owes it; locked by the caller, with no charge of the agreements' groups under way.
        billing_cadence_id: the cadence that the agreements are of.
        parts: their agreements are stored already; without charges there is no invoice.
        reason: what the invoice is for.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
        payment: what has paid it already; then all parts are of one currency.

    Raises:
        Conflict: a charge for a plan group is under way.
    """
    invoices, pending = [], []
    for currency in dict.fromkeys(part.agreement.currency for part in parts):
        mine = [part for part in parts if part.agreement.currency == currency]
        lines = lines_of_parts(tx, customer, mine, at=at)
        if not lines:
            continue
        wanted = new_invoice(
            customer,
            lines,
            currency=currency,
            agreement=_only(mine),
            reason=reason,
            at=at,
            billing_cadence_id=billing_cadence_id,
        )
        located = not must_be_located(tx, customer, lines, billing_cadence_id=billing_cadence_id)
        if located or payment is not None:
            invoice = issue_invoice(tx, customer, wanted, source=source, actor=actor, at=at, payment=payment)
        else:
            invoice = _held(tx, customer, wanted, mine, source=source, actor=actor, at=at)
        if payment is not None:
            record_payment(tx, customer, payment, invoice, source=source, actor=actor)
        charge = collect_by_profile(tx, engine, customer, invoice, _only(mine), source=source, actor=actor)
        if charge is not None:
            pending.append(charge)
        elif invoice.is_to_be_charged:
            mark_agreements(tx, customer, invoice, source=source, actor=actor, at=at)
        for part in mine:
            store_rated(tx, customer, part.rated, invoice=invoice, at=at)
        invoices.append(invoice)
    return Together(tuple(invoices), tuple(pending))


def _held(
    tx: UnitOfWork,
    customer: Customer,
    wanted: Invoice,
    parts: Sequence[Part],
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Invoice:
    """Store what can't be taxed before somebody says where the customer is."""
    charges = tuple(line for part in parts for line in part.charges)
    invoice = replace(wanted, lines=charges, basis=covering(wanted.basis, _period(parts)))
    tx.invoices.add(invoice)
    accrue_waiting(tx, customer, invoice, at=at)
    return hold(tx, customer, invoice, source=source, actor=actor, at=at)


def _only(parts: Sequence[Part]) -> Agreement | None:
    """Return the agreement that all parts are of, where it is one."""
    return parts[0].agreement if len({part.agreement.id for part in parts}) == 1 else None


def _period(parts: Sequence[Part]) -> Period:
    return Period(min(part.period.start for part in parts), max(part.period.end for part in parts))
