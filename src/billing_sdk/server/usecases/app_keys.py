"""The keys that apps speak to their processors with, and what a server has to be given before it can link accounts."""

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


def platform_of(settings: Settings) -> tuple[Secret, str]:
    """Return what this server links other people's accounts with: the platform's key and its OAuth client id.

    Raises:
        GatewayNotConfigured: one of the two is missing.
    """
    key, client_id = settings.stripe_secret_key, settings.stripe_connect_client_id
    needed = {"KL_STRIPE_SECRET_KEY": key, "BILLING_SERVER_STRIPE_CONNECT_CLIENT_ID": client_id}
    missing = [name for name, value in needed.items() if value is None]
    if key is None or client_id is None:
        raise GatewayNotConfigured(
            "this server is not set up to connect accounts of Stripe",
            remedy=f"Set {' and '.join(missing)}, and start the server anew; or choose another gateway.",
        )
    return key, client_id
