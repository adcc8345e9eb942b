"""Require that a customer could be collected from, before anything that costs is agreed to.

What a decision in a transaction can't find out is asked here: what the processor itself knows of the customer.
"""

from __future__ import annotations

from billing_sdk.errors import CustomerNotCollectable
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.gateways import Payer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.payment_methods import refresh_default


def require_collectable(engine: Engine, *, customer_id: str, plan_key: str, may_owe: bool = False) -> None:
    """Let a customer pass who can be collected from, for a plan that costs something.

    Where cards are charged that is a default payment method, chosen here or at the processor; where invoices are sent,
    an e-mail address that the processor knows; and where the processor works out tax that is insisted on, a place.
    What the managed processor needs, the decision itself asks for. No transaction may be open.

    Args:
        engine: the engine.
        customer_id: who is to pay.
        plan_key: what for; of an unknown plan nothing is asked.
        may_owe: whether the plan is had on credit, without a payment method.

    Raises:
        NotFound: there is no such customer.
        CustomerNotCollectable: nothing could be collected; the fact `reason` says why.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    kind = engine.workspace.gateway or "managed"
    if kind == "managed":
        return
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        plan = tx.catalog.find_plan(plan_key)
        profile = tx.billing_profiles.of(customer)
        payer = payer_of(tx, customer)
    if plan is None or not _costs(plan):
        return
    if profile.sends_invoices:
        engine.checkpoint()
        gateway_of(engine, kind).check_payer(payer, sends_invoices=True, tax="none")
    if not profile.sends_invoices and not may_owe and _charges_now(plan):
        _require_method(engine, customer_id, payer)


def _require_method(engine: Engine, customer_id: str, payer: Payer) -> None:
    if refresh_default(engine, customer_id=customer_id) is None:
        raise CustomerNotCollectable(
            "the customer has no default payment method",
            reason="no_payment_method",
            customer=payer.customer_id,
        )


def _costs(plan: Plan) -> bool:
    return not plan.version.is_free


def _charges_now(plan: Plan) -> bool:
    """Tell whether the plan asks for a payment method even where it begins with a trial."""
    trial = plan.version.trial
    return trial is None or trial.requires_payment_method
