"""Bill usage before its time, because it has come to the amount from which the billing profile says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing_sdk.money import total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    InForce,
    Lines,
    PendingCharge,
    RatedUsage,
    lines_of,
    rate_usage,
    rated_amount,
    with_discounts,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import bill_customer
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_group
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.mark_unpaid import mark_unpaid
from billing_sdk.server.usecases.put_together import put_together
from billing_sdk.server.usecases.rate_intervals import known_intervals
from billing_sdk.server.usecases.renew_agreement import due

SOURCE: EventSource = "admin"
ACTOR = "timer"


def bill_threshold(engine: Engine, timer: Timer) -> None:
    """Bill what was used of the service intervals under way, if it comes to the threshold; run by its timer.

    What a price comes to as a whole, volume and flat, is not billed before its interval is over, and nor is the least
    that a period costs. Coupons in per cent count; amounts are taken off on the invoice of the billing date.

    Raises:
        Obsolete: the agreement is not there any more, or has ended.
        Conflict: the outcome of another charge for the same plan group can't be learnt at present.
    """
    agreement = due(engine, timer)
    settle_group(engine, agreement.customer_id, agreement.group_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        charge = _bill(tx, engine, customer, tx.agreements.get(agreement.id))
    if charge is not None:
        collect_issued(engine, charge)


def _bill(tx: UnitOfWork, engine: Engine, customer: Customer, agreement: Agreement) -> PendingCharge | None:
    at = engine.now_for(tx, customer)
    threshold = tx.billing_profiles.of(customer, agreement.billing_cadence_id).threshold(agreement.currency)
    # A renewal that is due bills it all, and what was given on credit is billed from its first period on.
    if agreement.status != "active" or agreement.billed_until <= at or is_on_credit(tx, agreement):
        return None
    in_force = load_in_force(tx, agreement)
    known = known_intervals(tx, in_force)
    intervals = in_force.intervals_under_way(at)
    rated = rate_usage(intervals, used_under(tx, agreement), in_force.policies, known.billed)
    lines = _discounted(rated, in_force)
    if threshold is None or total([line.amount for line in lines], agreement.currency) < threshold or not lines:
        return None
    billed = bill_customer(
        tx,
        engine,
        customer=customer,
        agreement=agreement,
        bill=put_together(
            tx,
            customer,
            lines,
            agreement=agreement,
            period=Period(agreement.billed_period.start, at),
            at=at,
            is_alone=True,
        ),
        reason="threshold",
        source=SOURCE,
        actor=ACTOR,
        at=at,
        rated=[
            replace(one, is_closed=False)
            for one in known.keep([one for one in rated if rated_amount(one.line)], in_force)
        ],
    )
    tx.audit.record(ACTOR, "usage.bill", agreement.id, at, after={"threshold": str(threshold)})
    if billed.is_unpaid:
        mark_unpaid(tx, customer, agreement, source=SOURCE, actor=ACTOR, at=at)
    return billed.charge


def _discounted(rated: Sequence[RatedUsage], in_force: InForce) -> Lines:
    percentages = tuple(one for one in in_force.agreement.discounts if one.percent_off is not None)
    return with_discounts(lines_of(rated), percentages, in_force.plans)
