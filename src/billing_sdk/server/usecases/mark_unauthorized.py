"""Mark an app unauthorized: its processor refuses the key; and ready again, once it takes one."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.workspace import GatewayKind, PaymentApp, found
from billing_sdk.server.gateways.stripe.accounts import check_key, look_up_account, mask
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.app_keys import key_of_app
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def mark_unauthorized(database: Database, gateway: GatewayKind, *, at: datetime) -> None:
    """Note that a processor has refused the key of its app; whoever was to be charged waits, and nothing is lost.

    Args:
        database: of the server; no transaction of the caller's may be open.
        gateway: whose app it is.
        at: real time.
    """
    with database.begin() as tx:
        tx.workspace.lock()
        before = tx.payment_apps.of_gateway(gateway, lock=True)
        if before is None or before.status == "unauthorized":
            return
        after = replace(before, status="unauthorized", updated_at=at)
        tx.payment_apps.save(after)
        tx.audit.record("gateway", "app.unauthorized", before.id, at, before=before, after=after)
    logger.error("Stripe refuses the key of the gateway %s: payments wait until it has a valid one", gateway)


def recheck_apps(engine: Engine) -> None:
    """Ask about the apps whose keys were refused, and let what waits go on where the key, or another one, is taken.

    An app without a key of its own has that of the settings: where that one was mended, this is how it is noticed.
    """
    with engine.read() as tx:
        apps = [app for app in tx.payment_apps.list() if app.status == "unauthorized" and app.type == "stripe"]
    for app in apps:
        try:
            _recheck(engine, app)
        except BillingError as error:
            logger.info("the app %s is unauthorized still (%s)", app.id, error.code)


def _recheck(engine: Engine, app: PaymentApp) -> None:
    with engine.read() as tx:
        key = key_of_app(tx, engine.settings, app)
    is_live = check_key(key, engine.settings.environment)
    state = look_up_account(stripe_client(app, key, engine.settings))
    if (state.id, is_live) != (app.account_id, app.is_live):
        logger.error("the key that the app %s has now is of another account", app.id)
        return
    with engine.begin() as tx:
        tx.workspace.lock()
        before = tx.payment_apps.get(app.id)
        if before.deleted_at is not None or before.status == "ready":
            return
        at = engine.now()
        masked = mask(key) if app.gateway == "stripe_platform" else app.masked_api_key
        after = replace(found(before, at=at, missing=state.missing), status="ready", masked_api_key=masked)
        tx.payment_apps.save(after)
        tx.audit.record("gateway", "app.ready", app.id, at, before=before, after=after)
    logger.info("the app %s is ready again", app.id)
