"""Adjust: bill what usage that came late, or was corrected, has changed of service intervals that were billed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.catalog import amount_of, is_unit
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, rated_amount
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import bill_customer
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.credit_usage import credit_usage
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.late_usage import ADJUSTED_AFTER
from billing_sdk.server.usecases.mark_unpaid import mark_unpaid
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.put_together import put_together
from billing_sdk.server.usecases.rate_dirty import Adjusted, adjustment_lines, rate_dirty, span_of

# As with renewals: nobody asked for it at that moment.
SOURCE: EventSource = "admin"
ACTOR = "timer"


def adjust_usage(engine: Engine, timer: Timer) -> None:
    """Rate the service intervals of an agreement again whose usage has changed since they were billed.

    What they come to beyond what was billed is an invoice of its own, which names the lines that it corrects; what
    was billed too much is given back by a credit note for the invoice that has billed it. It makes no difference
    whether the agreement goes on; but nobody is billed whose account has been deleted. Where the invoice of an
    interval waits still, its adjustment comes after it.

    Raises:
        Obsolete: there is no such agreement.
        Conflict: the outcome of another charge of the customer can't be learnt at present.
    """
    with engine.read() as tx:
        agreement = tx.agreements.find(timer.subject_id)
    if agreement is None:
        raise Obsolete("there is no such agreement")
    settle_customer(engine, agreement.customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.get(agreement.id)
        if not has_owner(tx, customer):
            return
        at = engine.now_for(tx, customer)
        waiting, adjusted = _by_wait(tx, rate_dirty(tx, agreement), at)
        if waiting:
            tx.timers.set("adjust", agreement.id, max(waiting), customer)
        if not adjusted:
            return
        more = [one for one in adjusted if rated_amount(one.line).minor > 0]
        bill = put_together(
            tx,
            customer,
            adjustment_lines(tx, more),
            agreement=agreement,
            period=span_of(more) if more else agreement.period_at(at),
            at=at,
            is_alone=True,
        )
        billed = bill_customer(
            tx,
            engine,
            customer=customer,
            agreement=agreement,
            bill=bill,
            reason="adjustment",
            source=SOURCE,
            actor=ACTOR,
            at=at,
        )
        less = [(one.before, -one.line.amount) for one in adjusted if one.line.amount.minor < 0]
        given = credit_usage(tx, engine, customer, less, source=SOURCE, actor=ACTOR, at=at)
        for one in adjusted:
            # What could not be given back, because it was before, stays billed: it is not asked for again. So do units:
            # what credit notes give back is money.
            over = -rated_amount(one.line)
            back = (
                amount_of(0, over.currency) if is_unit(over.currency) and over.minor > 0 else given.get(one.before.id)
            )
            after = one.after if back is None else replace(one.after, billed=one.before.billed - back)
            invoice_id = billed.invoice.id if billed.invoice and one in more else one.before.invoice_id
            tx.rated_intervals.save([replace(after, invoice_id=invoice_id)])
            tx.audit.record(ACTOR, "usage.adjust", after.id, at, before=one.before, after=after)
        if billed.is_unpaid:
            mark_unpaid(tx, customer, agreement, source=SOURCE, actor=ACTOR, at=at)
    if billed.charge is not None:
        collect_issued(engine, billed.charge)


def _by_wait(
    tx: UnitOfWork, adjusted: Iterable[Adjusted], at: datetime
) -> tuple[tuple[datetime, ...], tuple[Adjusted, ...]]:
    """Return until when the invoices of intervals wait that can't be adjusted before, and the intervals that can."""
    waiting, ready = [], []
    for one in adjusted:
        invoice = None if one.before.invoice_id is None else tx.invoices.find(one.before.invoice_id)
        if invoice is None or invoice.is_issued:
            ready.append(one)
            continue
        waiting.append(_until(invoice, at))
    return tuple(waiting), tuple(ready)


def _until(invoice: Invoice, at: datetime) -> datetime:
    until = invoice.send_at or invoice.collect_at
    return at + ADJUSTED_AFTER if until is None or until <= at else until
