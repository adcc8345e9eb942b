"""Bring a bill in line: what has become of it at its processor becomes true of our invoice as well.

Whatever tells of it only says that there is something to look at. The bill is fetched again, so it may be told twice,
late, and in any order: what is true there in the end is true here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from billing_sdk.errors import PaymentPending
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import OTHER_MEANS, PAYMENT_PAGE, Customer, MethodName
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import BillState, BillStatus
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import ON_RECORD
from billing_sdk.server.usecases.chase_invoice import let_be_overdue
from billing_sdk.server.usecases.collect_charge import collect_charge
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import bill_of, gateway_of
from billing_sdk.server.usecases.keep_surplus import keep_surplus
from billing_sdk.server.usecases.make_void import void
from billing_sdk.server.usecases.pay_invoice import settle_invoice
from billing_sdk.server.usecases.settle_by_hand import give_up_invoice
from billing_sdk.server.usecases.take_outside_dispute import GONE, MISMATCH, NOT_MANAGED, PROCESSOR

logger = logging.getLogger(__name__)

NOTHING: Final = "nothing"
AWAITED: Final = "awaited"
SETTLED: Final = "settled"
# Whoever pays on the processor's own page may use a payment method that nobody keeps.


def bring_in_line(engine: Engine, kind: GatewayKind, bill_id: str) -> str:
    """Let what has become of a bill at its processor be true here, and return what has followed.

    Args:
        engine: the engine; no transaction is open.
        kind: whose bill it is.
        bill_id: ours: of an invoice, or of a charge for something that has no invoice yet.

    Returns:
        `paid`, `void`, `uncollectible` or `overdue` for what our invoice has become; `settled` where a charge has its
        outcome, `awaited` where it has none yet; `nothing` where nothing is to be done; `gone` where the processor
        knows none, `not_managed` where we know none; `mismatch` where less was paid than is owed, or nothing is owed:
        it is in the audit then, and somebody has to look into it. What is more is on the customer's balance.

    Raises:
        PaymentPending: somebody is just asking for it; it is worth looking again later.
        GatewayUnreachable, GatewayUnauthorized, GatewayNotConnected, BillingNotEnabled: it can't be asked at present.
    """
    with engine.read() as tx:
        charge = tx.charges.by_id(bill_id) or tx.charges.of_invoice(bill_id)
        invoice = None if charge is not None else tx.invoices.find(bill_id)
    if charge is not None:
        if charge.awaits is None and charge.lease_ends_at > engine.now():
            raise PaymentPending("the payment is under way")
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)
        with engine.read() as tx:
            return SETTLED if tx.charges.by_id(charge.id) is None else AWAITED
    if invoice is not None and not invoice.is_issued:
        return NOTHING
    engine.checkpoint()
    state = gateway_of(engine, kind).look_up(bill_id)
    if state is None or state.status == "deleted":
        return GONE
    with engine.begin() as tx:
        if invoice is None:
            return _without_invoice(tx, engine, kind, bill_id, state)
        return take_state(tx, engine, kind, invoice.id, state)


def take_state(tx: UnitOfWork, engine: Engine, kind: GatewayKind, invoice_id: str, state: BillState) -> str:
    """Let be true of an issued invoice in a transaction what is true of it at its processor.

    Raises:
        PaymentPending: a charge for it is under way.
    """
    customer = tx.customers.lock(tx.invoices.get(invoice_id).customer_id)
    if tx.charges.has_for_invoice(invoice_id):
        raise PaymentPending("the payment is under way")
    take = STATES.get(state.status)
    return NOTHING if take is None else take(tx, engine, customer, tx.invoices.get(invoice_id), kind, state)


def _paid(
    tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, kind: GatewayKind, state: BillState
) -> str:
    at = engine.now_for(tx, customer)
    if not invoice.is_payable:
        return _paid_already(tx, engine, invoice, kind, state)
    owed = bill_of(tx, invoice).amount
    surplus = state.amount - owed
    if surplus.minor < 0 or (surplus and state.reference is None):
        return _mismatch(tx, engine, invoice.id, expected=owed, state=state)
    payment = Payment(
        id=new_id("payment"),
        customer_id=customer.id,
        amount=owed,
        status="succeeded",
        attempted_at=at,
        method=MethodName(OTHER_MEANS if state.reference is None else PAYMENT_PAGE),
        gateway_reference=state.reference,
        # Marked as paid there without a payment: it came by other means, and the processor can't pay it back.
        reference=state.bill_reference if state.reference is None else None,
        invoice_id=invoice.id,
        gateway=kind,
    )
    settle_invoice(tx, customer, invoice, payment, source="admin", actor=PROCESSOR)
    if surplus:
        # It was lowered here, and paid on a page that had not heard of it.
        keep_surplus(tx, invoice, payment, surplus)
    return "paid"


def _paid_already(tx: UnitOfWork, engine: Engine, invoice: Invoice, kind: GatewayKind, state: BillState) -> str:
    """Tell whether the payment there is the one that is known here, or one that nothing is owed for."""
    if state.reference is None or tx.invoices.find_payment(kind, state.reference) is not None:
        return NOTHING
    return _mismatch(tx, engine, invoice.id, expected=Money(0, invoice.currency), state=state)


def _void(
    tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, _kind: GatewayKind, _state: BillState
) -> str:
    if not invoice.is_payable:
        return NOTHING
    void(tx, customer, invoice, source="admin", actor=PROCESSOR, at=engine.now_for(tx, customer))
    return "void"


def _uncollectible(
    tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, _kind: GatewayKind, _state: BillState
) -> str:
    if not invoice.is_owed:
        return NOTHING
    give_up_invoice(tx, customer, invoice, source="admin", actor=PROCESSOR, at=engine.now_for(tx, customer))
    return "uncollectible"


def _open(
    tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, _kind: GatewayKind, state: BillState
) -> str:
    if not state.is_overdue or invoice.status != "issued" or invoice.collection_method != "send_invoice":
        return NOTHING
    let_be_overdue(tx, customer, invoice, actor=PROCESSOR, at=engine.now_for(tx, customer))
    return "overdue"


def _without_invoice(tx: UnitOfWork, engine: Engine, kind: GatewayKind, bill_id: str, state: BillState) -> str:
    """Look at the bill of a change that has been concluded, or has come to nothing."""
    if state.status != "paid" or state.reference is None:
        return NOTHING
    if tx.invoices.find_payment(kind, state.reference) is not None:
        return NOTHING
    if not bill_id.startswith("charge_"):
        return NOT_MANAGED
    return _mismatch(tx, engine, bill_id, expected=Money(0, state.paid.currency), state=state)


def _mismatch(tx: UnitOfWork, engine: Engine, bill_id: str, *, expected: Money, state: BillState) -> str:
    """Let somebody look into a payment that is not what was owed; it is reported once."""
    told = {"expected": str(expected), "taken": str(state.amount), "reference": state.reference}
    if not any(record["action"] == "payment.mismatch" for record in tx.audit.of(bill_id)):
        logger.error("%s was paid at its processor with another amount than is owed", bill_id)
        tx.audit.record(PROCESSOR, "payment.mismatch", bill_id, engine.now(), after=told)
    return MISMATCH


TakeState = Callable[[UnitOfWork, Engine, Customer, Invoice, GatewayKind, BillState], str]
# What follows here from how a bill stands there; a draft says nothing yet.
STATES: Final[Mapping[BillStatus, TakeState]] = {
    "paid": _paid,
    "void": _void,
    "uncollectible": _uncollectible,
    "open": _open,
}
