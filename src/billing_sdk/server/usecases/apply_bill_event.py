"""Apply an event about a bill, a payment, a refund or a dispute: whatever it says, the object is fetched again."""

from __future__ import annotations

from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.keys import Keys
from billing_sdk.server.gateways.stripe.objects import GatewayObject
from billing_sdk.server.usecases.bring_in_line import bring_in_line
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.take_outside_dispute import NOT_MANAGED, take_outside_dispute
from billing_sdk.server.usecases.take_outside_refund import take_outside_refund, take_outside_refunds


def apply_invoice(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Bring the bill that an invoice stands for in line."""
    with engine.read() as tx:
        bill_id = tx.remote_objects.our_id(app.id, "invoice", about.invoice or "")
    bill_id = bill_id or _said(engine, about)
    return NOT_MANAGED if bill_id is None else bring_in_line(engine, app.gateway, bill_id)


def apply_payment(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Bring the bill in line that a payment was made for."""
    if about.payment is None:
        return NOT_MANAGED
    bill_id = gateway_of(engine, app.gateway).bill_paid_by(about.payment)
    return NOT_MANAGED if bill_id is None else bring_in_line(engine, app.gateway, bill_id)


def apply_credit_note(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Bring the bill of a credit note in line; what was paid back with it is told by its refund."""
    with engine.read() as tx:
        bill_id = tx.remote_objects.our_id(app.id, "invoice", about.invoice or "")
    return NOT_MANAGED if bill_id is None else bring_in_line(engine, app.gateway, bill_id)


def apply_refund(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Take a refund as it stands."""
    return take_outside_refund(engine, app.gateway, about.id)


def apply_refunds(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Take all refunds of a payment as they stand."""
    return NOT_MANAGED if about.payment is None else take_outside_refunds(engine, app.gateway, about.payment)


def apply_dispute(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Take a dispute, or a warning of fraud, as it stands."""
    return take_outside_dispute(engine, app.gateway, about.id)


def _said(engine: Engine, about: GatewayObject) -> str | None:
    """Return what an object says it stands for here, which is known a moment earlier than it is noted."""
    says = about.says or {}
    is_ours = says.get("billing_environment") == Keys.of(engine.settings.base_url).deployment
    return says.get("billing_id") if is_ours else None
