"""Renew: bill what is due at a billing date, and let the next period begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_fees_later
from billing_sdk.server.usecases.agreement_news import announce_agreement
from billing_sdk.server.usecases.bill_customer import bill_customer
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_group
from billing_sdk.server.usecases.collect_together import collect_together
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_invoice import NextInvoice, next_invoice
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.recurring_credit import grant_recurring
from billing_sdk.server.usecases.redeem_coupon import name_of_plan
from billing_sdk.server.usecases.save_agreement import save_agreement

# Nobody asked for it at that moment: the event names those who run the server, the audit what has run.
SOURCE: EventSource = "admin"
ACTOR = "timer"


def renew_agreement(engine: Engine, timer: Timer) -> None:
    """Bill an agreement at the end of the period that was billed last; run by its timer.

    In one transaction the invoice is written with its charge, the agreement moves on, and so does its timer. The card
    is charged after it. Where the card is declined, or there is none, the invoice stays owed, the agreement is unpaid
    and goes on, and dunning begins; what is owed is asked for at the customer's next sign-in as well. A process that
    dies in between leaves a charge behind, which whoever finds it asks for with the same key.

    Raises:
        Obsolete: the agreement is not there any more, has ended, or was billed by somebody else.
        Conflict: the outcome of another charge for the same plan group can't be learnt at present.
    """
    agreement = due(engine, timer)
    settle_group(engine, agreement.customer_id, agreement.group_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        charge = _renew(tx, engine, customer, timer)
    if charge is not None:
        collect_issued(engine, charge)


def renew_together(engine: Engine, timers: Sequence[Timer]) -> tuple[Timer, ...]:
    """Renew many agreements in one transaction, and return the timers that have to be run one by one.

    Those are of agreements that something is in the way of, such as a charge whose outcome is not known. What comes of
    each of the others is what `renew_agreement` would have made of it.

    Raises:
        BillingError: one of them can't be billed, and so none was.
    """
    ids = [timer.subject_id for timer in timers]
    with engine.begin() as tx:
        tx.read_ahead(ids, planned_ids=[name_of_plan(agreement_id) for agreement_id in ids])
        ready = [timer for timer in timers if _is_ready(tx, timer)]
        charges = []
        for timer in tx.timers.done_together(ready):
            customer = tx.customers.lock(timer.customer_id)
            charge = _renew(tx, engine, customer, timer)
            if charge is not None:
                charges.append(charge)
    collect_together(engine, charges)
    alone = {timer.id for timer in timers}.difference(timer.id for timer in ready)
    return tuple(timer for timer in timers if timer.id in alone)


def _is_ready(tx: UnitOfWork, timer: Timer) -> bool:
    agreement = tx.agreements.find(timer.subject_id)
    return (
        agreement is not None
        and agreement.is_live
        and not tx.charges.is_under_way(agreement.customer_id, agreement.group_id)
    )


def _renew(tx: UnitOfWork, engine: Engine, customer: Customer, timer: Timer) -> PendingCharge | None:
    agreement = tx.agreements.get(timer.subject_id)
    if agreement.status not in ("active", "paused") or agreement.billed_until > timer.due_at:
        save_agreement(tx, customer, agreement)  # with the timers that it should have
        return None
    invoice = next_invoice(tx, customer, agreement)
    return bill(tx, engine, customer, agreement, invoice)


def due(engine: Engine, timer: Timer) -> Agreement:
    """Return the agreement that a timer is about.

    Raises:
        Obsolete: it is not there any more, or has ended.
    """
    with engine.read() as tx:
        agreement = tx.agreements.find(timer.subject_id)
    if agreement is None or not agreement.is_live:
        raise Obsolete("there is no such live agreement")
    return agreement


def bill(
    tx: UnitOfWork, engine: Engine, customer: Customer, before: Agreement, wanted: NextInvoice
) -> PendingCharge | None:
    """Save an agreement that has been billed, with its invoice and its timers, and announce it.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose agreement it is; locked by the caller.
        before: as it was.
        wanted: what is billed, and the agreement as it is then.
    """
    after = wanted.after
    at = engine.now_for(tx, customer)
    billed = bill_customer(
        tx,
        engine,
        customer=customer,
        agreement=after,
        bill=wanted.bill,
        rated=wanted.rated,
        reason="renewal",
        source=SOURCE,
        actor=ACTOR,
        at=at,
    )
    after = replace(after, is_unpaid=after.is_unpaid or billed.is_unpaid)
    save_agreement(tx, customer, after)
    accrue_fees_later(tx, customer, after, wanted.version)
    if (after.plan_version_id, after.status) != (before.plan_version_id, before.status):
        grant_recurring(tx, customer, after, at=after.billed_period.start)
    tx.audit.record(ACTOR, "agreement.renew", after.id, at, before=before, after=after)
    announce_agreement(tx, "customer.agreement_renewed", customer=customer, agreement=after, source=SOURCE, at=at)
    return billed.charge
