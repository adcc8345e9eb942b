"""Uninstall an app: its account is spoken to no more."""

from __future__ import annotations

import logging
from dataclasses import replace

from billing_sdk.errors import AppInUse, BillingError
from billing_sdk.server.domain.workspace import SecretName
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_webhooks import unregister_webhooks
from billing_sdk.server.usecases.rotate_app_key import installed

SECRETS: tuple[SecretName, ...] = ("api_key", "webhook_secret", "refresh_token")

logger = logging.getLogger(__name__)


def uninstall_app(engine: Engine, *, app_id: str, actor: str = "operator") -> None:
    """Forget an account's keys and endpoint; what was paid through it stays on record.

    Raises:
        NotFound: there is no such app.
        AppInUse: it is the gateway in use, and an invoice is not final, or a charge is under way.
    """
    with recording_denials(engine, actor=actor, action="app.uninstall", subject=app_id):
        with engine.begin() as tx:
            workspace = tx.workspace.lock()
            before = installed(tx, app_id)
            if workspace.gateway == before.gateway and (tx.invoices.has_unsettled() or tx.charges.has_any()):
                raise AppInUse("an invoice is not final yet", app=app_id)
        try:
            unregister_webhooks(engine, before)
        except BillingError as error:  # its key may have been revoked: that must not keep anybody from leaving
            logger.warning("the endpoint of %s was not removed at Stripe (%s)", app_id, error.code)
        with engine.begin() as tx:
            at = engine.now()
            after = replace(before, webhook_endpoint_id=None, updated_at=at, deleted_at=at)
            tx.payment_apps.save(after)
            for name in SECRETS:
                tx.payment_apps.keep_secret(app_id, name, None)
            tx.audit.record(actor, "app.uninstall", app_id, at, before=before, after=after)
