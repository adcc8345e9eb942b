"""Enable billing with a gateway, or go on with another one."""

from __future__ import annotations

from billing_sdk.errors import GatewayNotConfigured, GatewayNotConnected, PaymentPending
from billing_sdk.server.domain.workspace import GatewayKind, Workspace
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def enable_billing(engine: Engine, *, gateway: GatewayKind = "managed", actor: str) -> Workspace:
    """Switch billing on, and return the workspace.

    What is on already with this gateway stays as it is. With another gateway customers keep what they have and add
    a payment method anew; what was paid through the old one is refunded there.

    Raises:
        GatewayNotConfigured: the gateway is `stripe_platform`, and the server has no key.
        GatewayNotConnected: the gateway is `stripe_connect`, and no account is linked that can take charges.
        PaymentPending: the outcome of a charge at the gateway that is given up is not known yet.
    """
    with engine.begin() as tx:
        before = tx.workspace.lock()
        if before.is_billing_enabled and before.gateway == gateway:
            return before
        _check_ready(engine, tx, gateway)
        if before.gateway not in (None, gateway) and tx.charges.has_any():
            raise PaymentPending("a charge at the present gateway is not settled yet", gateway=before.gateway)
        after = before.enabled(gateway, engine.now())
        tx.workspace.save(after)
        tx.audit.record(actor, "billing.enable", gateway, engine.now(), before=before, after=after)
    engine.forget_workspace()
    return after


def _check_ready(engine: Engine, tx: UnitOfWork, gateway: GatewayKind) -> None:
    app = tx.payment_apps.of_gateway(gateway)
    if gateway == "stripe_platform" and app is None and engine.settings.stripe_secret_key is None:
        raise GatewayNotConfigured("this server has no key for Stripe", gateway=gateway)
    if gateway == "stripe_connect" and (app is None or app.connection != "connected"):
        missing = list(app.missing) if app else []
        raise GatewayNotConnected("no Stripe account is linked that can take charges", gateway=gateway, missing=missing)
