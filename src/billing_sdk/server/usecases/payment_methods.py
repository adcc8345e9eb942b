"""A customer's payment methods: which there are, which one is charged, and which is gone."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import Conflict, NotFound, PaymentMethodRequired
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.drop_method import drop_method
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.keep_method import keep_method


def list_methods(engine: Engine, *, customer_id: str) -> tuple[PaymentMethod, ...]:
    """Return what a customer can be charged by with the present gateway, the oldest first.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.read() as tx:
        tx.customers.get(customer_id)
        return tx.customers.methods_of(customer_id)


def choose_method(engine: Engine, *, customer_id: str, method_id: str, actor: str = "user") -> PaymentMethod:
    """Charge a customer by a payment method from now on, here and at its processor.

    Raises:
        NotFound: the customer has no such payment method.
        UnknownPayerMethod: the processor does not have it any more.
        GatewayUnauthorized, GatewayUnreachable: the processor could not be told; nothing has changed.
    """
    with engine.read() as tx:
        method = _own(tx, customer_id, method_id)
        payer = payer_of(tx, tx.customers.get(customer_id))
    if method.is_default and not method.is_gateway_default:
        return method
    engine.checkpoint()
    gateway_of(engine, method.gateway).prefer_method(payer, method.gateway_token)
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        before = _own(tx, customer_id, method_id)
        after = replace(before, is_default=True, is_gateway_default=False)
        tx.customers.save_payment_method(after)
        tx.audit.record(actor, "card.choose", customer_id, engine.now(), before=before, after=after)
    return after


def remove_method(
    engine: Engine, *, customer_id: str, method_id: str, spares_last: bool = False, actor: str = "user"
) -> PaymentMethod:
    """Charge a customer by a payment method no more, and let its processor forget it.

    Args:
        engine: the engine.
        customer_id: whose it is.
        method_id: which one.
        spares_last: the only one stays as long as something is charged by it.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: the customer has no such payment method.
        PaymentMethodRequired: it is spared.
        Conflict: the outcome of a charge to it is not known yet.
        GatewayUnauthorized, GatewayUnreachable: the processor could not be told; nothing has changed.
    """
    with engine.read() as tx:
        method = _own(tx, customer_id, method_id)
        if any(charge.payment_method_id == method.id for charge in tx.charges.of_customer(customer_id)):
            raise Conflict("a charge to this payment method is under way", remedy="Wait until it has ended.")
        if spares_last and is_needed(tx, method):
            raise PaymentMethodRequired("something is charged by it, and there is no other one")
    engine.checkpoint()
    gateway_of(engine, method.gateway).detach_method(method.gateway_token)
    with engine.begin() as tx:
        return drop_method(tx, method, now=engine.now(), actor=actor)


def is_needed(tx: UnitOfWork, method: PaymentMethod) -> bool:
    """Tell whether a payment method is the only one of a customer who is to be charged for something."""
    customer = tx.customers.get(method.customer_id)
    if len(tx.customers.methods_of(customer.id)) > 1 or tx.billing_profiles.of(customer).sends_invoices:
        return False
    live = tx.agreements.live_of(customer.id)
    is_paying = any(not tx.catalog.get_version(agreement.plan_version_id).is_free for agreement in live)
    return is_paying or bool(tx.invoices.owed_by(customer.id))


def refresh_default(engine: Engine, *, customer_id: str) -> PaymentMethod | None:
    """Return what a customer is charged by; where nobody has chosen anything here, the processor is asked for its own.

    Raises:
        NotFound: there is no such customer.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    kind = engine.workspace.gateway or "managed"
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        method = tx.customers.find_payment_method(customer_id)
        payer = payer_of(tx, customer)
        at = engine.now_for(tx, customer)
    if kind == "managed" or (method is not None and not method.is_gateway_default):
        return method
    engine.checkpoint()
    stored = gateway_of(engine, kind).find_method(payer, None)
    if stored is None:
        if method is not None:
            with engine.begin() as tx:
                drop_method(tx, method, now=engine.now(), actor="gateway")
        return None
    with engine.begin() as tx:
        return keep_method(
            tx,
            customer_id=customer_id,
            stored=stored,
            gateway=kind,
            at=at,
            now=engine.now(),
            is_gateway_default=True,
            actor="gateway",
        )


def _own(tx: UnitOfWork, customer_id: str, method_id: str) -> PaymentMethod:
    for method in tx.customers.methods_of(customer_id):
        if method.id == method_id:
            return method
    raise NotFound(f"the customer has no payment method {method_id[:64]!r}")
