"""Rotate the key of an app: another key of the same account takes the place of the one before."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest, NotFound, StripeKeyMismatch
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.accounts import check_key, look_up_account, mask
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine


def rotate_app_key(engine: Engine, *, app_id: str, api_key: Secret, actor: str = "operator") -> PaymentApp:
    """Put another key in place, which is of the same account and mode, and let what waited for it go on.

    Raises:
        NotFound: there is no such app.
        InvalidRequest: the app has no key of its own.
        StripeKeyMismatch: the key is no key, of the other environment, or of another account.
        GatewayUnauthorized: Stripe refuses it.
        GatewayUnreachable: Stripe can't be reached.
    """
    with recording_denials(engine, actor=actor, action="app.rotate_key", subject=app_id):
        with engine.read() as tx:
            app = installed(tx, app_id)
        if app.gateway != "stripe_platform":
            raise InvalidRequest(f"the app {app.id} has no key of its own", parameter="api_key")
        is_live = check_key(api_key, engine.settings.environment)
        engine.checkpoint()
        state = look_up_account(stripe_client(None, api_key, engine.settings))
        if (state.id, is_live) != (app.account_id, app.is_live):
            raise StripeKeyMismatch("that is the key of another account")
        at = engine.now()
        with engine.begin() as tx:
            tx.workspace.lock()
            before = installed(tx, app_id)
            after = replace(before, status="ready", masked_api_key=mask(api_key), missing=state.missing, updated_at=at)
            tx.payment_apps.save(after)
            tx.payment_apps.keep_secret(app_id, "api_key", api_key)
            tx.audit.record(actor, "app.rotate_key", app_id, at, before=before, after=after)
    return after


def installed(tx: UnitOfWork, app_id: str) -> PaymentApp:
    """Return an app that has not been uninstalled.

    Raises:
        NotFound: there is none.
    """
    app = tx.payment_apps.get(app_id)
    if app.deleted_at is not None:
        raise NotFound(f"the app {app_id[:64]!r} was uninstalled")
    return app
