"""Rate service intervals again whose usage has changed since they were billed, and write nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    Lines,
    RatedInterval,
    as_adjustment,
    place_of,
    rate_again,
    rated_amount,
    with_its_discounts,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.load_in_force import policies_of, used_under

logger = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An invoice that is to come for usage which came late.

    Attributes:
        at: when it is issued.
        period: in which the service intervals lie.
    """

    agreement: Agreement
    at: datetime
    lines: Lines
    period: Period


def adjustments_to_come(tx: UnitOfWork, customer: Customer) -> Iterator[Adjustment]:
    """Yield what a customer will be billed for usage that came late; nothing where less was used than was billed.

    Nobody is billed whose account has been deleted.
    """
    for timer in tx.timers.of_customer(customer.id):
        if timer.kind != "adjust" or (agreement := tx.agreements.find(timer.subject_id)) is None:
            continue
        more = [one for one in rate_dirty(tx, agreement) if rated_amount(one.line).minor > 0]
        if more and has_owner(tx, customer):
            yield Adjustment(agreement, timer.due_at, adjustment_lines(tx, more), span_of(more))


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


def adjustment_lines(tx: UnitOfWork, more: Sequence[Adjusted]) -> Lines:
    """Return the lines of an adjustment: each difference, and what discounts take off it."""
    lines: Lines = ()
    for one in more:
        places = tx.rated_intervals.billed_by(one.before)
        corrected = tx.invoices.get(places[0].invoice_id) if places else None
        line = as_adjustment(one.line, corrected, places[0].line if places else None)
        lines += with_its_discounts(line, one.before, one.version)
    return lines


def span_of(adjusted: Sequence[Adjusted]) -> Period:
    """Return the period in which all of the intervals lie."""
    periods = [one.after.period for one in adjusted]
    return Period(min(period.start for period in periods), max(period.end for period in periods))
