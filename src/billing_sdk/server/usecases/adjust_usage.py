"""Adjust: bill what usage that came late, or was corrected, has changed of service intervals that were billed."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing import InvoiceLine, RatedInterval, rate_again
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import policies_of, used_under
from billing_sdk.server.usecases.obsolete import Obsolete


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A service interval that was rated again.

    Attributes:
        before: as it was billed.
        after: as it is billed now.
        line: the difference; below zero where less was used than was billed.
    """

    before: RatedInterval
    after: RatedInterval
    line: InvoiceLine


def adjust_usage(engine: Engine, timer: Timer) -> None:
    """Rate the service intervals of an agreement again whose usage has changed since they were billed.

    Raises:
        Obsolete: there is no such agreement.
    """
    with engine.read() as tx:
        agreement = tx.agreements.find(timer.subject_id)
    if agreement is None:
        raise Obsolete("there is no such agreement")
    with engine.begin() as tx:
        tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        work_out_adjustments(tx, tx.agreements.get(agreement.id))


def work_out_adjustments(tx: UnitOfWork, agreement: Agreement) -> tuple[Adjusted, ...]:
    """Rate what is dirty again, and write nothing.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    used, policies = used_under(tx, agreement), policies_of(tx)
    found = []
    for one in tx.rated_intervals.unsettled(agreement.id):
        if one.is_dirty and one.is_closed:
            version = tx.catalog.get_version(one.plan_version_id).in_currency(agreement.currency)
            line, after = rate_again(one, version, used, policies)
            found.append(Adjusted(one, after, line))
    return tuple(found)
