"""Mirror an invoice: whatever becomes of one here, the processor has exactly one that says the same.

What is charged from a payment method is made known by its charge (collect_charge). Everything else - an invoice that
is sent, comes to nothing, was paid by other means, voided, written off, or lowered by a credit note - sets a timer in
the transaction of what happens, and is made known after it. Nothing of the customer's waits for that: while the
processor is out of reach, the timer is set anew for later.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from billing_sdk.errors import GatewayRefused, GatewayUnreachable
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, InvoiceStatus
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Bill, BillEvent, BillState, BillStatus, Gateway
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import RESTING
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import bill_of, gateway_of
from billing_sdk.server.usecases.obsolete import Obsolete

ACTOR: Final = "timer"
# When a processor is asked again that gave no answer; one that refuses our key is mended by somebody first.
UNREACHABLE_REST: Final = timedelta(minutes=5)
UNAUTHORIZED_REST: Final = timedelta(hours=1)
# What a processor does not take may be mended as well, such as an e-mail address; nobody hurries.
REFUSED_REST: Final = timedelta(days=1)

# How an invoice of each status stands at the processor, and what leads there.
STANDS: Final[dict[InvoiceStatus, BillStatus]] = {
    "issued": "open",
    "overdue": "open",
    "paid": "paid",
    "uncollectible": "uncollectible",
    "void": "void",
}
EVENTS: Final[dict[BillStatus, BillEvent]] = {
    "paid": "paid_elsewhere",
    "uncollectible": "uncollectible",
    "void": "void",
}

logger = logging.getLogger(__name__)


def mirror_later(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, at: datetime) -> None:
    """Have an invoice made known to the processor as it stands then, where there is one that keeps invoices.

    Args:
        tx: the transaction of what happens to the invoice.
        customer: whose invoice it is.
        invoice: issued.
        at: the customer's present.
    """
    if _gateway_of(tx, invoice) is not None:
        tx.timers.set("mirror", invoice.id, at, customer)


def mirror_invoice(engine: Engine, timer: Timer) -> None:
    """Bring the processor's invoice in line with ours; run by its timer.

    Raises:
        Obsolete: there is no such invoice, no processor that keeps invoices, or a charge makes it known.
    """
    with engine.read() as tx:
        invoice = tx.invoices.find(timer.subject_id)
        if invoice is None or not invoice.is_issued:
            raise Obsolete("the invoice is gone, or not issued")
        kind = _gateway_of(tx, invoice)
        if kind is None or tx.charges.has_for_invoice(invoice.id):
            raise Obsolete("there is nothing to make known, or its charge does so")
        bill = bill_of(tx, invoice)
    rest: timedelta | None = None
    state: BillState | None = None
    try:
        state = _brought_in_line(gateway_of(engine, kind), invoice, bill)
    except RESTING as error:
        logger.warning("%s waits to be made known at %s (%s)", invoice.id, kind, error.code)
        rest = UNREACHABLE_REST if isinstance(error, GatewayUnreachable) else UNAUTHORIZED_REST
    except GatewayRefused as error:
        logger.error("%s is not taken by %s (%s)", invoice.id, kind, error.code)  # noqa: TRY400 - a traceback could show what the gateway was asked
        rest = REFUSED_REST if invoice.is_owed else None
    with engine.begin() as tx:
        customer = tx.customers.lock(invoice.customer_id)
        tx.timers.done(timer)
        if rest is not None:
            tx.timers.set("mirror", invoice.id, max(engine.now_for(tx, customer), timer.due_at) + rest, customer)
        elif state is not None and _was_paid_there_as_well(tx, invoice, state):
            _report(tx, invoice, state, at=engine.now_for(tx, customer))


def _brought_in_line(gateway: Gateway, invoice: Invoice, bill: Bill) -> BillState | None:
    """Return how a bill stands at a processor once it says the same as our invoice, or can't any more."""
    state, wanted = gateway.look_up(bill.id), STANDS[invoice.status]
    is_final = state is not None and state.status not in ("draft", "deleted")
    if not is_final and invoice.is_to_be_charged:
        return state  # its charge makes it known, with what is owed by then
    is_told = state is not None and (state.sent_at is not None or wanted != "open" or invoice.is_to_be_charged)
    if state is not None and is_told and (state.status, state.amount) == (wanted, bill.amount):
        return state
    if wanted == "open" or not bill.amount:
        return gateway.send(bill)
    return gateway.follow(bill, EVENTS[wanted])


def _gateway_of(tx: UnitOfWork, invoice: Invoice) -> GatewayKind | None:
    """Return the processor that keeps an invoice; None where none does.

    That is the one that knows it already, whatever the workspace has chosen since; the one that took the payment knows
    what there is to know.
    """
    payment = None if invoice.payment_id is None else tx.invoices.get_payment(invoice.payment_id)
    taken_by = None if payment is None or payment.gateway_reference is None else payment.gateway
    known = [tx.payment_apps.get(app_id) for app_id in tx.remote_objects.apps_of("invoice", invoice.id)]
    kinds = [app.gateway for app in known if app.deleted_at is None and app.gateway != taken_by]
    if kinds:
        return kinds[0]
    kind = None if taken_by is not None else tx.workspace.get().gateway
    return None if kind == "managed" else kind


def _was_paid_there_as_well(tx: UnitOfWork, invoice: Invoice, state: BillState) -> bool:
    """Tell whether the processor has taken money for an invoice that was settled otherwise here."""
    if state.status != "paid" or state.reference is None or invoice.is_owed:
        return False
    payment = None if invoice.payment_id is None else tx.invoices.get_payment(invoice.payment_id)
    return payment is None or payment.gateway_reference != state.reference


def _report(tx: UnitOfWork, invoice: Invoice, state: BillState, *, at: datetime) -> None:
    """Let somebody look into a payment that nothing is owed for: it is to be paid back, or kept for what comes."""
    if any(record["action"] == "payment.mismatch" for record in tx.audit.of(invoice.id)):
        return  # the processor has told of it as well
    logger.error("%s was paid at its processor as well", invoice.id)
    after = {"invoice": invoice.id, "status": invoice.status, "taken": state.paid, "reference": state.reference}
    tx.audit.record(ACTOR, "payment.mismatch", invoice.id, at, after=after)
