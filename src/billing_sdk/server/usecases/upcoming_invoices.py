"""Preview a customer's upcoming invoices: what waits, and what the billing dates to come will bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import BillingError
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import CreditGrant, burn_down, spent_by
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, Lines, balance_change, payables_of, period_billed
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_invoice import NextCharges, as_planned, billed_next, ends_before_billing
from billing_sdk.server.usecases.pending_usage import billed_at
from billing_sdk.server.usecases.planned_charges import unbilled_charges
from billing_sdk.server.usecases.rate_dirty import Adjustment, adjustments_to_come
from billing_sdk.server.usecases.rate_waiting import as_of_now
from billing_sdk.server.usecases.work_out_end import close_or_forgive

Grants = tuple[CreditGrant, ...]
# What gathers, by its currency and its cadence.
_Gathering = dict[tuple[str, str | None], Invoice]


@dataclass(frozen=True, slots=True)
class Upcoming:
    """An invoice that is to come, if no more is used and nothing changes until then.

    Attributes:
        bills_at: the billing date.
        issues_at: when it is issued: later, where the billing profile waits.
        agreement_ids: what it bills.
        invoice_id: where something has gathered or waits for it already.
        billing_cadence_id: the cadence that it is the invoice of, if of any.
    """

    currency: str
    bills_at: datetime
    issues_at: datetime
    agreement_ids: tuple[str, ...]
    lines: Lines
    invoice_id: str | None = None
    billing_cadence_id: str | None = None

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return total([line.amount for line in self.lines], self.currency)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What is charged on one invoice, before what comes last on it."""

    currency: str
    bills_at: datetime
    issues_at: datetime
    charges: Lines
    period: Period
    agreement: Agreement | None
    agreement_ids: tuple[str, ...]
    invoice_id: str | None = None
    has_waited: bool = False
    billing_cadence_id: str | None = None


def upcoming_invoices(tx: UnitOfWork, engine: Engine, customer: Customer) -> tuple[Upcoming, ...]:
    """Return the next invoice of each live agreement of a customer, what waits, and what came late, the first first.

    What the customer has to its credit pays for the first of them first. Of an agreement that is to end no later than
    it is billed next it is the last one; one that is to give way to another plan by then has none.

    Args:
        tx: the transaction; nothing is written in it.
        engine: the engine.
        customer: whose.
    """
    now = engine.now_for(tx, customer)
    waiting: list[_Planned] = []
    gathering: _Gathering = {}
    for invoice in tx.invoices.unissued_of(customer.id):
        if invoice.status == "gathering":
            gathering[invoice.currency, invoice.billing_cadence_id] = invoice
        elif invoice.status != "draft":
            waiting.append(_waiting(tx, customer, invoice, now))
    adjustments = [_adjusting(one, now) for one in adjustments_to_come(tx, customer)]
    to_come = [*waiting, *_renewals(tx, customer, gathering), *adjustments, *_charges(tx, customer, now)]
    planned = sorted(to_come, key=lambda one: (one.issues_at, one.bills_at))
    return tuple(_completed(tx, customer, planned))


def _completed(tx: UnitOfWork, customer: Customer, planned: Sequence[_Planned]) -> Iterator[Upcoming]:
    balances: dict[str, Money] = {}
    for one, grants in zip(planned, _credit_for(planned, tx.grants.unused_of(customer.id)), strict=True):
        currency = one.currency
        if currency not in balances:
            balances[currency] = tx.credits.balance(customer.id, currency)
        lines = complete_lines(
            tx,
            customer,
            one.charges,
            currency=currency,
            agreement=one.agreement,
            period=one.period,
            at=one.issues_at,
            balance=balances[currency],
            grants=grants,
            billing_cadence_id=one.billing_cadence_id,
        )
        if lines:
            balances[currency] += balance_change(lines, currency)
            yield Upcoming(
                currency, one.bills_at, one.issues_at, one.agreement_ids, lines, one.invoice_id, one.billing_cadence_id
            )


def _credit_for(planned: Sequence[_Planned], grants: Grants) -> list[Grants]:
    """Return what is left of the grants for each: what waits is paid before what is new, whichever is issued first."""
    found: dict[int, Grants] = {}
    for place, one in sorted(enumerate(planned), key=lambda one: _billed(one[1])):
        found[place] = grants
        grants = spent_by(grants, burn_down(grants, [payable for _, payable in payables_of(one.charges)]))
    return [found[place] for place in range(len(planned))]


def _billed(one: _Planned) -> tuple[bool, str, datetime]:
    return not one.has_waited, (one.invoice_id or "") if one.has_waited else "", one.bills_at


def _renewals(tx: UnitOfWork, customer: Customer, gathering: _Gathering) -> Iterator[_Planned]:
    """Return what the next billing dates bring; what has gathered goes on the first invoice of its currency."""
    profile = tx.billing_profiles.of(customer)
    wait = (profile.wait_for_late_usage, profile.wait_before_sending)
    found = sorted(_next_charges(tx, customer), key=lambda one: (one[1].at, one[1].after.id))
    groups: dict[tuple[str, ...], list[tuple[datetime, NextCharges]]] = {}
    for started, one in found:
        cadence_id = one.after.billing_cadence_id
        is_together = cadence_id is not None or (profile.is_consolidating and one.after.cancel_at != one.at)
        together = (one.after.currency, str(one.at), cadence_id or "") if is_together else (one.after.id,)
        groups.setdefault(together, []).append((started, one))
    for group in groups.values():
        charges = [one for _, one in group]
        first = charges[0]
        pending = _taken_along(gathering, first.after)
        lines = tuple(line for one in charges for line in one.lines)
        yield _Planned(
            currency=first.after.currency,
            bills_at=first.at,
            issues_at=wait[1].after(wait[0].after(first.at)),
            charges=lines if pending is None else pending.lines + lines,
            period=Period(min(started for started, _ in group), first.at),
            agreement=first.after if len(group) == 1 else None,
            agreement_ids=tuple(one.after.id for one in charges),
            invoice_id=None if pending is None else pending.id,
            billing_cadence_id=first.after.billing_cadence_id,
        )


def _taken_along(gathering: _Gathering, agreement: Agreement) -> Invoice | None:
    """Take what goes on the next invoice of an agreement, as `put_together` does."""
    cadence_id = agreement.billing_cadence_id
    found = gathering.pop((agreement.currency, cadence_id), None)
    if found is not None or cadence_id is None:
        return found
    waiting = gathering.get((agreement.currency, None))
    return None if waiting is None or waiting.agreement_ids else gathering.pop((agreement.currency, None))


def _next_charges(tx: UnitOfWork, customer: Customer) -> Iterator[tuple[datetime, NextCharges]]:
    """Return what each agreement is charged next, and since when."""
    for agreement in tx.agreements.live_of(customer.id):
        if agreement.status == "paused":
            continue
        if ends_before_billing(agreement):
            if (last := _last_charges(tx, agreement)) is not None:
                yield last
            continue
        try:
            planned = as_planned(tx, agreement)
        except BillingError:
            planned = replace(agreement, pending_change=None)  # what can't be done as things are is not billed either
        charges = billed_next(tx, planned)
        yield charges.at if planned.status == "trialing" else planned.billed_period.start, charges


def _last_charges(tx: UnitOfWork, agreement: Agreement) -> tuple[datetime, NextCharges] | None:
    """Return what an agreement is charged when it ends, as is planned, and since when; None where there is nothing."""
    at = agreement.cancel_at
    if at is None or at > billed_at(agreement):  # it gives way to another plan first
        return None
    closing, _ = close_or_forgive(tx, agreement, at=at)
    lines = closing.owed + closing.credit
    if not lines:
        return None
    version = tx.catalog.get_version(agreement.plan_version_id).in_currency(agreement.currency)
    return agreement.billed_period.start, NextCharges(at, agreement, version, lines, closing.rated)


def _waiting(tx: UnitOfWork, customer: Customer, invoice: Invoice, now: datetime) -> _Planned:
    profile, period = tx.billing_profiles.of(customer), period_billed(invoice)
    closes_at = invoice.collect_at or now
    issues_at = invoice.send_at or profile.wait_before_sending.after(closes_at)
    return _Planned(
        currency=invoice.currency,
        bills_at=period.end,
        issues_at=max(issues_at, now),
        charges=as_of_now(tx, invoice).lines,
        period=period,
        agreement=None if invoice.agreement_id is None else tx.agreements.get(invoice.agreement_id),
        agreement_ids=invoice.agreement_ids,
        invoice_id=invoice.id,
        has_waited=True,
        billing_cadence_id=invoice.billing_cadence_id,
    )


def _charges(tx: UnitOfWork, customer: Customer, now: datetime) -> Iterator[_Planned]:
    """Return what charges will be billed that were planned, each on an invoice of its own."""
    profile = tx.billing_profiles.of(customer)
    for at, line in unbilled_charges(tx, customer, at=now):
        yield _Planned(
            currency=line.amount.currency,
            bills_at=at,
            issues_at=profile.wait_before_sending.after(at),
            charges=(line,),
            period=Period(at, at),
            agreement=None,
            agreement_ids=(),
        )


def _adjusting(one: Adjustment, now: datetime) -> _Planned:
    at = max(one.at, now)
    return _Planned(
        currency=one.agreement.currency,
        bills_at=at,
        issues_at=at,
        charges=one.lines,
        period=one.period,
        agreement=one.agreement,
        agreement_ids=(one.agreement.id,),
    )
