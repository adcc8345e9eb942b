"""Adjust: bill what usage that came late, or was corrected, has changed of service intervals that were billed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    Lines,
    RatedInterval,
    as_adjustment,
    place_of,
    rate_again,
    with_its_discounts,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import bill_customer
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.credit_usage import credit_usage
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import policies_of, used_under
from billing_sdk.server.usecases.mark_unpaid import mark_unpaid
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.put_together import put_together

logger = logging.getLogger(__name__)

# As with renewals: nobody asked for it at that moment.
SOURCE: EventSource = "admin"
ACTOR = "timer"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A service interval that was rated again.

    Attributes:
        version: the prices that it was billed by.
        before: as it was billed.
        after: as it is billed now.
        line: the difference; below zero where less was used than was billed.
    """

    version: PlanVersion
    before: RatedInterval
    after: RatedInterval
    line: InvoiceLine


def adjust_usage(engine: Engine, timer: Timer) -> None:
    """Rate the service intervals of an agreement again whose usage has changed since they were billed.

    What they come to beyond what was billed is an invoice of its own, which names the lines that it corrects; what
    was billed too much is given back by a credit note for the invoice that has billed it. It makes no difference
    whether the agreement goes on; but nobody is billed whose account has been deleted.

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
        adjusted = rate_dirty(tx, agreement)
        more = [one for one in adjusted if one.line.amount.minor > 0]
        bill = put_together(
            tx,
            customer,
            _lines_of(tx, more),
            agreement=agreement,
            period=_span_of(more) if more else agreement.period_at(at),
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
            # What could not be given back, because it was before, stays billed: it is not asked for again.
            back = given.get(one.before.id)
            after = one.after if back is None else replace(one.after, billed=one.before.billed - back)
            invoice_id = billed.invoice.id if billed.invoice and one in more else one.before.invoice_id
            tx.rated_intervals.save([replace(after, invoice_id=invoice_id)])
            tx.audit.record(ACTOR, "usage.adjust", after.id, at, before=one.before, after=after)
        if billed.is_unpaid:
            mark_unpaid(tx, customer, agreement, source=SOURCE, actor=ACTOR, at=at)
    if billed.charge is not None:
        collect_issued(engine, billed.charge)


def rate_dirty(tx: UnitOfWork, agreement: Agreement) -> tuple[Adjusted, ...]:
    """Rate the intervals of an agreement again whose usage has changed, and write nothing.

    One that comes to more than any invoice can say stays billed as it was.
    """
    used, policies = used_under(tx, agreement), policies_of(tx)
    found = []
    for one in tx.rated_intervals.unsettled(agreement.id):
        if not (one.is_dirty and one.is_closed):
            continue
        version = tx.catalog.get_version(one.plan_version_id).in_currency(agreement.currency)
        try:
            line, after = rate_again(one, version, used, policies)
        except InvalidAmount as too_much:
            logger.warning("what was used in %s is not billed: %s", one.id, too_much.detail)
            continue
        found.append(Adjusted(version, one, after, line))
    return tuple(sorted(found, key=_in_order))


def _in_order(one: Adjusted) -> tuple[datetime, str, int]:
    return one.after.period.start, one.version.plan_key, place_of(one.version, one.after.component_id)


def _lines_of(tx: UnitOfWork, more: Sequence[Adjusted]) -> Lines:
    lines: Lines = ()
    for one in more:
        places = tx.rated_intervals.billed_by(one.before)
        corrected = tx.invoices.get(places[0].invoice_id) if places else None
        line = as_adjustment(one.line, corrected, places[0].line if places else None)
        lines += with_its_discounts(line, one.before, one.version)
    return lines


def _span_of(adjusted: Sequence[Adjusted]) -> Period:
    periods = [one.after.period for one in adjusted]
    return Period(min(period.start for period in periods), max(period.end for period in periods))
