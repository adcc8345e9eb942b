"""The keys that apps speak to their processors with."""

from __future__ import annotations

from billing_sdk._secret import Secret
from billing_sdk.errors import GatewayNotConfigured
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import UnitOfWork


def key_of_app(tx: UnitOfWork, settings: Settings, app: PaymentApp) -> Secret:
    """Return the key of an app: its own, or that of the settings.

    A connected account is spoken for with the platform's key, and named with each call; so there is one key to
    replace when it leaks.

    Raises:
        GatewayNotConfigured: there is none.
        StripeKeyMismatch: it is of the other environment.
    """
    key = tx.payment_apps.secret_of(app.id, "api_key") or settings.stripe_secret_key
    if key is None:
        raise GatewayNotConfigured(f"there is no key of Stripe for the app {app.id}")
    return key
