"""Link a payer: a customer that the processor knows already stands for one of ours."""

from __future__ import annotations

from billing_sdk.errors import GatewayNotConnected
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.drop_method import drop_method
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.keep_method import keep_method


def link_payer(
    engine: Engine, *, customer_id: str, payer_reference: str, token: str | None = None, actor: str = "operator"
) -> PaymentMethod | None:
    """Let a customer of the linked account stand for one of ours, and return how it is charged, if that is known.

    Both ids are looked up at the processor first; where one is unknown there, nothing changes here.

    Args:
        engine: the engine.
        customer_id: ours.
        payer_reference: the processor's own id of the customer.
        token: of one of its payment methods; its default one where none is given.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such customer of ours.
        UnknownPayer: the linked account has no such customer.
        UnknownPayerMethod: that customer has no such payment method.
        Conflict: it stands for another customer of ours.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    with recording_denials(engine, actor=actor, action="customer.link", subject=customer_id):
        with engine.read() as tx:
            app = app_of_workspace(tx)
            customer = tx.customers.get(customer_id)
            payer, at = payer_of(tx, customer), engine.now_for(tx, customer)
        engine.checkpoint()
        stored = gateway_of(engine, app.gateway).link(payer, payer_reference, token)
        with engine.begin() as tx:
            seen = {"app": app.id, "reference": payer_reference}
            tx.audit.record(actor, "customer.link", customer_id, engine.now(), after=seen)
            if stored is None:
                return None
            return keep_method(
                tx,
                customer_id=customer_id,
                stored=stored,
                gateway=app.gateway,
                at=at,
                now=engine.now(),
                is_gateway_default=token is None,
                is_choice=token is not None,
                actor=actor,
            )


def unlink_payer(engine: Engine, *, customer_id: str, actor: str = "operator") -> None:
    """Let nothing at the linked account stand for a customer any more; it is charged by nothing there from now on.

    Raises:
        NotFound: there is no such customer.
        GatewayNotConnected: no account is linked.
    """
    with engine.begin() as tx:
        app = app_of_workspace(tx)
        tx.customers.lock(customer_id)
        before = tx.remote_objects.find(app.id, "customer", customer_id)
        if before is None:
            return
        tx.remote_objects.forget(app.id, "customer", customer_id)
        for method in tx.customers.methods_of(customer_id):
            drop_method(tx, method, now=engine.now(), actor=actor)
        seen = {"app": app.id, "reference": before.remote_id}
        tx.audit.record(actor, "customer.unlink", customer_id, engine.now(), before=seen)


def payer_reference_of(tx: UnitOfWork, customer_id: str) -> str | None:
    """Return the processor's own id of a customer; None where it has none there."""
    kind = tx.workspace.get().gateway
    app = None if kind is None else tx.payment_apps.of_gateway(kind)
    found = None if app is None else tx.remote_objects.find(app.id, "customer", customer_id)
    return None if found is None else found.remote_id


def app_of_workspace(tx: UnitOfWork) -> PaymentApp:
    """Return the app of the gateway that the workspace has chosen.

    Raises:
        GatewayNotConnected: no account is linked with it.
    """
    kind = tx.workspace.get().gateway
    app = None if kind is None else tx.payment_apps.of_gateway(kind)
    if app is None:
        raise GatewayNotConnected("no account at a payment processor is linked")
    return app
