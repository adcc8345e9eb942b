"""End a trial: the first period begins and is billed, or the agreement ends for want of a card."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_group
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.renew_agreement import ACTOR, SOURCE, bill, due
from billing_sdk.server.usecases.require_collectable import is_collectable
from billing_sdk.server.usecases.save_agreement import save_agreement


def end_trial(engine: Engine, timer: Timer) -> None:
    """Bill the first period of an agreement whose trial is over; run by its timer.

    Without a card the agreement is cancelled where it would cost something, and nothing was owed. A card that is
    declined leaves the invoice open, as with a renewal.

    Raises:
        Obsolete: the agreement is not there any more, or has ended.
        Conflict: the outcome of another charge for the same plan group can't be learnt at present.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor can't be asked what it can collect
            by; the trial goes on until it can.
    """
    agreement = due(engine, timer)
    settle_group(engine, agreement.customer_id, agreement.group_id)
    versions = {agreement.plan_version_id, *(one.plan_version_id for one in agreement.add_ons)}
    can_pay = is_collectable(engine, customer_id=agreement.customer_id, version_ids=versions)
    with engine.begin() as tx:
        customer = tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.get(agreement.id)
        if agreement.status != "trialing" or agreement.charged_from > timer.due_at:
            save_agreement(tx, customer, agreement)  # with the timers that it should have
            return
        charge = _end_trial(tx, engine, customer, agreement, can_pay=can_pay)
    if charge is not None:
        collect_issued(engine, charge)


def _end_trial(
    tx: UnitOfWork, engine: Engine, customer: Customer, agreement: Agreement, *, can_pay: bool
) -> PendingCharge | None:
    invoice = next_invoice(tx, customer, agreement)
    profile = tx.billing_profiles.of(customer, agreement.billing_cadence_id)
    has_means = profile.sends_invoices or payer_method(tx, customer.id, agreement.billing_cadence_id)
    if not invoice.version.is_free and not (can_pay and has_means):
        at = engine.now_for(tx, customer)
        end_agreement(tx, customer, agreement, source=SOURCE, actor=ACTOR, at=at)
        return None
    return bill(tx, engine, customer, agreement, invoice)
