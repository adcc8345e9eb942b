"""Register webhooks: have a processor send its events here, once billing is on."""

from __future__ import annotations

import logging
from dataclasses import replace

from billing_sdk.errors import BillingError, GatewayRefused
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.accounts import WebhookEndpoint, register_endpoint, remove_endpoint
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.gateways.stripe.keys import Keys
from billing_sdk.server.ids import new_nonce
from billing_sdk.server.usecases.app_keys import key_of_app
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def register_webhooks(engine: Engine, app_id: str, *, actor: str = "operator") -> PaymentApp:
    """Have an app's account send its events here, unless it does already, and return the app.

    Nothing is registered while billing is off, for an endpoint that was registered by hand, or where Stripe could not
    reach this server anyway.

    Raises:
        GatewayUnauthorized, GatewayUnreachable, GatewayRefused: Stripe did not do so.
    """
    with engine.read() as tx:
        app = tx.payment_apps.get(app_id)
        is_on = tx.workspace.get().is_billing_enabled
        if not is_on or app.type != "stripe" or app.webhook_endpoint_id or not _can_be_called(engine):
            return app
        key = key_of_app(tx, engine.settings, app)
    engine.checkpoint()
    keys = Keys.of(engine.settings.base_url)
    client = stripe_client(None, key, engine.settings)
    endpoint = register_endpoint(
        client,
        url=f"{engine.settings.base_url}/stripe/webhooks/{app.id}",
        is_connect=app.gateway == "stripe_connect",
        metadata={"billing_id": app.id, "billing_environment": keys.deployment},
        # The secret is told once: an attempt whose answer was lost is of no use, and another one has to be made.
        idempotency_key=keys.key("webhooks", app.id, new_nonce()),
    )
    kept = _kept(engine, app_id, endpoint, actor)
    if kept.webhook_endpoint_id != endpoint.id:  # somebody else was faster
        remove_endpoint(client, endpoint.id)
    return kept


def ensure_webhooks(engine: Engine, *, actor: str = "operator") -> None:
    """Have the account of the present gateway send its events here; what does not succeed is tried again later."""
    with engine.read() as tx:
        kind = tx.workspace.get().gateway
        app = None if kind is None else tx.payment_apps.of_gateway(kind)
    if app is None or app.status == "unauthorized":
        return
    try:
        register_webhooks(engine, app.id, actor=actor)
    except BillingError as error:
        logger.warning("the events of %s are not sent here yet (%s)", app.id, error.code)


def unregister_webhooks(engine: Engine, app: PaymentApp) -> None:
    """Have an app's account send no more events, as far as it still can be asked.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not do so.
    """
    if app.webhook_endpoint_id is None:
        return
    with engine.read() as tx:
        key = key_of_app(tx, engine.settings, app)
    engine.checkpoint()
    try:
        remove_endpoint(stripe_client(None, key, engine.settings), app.webhook_endpoint_id)
    except GatewayRefused:
        return  # it has been removed there


def _kept(engine: Engine, app_id: str, endpoint: WebhookEndpoint, actor: str) -> PaymentApp:
    with engine.begin() as tx:
        tx.workspace.lock()
        app = tx.payment_apps.get(app_id)
        if app.webhook_endpoint_id is not None or app.deleted_at is not None:
            return app
        after = replace(app, webhook_endpoint_id=endpoint.id, updated_at=engine.now())
        tx.payment_apps.save(after)
        tx.payment_apps.keep_secret(app_id, "webhook_secret", endpoint.secret)
        tx.audit.record(actor, "app.register_webhooks", app_id, engine.now(), before=app, after=after)
    return after


def _can_be_called(engine: Engine) -> bool:
    settings = engine.settings
    if settings.stripe_webhook_secret is not None:
        return False
    return settings.stripe_api_base is not None or not settings.is_local
