"""Take a dispute that a processor tells of: it is fetched again, and what is known of it here is brought in line."""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import PaymentPending
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Gateway, PaymentDispute
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.open_dispute import open_dispute

# Who has caused what a processor tells, as the audit names them.
PROCESSOR: Final = "processor"
# What became of it, beside its status.
NOT_MANAGED, GONE, MISMATCH = "not_managed", "gone", "mismatch"


def take_outside_dispute(engine: Engine, kind: GatewayKind, reference: str) -> str:
    """Record a dispute, an inquiry or a warning as it stands at its processor, and return what became of it.

    What an event has said of it is not looked at, so it may come twice, late and in any order.

    Args:
        engine: the engine; no transaction is open.
        kind: whose dispute it is.
        reference: the processor's own id of it.

    Returns:
        Its kind and status; `gone` where the processor knows none, `not_managed` where the payment is none of ours,
        `mismatch` where it is in another currency than the payment: then it is in the audit, and nothing has changed.

    Raises:
        PaymentPending: the payment is ours, and not known here yet.
        GatewayUnreachable, GatewayUnauthorized: the processor can't be asked.
    """
    gateway = gateway_of(engine, kind)
    found = gateway.find_dispute(reference)
    if found is None:
        return GONE
    outcome = _record(engine, kind, found)
    return outcome or not_ours(gateway, found.payment_reference)


def not_ours(gateway: Gateway, payment_reference: str) -> str:
    """Return that a payment is none of ours.

    Raises:
        PaymentPending: it is, and what it has paid is not known here yet.
    """
    if gateway.bill_paid_by(payment_reference) is not None:
        raise PaymentPending("the payment is not known here yet")
    return NOT_MANAGED


def has_been_noted(tx: UnitOfWork, action: str, reference: str) -> bool:
    """Tell whether the audit knows already that somebody has to look into something: each is told several times."""
    return any(record["action"] == action for record in tx.audit.of(reference))


def _record(engine: Engine, kind: GatewayKind, found: PaymentDispute) -> str | None:
    told = found.told
    with engine.begin() as tx:
        payment = tx.invoices.find_payment(kind, found.payment_reference)
        if payment is None:
            return None
        customer = tx.customers.lock(payment.customer_id)
        at = engine.now_for(tx, customer)
        if told.amount.currency != payment.amount.currency:
            after = {"payment": payment.id, "paid": payment.amount, "disputed": told.amount}
            if not has_been_noted(tx, "dispute.mismatch", told.reference):
                tx.audit.record(PROCESSOR, "dispute.mismatch", told.reference, at, after=after)
            return MISMATCH
        dispute = open_dispute(tx, customer, payment, told, source="admin", actor=PROCESSOR, at=at)
    return f"{dispute.kind}_{dispute.status}"
