"""Make way: give up payments that are waited for, because something else is wanted by now.

What the processor says is paid meanwhile is completed, not given up: money that was taken always has its invoice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from billing_sdk.errors import Conflict, GatewayRefused
from billing_sdk.server.domain.invoicing import AwaitReason, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import ON_RECORD, unconfirmed
from billing_sdk.server.usecases.collect_charge import collect_charge, give_up, let_go
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of

# What of a change can be taken back at the processor. Of an issued invoice it is only the attempt that is given up, and
# one that the bank works at might still be paid.
CHANGES: Final[frozenset[AwaitReason]] = frozenset({"authentication", "processing", "finalization", "payment"})
ATTEMPTS: Final[frozenset[AwaitReason]] = frozenset({"authentication"})
Keeps = Callable[[PendingCharge], bool]


def make_way(engine: Engine, *, customer_id: str, keeps: Keeps) -> None:
    """Give up those of a customer's charges that are waited for, though asked for just now, and not wanted any more.

    What a change had held is given back, and its bill is withdrawn at the processor. An issued invoice stays owed: the
    attempt to collect it counts as not confirmed. What can't be given up stays, and stands in the way of others.

    Args:
        engine: the engine.
        customer_id: whose charges.
        keeps: tells which of them may go on.

    Raises:
        GatewayUnreachable, GatewayUnauthorized, GatewayNotConnected, BillingNotEnabled: the processor can't be asked.
    """
    with engine.read() as tx:
        theirs = tx.charges.of_customer(customer_id)
        # A payment intent is for whatever comes: its owner says when it is not wanted any more.
        changes = [charge for charge in theirs if charge.payment_intent_id is None]
        waiting = [charge for charge in changes if charge.awaits and not keeps(charge)]
    for charge in waiting:
        _give_way(engine, charge)


def gives_way(tx: UnitOfWork, charge: PendingCharge, keeps: Keeps) -> bool:
    """Tell whether it is sure that a change that waits is given up for what is wanted, and leaves all as it stands.

    Whether a bank still lets go of a direct debit, nobody knows before. What a change holds of balance or credit is
    there only once it was given up: until then, nothing else can be worked out.
    """
    if charge.awaits is None or charge.awaits.reason not in CHANGES - {"processing"} or keeps(charge):
        return False
    is_change = charge.invoice_id is None and charge.payment_intent_id is None
    return is_change and tx.credits.find_by_charge(charge.id) is None and not tx.grants.held_by(charge.id)


def of_other_groups(group_id: str) -> Keeps:
    """Keep what is about plans of other groups, or none."""
    return lambda charge: charge.agreement is None or charge.agreement.group_id != group_id


def with_method(tx: UnitOfWork, customer_id: str) -> Keeps:
    """Keep what is collected from the payment method that the customer has now."""
    method = tx.customers.find_payment_method(customer_id)
    return lambda charge: method is None or charge.payment_method_id == method.id


def by_method(invoice_id: str, method_id: str) -> Keeps:
    """Keep all but attempts to collect one invoice by another payment method than this one."""
    return lambda charge: charge.invoice_id != invoice_id or charge.payment_method_id == method_id


def for_plan(tx: UnitOfWork, customer_id: str, plan_key: str) -> Keeps:
    """Keep what is not in the way of a plan: the way to that plan itself, unless the customer has another card now."""
    plan, has_method = tx.catalog.find_plan(plan_key), with_method(tx, customer_id)

    def keeps(charge: PendingCharge) -> bool:
        agreement = charge.agreement
        if plan is None or agreement is None or charge.invoice_id is not None or agreement.group_id != plan.group.id:
            return True
        return agreement.plan_key == plan_key and has_method(charge)

    return keeps


def _give_way(engine: Engine, charge: PendingCharge) -> None:
    reason = None if charge.awaits is None else charge.awaits.reason
    if charge.invoice_id is not None:
        if reason in ATTEMPTS:
            with engine.begin() as tx:
                method = tx.customers.get_payment_method(charge.payment_method_id)
                declined = unconfirmed("something else was wanted before it was confirmed")
                give_up(tx, engine, charge, method, declined, stays_owed=True)
        return
    if reason not in CHANGES:
        return
    engine.checkpoint()
    try:
        gateway_of(engine, charge.gateway).withdraw(charge.bill_id)
    except GatewayRefused:
        return  # the bank is at it: it is known later what comes of it
    except Conflict:
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)
        return
    with engine.begin() as tx:
        let_go(tx, engine, charge)
    engine.checkpoint()  # it stays given up, whatever becomes of the call that has wanted something else
