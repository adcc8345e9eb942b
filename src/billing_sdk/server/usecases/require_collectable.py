"""Require that a customer could be collected from, before anything that costs is agreed to.

What a decision in a transaction can't find out is asked here: what the processor itself knows of the customer. It is
asked before anything is written, since a question to a processor commits what a call has done before.
"""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.errors import CustomerNotCollectable
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Payer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.payment_methods import refresh_default


def require_collectable(
    engine: Engine,
    *,
    customer_id: str,
    plan_keys: Collection[str],
    may_owe: bool = False,
    billing_cadence_id: str | None = None,
) -> None:
    """Let a customer pass who can be collected from, for plans of which one costs something.

    Where cards are charged that is a default payment method, chosen here or at the processor; where invoices are sent,
    an e-mail address that the processor knows; and where the processor works out tax that is insisted on, a place.
    What the managed processor needs, the decision itself asks for. No transaction may be open.

    Args:
        engine: the engine.
        customer_id: who is to pay.
        plan_keys: what for, add-ons included; of an unknown plan nothing is asked.
        may_owe: whether it is had on credit, without a payment method.
        billing_cadence_id: the cadence that it is billed by, which can send invoices of its own accord.

    Raises:
        NotFound: there is no such customer.
        CustomerNotCollectable: nothing could be collected; the fact `reason` says why.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    kind = _asked(engine)
    if kind is None:
        return
    with engine.read() as tx:
        found = [plan for key in plan_keys if (plan := tx.catalog.find_plan(key)) is not None]
    costly = [plan for plan in found if not plan.version.is_free]
    if costly:
        needs_method = not may_owe and any(map(_charges_now, costly))
        _require(engine, kind, customer_id, needs_method=needs_method, billing_cadence_id=billing_cadence_id)


def require_collectable_for_more(engine: Engine, agreement: Agreement, *, plan_key: str) -> None:
    """Let more be had under an agreement: licences or add-ons, or the agreement itself again after a pause.

    In a trial nothing is charged, and for what was given on credit an invoice comes later: nothing is asked then.

    Args:
        engine: the engine.
        agreement: which one.
        plan_key: of what more is had: its own plan, or an add-on.

    Raises:
        CustomerNotCollectable, GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: as `require_collectable`.
    """
    if agreement.status != "trialing" and not agreement.is_unpaid:
        require_collectable(
            engine,
            customer_id=agreement.customer_id,
            plan_keys=[plan_key],
            billing_cadence_id=agreement.billing_cadence_id,
        )


def is_collectable(engine: Engine, *, customer_id: str, version_ids: Collection[str]) -> bool:
    """Tell whether a customer can be collected from, for versions that a timer is about to charge.

    What the processor says of a default payment method is kept, so that the decision finds it.

    Raises:
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked; the timer has
            to be run again later.
    """
    kind = _asked(engine)
    if kind is None:
        return True
    with engine.read() as tx:
        is_free = all(version.is_free for version in tx.agreements.versions(frozenset(version_ids)).values())
    if is_free:
        return True
    try:
        _require(engine, kind, customer_id, needs_method=True)
    except CustomerNotCollectable:
        return False
    return True


def _asked(engine: Engine) -> GatewayKind | None:
    """Return the gateway that has to be asked; the test processor knows no more than is known here."""
    kind = engine.workspace.gateway
    return None if kind == "managed" else kind


def _require(
    engine: Engine,
    kind: GatewayKind,
    customer_id: str,
    *,
    needs_method: bool,
    billing_cadence_id: str | None = None,
) -> None:
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        sends_invoices = tx.billing_profiles.of(customer, billing_cadence_id).sends_invoices
        payer = payer_of(tx, customer)
    if sends_invoices:
        engine.checkpoint()
        gateway_of(engine, kind).check_payer(payer, sends_invoices=True, tax="none")
    elif needs_method:
        _require_method(engine, customer_id, payer)


def _require_method(engine: Engine, customer_id: str, payer: Payer) -> None:
    if refresh_default(engine, customer_id=customer_id) is None:
        raise CustomerNotCollectable(
            "the customer has no default payment method",
            reason="no_payment_method",
            customer=payer.customer_id,
        )


def _charges_now(plan: Plan) -> bool:
    """Tell whether the plan asks for a payment method even where it begins with a trial."""
    trial = plan.version.trial
    return trial is None or trial.requires_payment_method
