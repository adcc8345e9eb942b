"""Enable billing with a gateway, or go on with another one."""

from __future__ import annotations

from billing_sdk.errors import GatewayNotConnected, PaymentPending
from billing_sdk.server.domain.workspace import GatewayKind, Workspace
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.app_keys import platform_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.install_app import ensure_app
from billing_sdk.server.usecases.register_webhooks import ensure_webhooks
from billing_sdk.server.usecases.sync_catalogue import mark_all_for_sync


def enable_billing(engine: Engine, *, gateway: GatewayKind = "managed", actor: str) -> Workspace:
    """Switch billing on, and return the workspace.

    What is on already with this gateway stays as it is. With another gateway customers keep what they have and add
    a payment method anew; what was paid through the old one is refunded there. At the gateway nothing is made before
    billing is on; then its account is asked to send its events here.

    Raises:
        GatewayNotConfigured: the gateway is `stripe_platform`, and the server has no key; or it is `stripe_connect`,
            and the server was not set up to link accounts.
        GatewayNotConnected: the gateway is `stripe_connect`, and no account is linked that can take charges.
        StripeKeyMismatch: the key is no key, or of the other environment.
        GatewayUnauthorized, GatewayUnreachable: the gateway did not answer as it should; the same can be asked again.
        PaymentPending: the outcome of a charge at the gateway that is given up is not known yet.
    """
    _require_account(engine, gateway, actor=actor)
    with engine.begin() as tx:
        after = _switch(engine, tx, gateway, actor=actor)
    engine.forget_workspace()
    ensure_webhooks(engine, actor=actor)
    return after


def _require_account(engine: Engine, gateway: GatewayKind, *, actor: str) -> None:
    """Let a gateway pass whose account is linked; the test processor needs none."""
    if gateway == "managed":
        return
    if gateway == "stripe_platform":
        ensure_app(engine, gateway, actor=actor)
        return
    platform_of(engine.settings)
    with engine.read() as tx:
        app = tx.payment_apps.of_gateway(gateway)
    if app is None or app.connection != "connected":
        missing = list(app.missing) if app else []
        raise GatewayNotConnected("no Stripe account is linked that can take charges", gateway=gateway, missing=missing)


def _switch(engine: Engine, tx: UnitOfWork, gateway: GatewayKind, *, actor: str) -> Workspace:
    before = tx.workspace.lock()
    if before.is_billing_enabled and before.gateway == gateway:
        return before
    if before.gateway not in (None, gateway) and tx.charges.has_any():
        raise PaymentPending("a charge at the present gateway is not settled yet", gateway=before.gateway)
    at = engine.now()
    after = before.enabled(gateway, at)
    tx.workspace.save(after)
    mark_all_for_sync(tx)
    tx.audit.record(actor, "billing.enable", gateway, at, before=before, after=after)
    type_ = "billing.gateway_changed" if before.is_billing_enabled else "billing.enabled"
    tx.outbox.announce(type=type_, data=event_data.of_workspace(after), source="admin", at=at)
    return after
